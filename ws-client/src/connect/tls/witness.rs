//! What was seen in a handshake, beside what rustls says of its end.
//!
//! All connections of a client share one configuration, and sessions are resumed only with the very same verifier. So
//! what these see of one connection is noted in the task that makes it.

use std::cell::RefCell;
use std::sync::Arc;

use rustls::SignatureScheme;
use rustls::client::ResolvesClientCert;
use rustls::pki_types::CertificateDer;
use rustls::sign::CertifiedKey;

use super::pin::Pin;

tokio::task_local! {
    static WITNESS: RefCell<Witness>;
}

/// Bytes that tell whether the other side speaks TLS: a record's type and its version.
const BEGINNING: usize = 2;

#[derive(Clone, Debug, Default)]
pub(super) struct Witness {
    /// The first bytes that came.
    pub(super) beginning: Vec<u8>,
    /// The chain that was refused, the server's own certificate first.
    pub(super) chain: Vec<CertificateDer<'static>>,
    /// The key that is not pinned.
    pub(super) unpinned: Option<Pin>,
    pub(super) asked: Asked,
}

/// Whether the server asked for a client certificate, and what it got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Asked {
    #[default]
    No,
    /// There is none.
    HadNone,
    /// The server takes no signature that its key can make.
    Unsuited,
    Sent,
}

impl Witness {
    /// Runs a handshake, and gives what was seen in it.
    pub(super) async fn of<F: Future>(handshake: F) -> (F::Output, Self) {
        let seen = async { (handshake.await, WITNESS.with(RefCell::take)) };
        WITNESS.scope(RefCell::default(), seen).await
    }

    /// Notes what is seen, in a handshake that has a witness.
    fn note(note: impl FnOnce(&mut Self)) {
        let _ = WITNESS.try_with(|witness| note(&mut witness.borrow_mut()));
    }

    pub(super) fn came(bytes: &[u8]) {
        Self::note(|witness| {
            let missing = BEGINNING.saturating_sub(witness.beginning.len());
            witness.beginning.extend(bytes.iter().take(missing));
        });
    }

    pub(super) fn refused(certificate: &CertificateDer<'_>, others: &[CertificateDer<'_>]) {
        let chain = std::iter::once(certificate).chain(others);
        Self::note(|witness| witness.chain = chain.map(|one| one.clone().into_owned()).collect());
    }

    pub(super) fn unpinned(pin: Pin) {
        Self::note(|witness| witness.unpinned = Some(pin));
    }

    /// Whether something came that no TLS connection begins with.
    pub(super) fn is_not_tls(&self) -> bool {
        // RFC 8446 5.1: a type, from change_cipher_spec(20) to application_data(23), and a version that begins with 3.
        match self.beginning.as_slice() {
            [] => false,
            [kind, version @ ..] => {
                !(20..=23).contains(kind) || version.first().is_some_and(|&major| major != 3)
            }
        }
    }
}

/// The client's certificate, for servers that ask for one.
#[derive(Debug)]
pub(super) struct Identity(pub(super) Option<Arc<CertifiedKey>>);

impl ResolvesClientCert for Identity {
    fn resolve(&self, _: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let suited = self.0.as_ref().filter(|own| own.key.choose_scheme(schemes).is_some());
        let asked = match (&self.0, suited) {
            (None, _) => Asked::HadNone,
            (Some(_), None) => Asked::Unsuited,
            (Some(_), Some(_)) => Asked::Sent,
        };
        Witness::note(|witness| witness.asked = asked);
        suited.cloned()
    }

    fn has_certs(&self) -> bool {
        self.0.is_some()
    }
}
