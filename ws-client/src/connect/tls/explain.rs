//! What an error of rustls means.

use std::fmt::Debug;
use std::io;
use std::time::SystemTime;

use rustls::pki_types::UnixTime;
use rustls::{CertRevocationListError, CertificateError, Error, InvalidMessage, PeerIncompatible};

use super::alert;
use super::certificate::{Facts, bounded, moment};
use super::error::TlsError;
use super::version::TlsVersion;
use super::witness::{Asked, Witness};

/// What a handshake was about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scene<'a> {
    /// The name asked for.
    pub(super) name: &'a str,
    /// The oldest version that would do.
    pub(super) oldest: TlsVersion,
    pub(super) asked: Asked,
}

/// What rustls said, where it was rustls.
pub(super) fn by_rustls(error: &io::Error) -> Option<&Error> {
    error.get_ref()?.downcast_ref()
}

/// The error of a handshake.
pub(super) fn broken(error: io::Error, scene: &Scene<'_>, witness: &Witness) -> TlsError {
    if witness.is_not_tls() {
        return TlsError::NotTls;
    }
    if let Some(said) = by_rustls(&error) {
        return said_by_rustls(said, scene, witness);
    }
    match error.kind() {
        // A server that closes before it has read everything resets.
        io::ErrorKind::UnexpectedEof
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe => TlsError::Closed,
        _ => TlsError::Io(error),
    }
}

/// What rustls said.
pub(super) fn said_by_rustls(error: &Error, scene: &Scene<'_>, witness: &Witness) -> TlsError {
    match error {
        Error::InvalidCertificate(error) => certificate(error, scene, witness),
        Error::InvalidCertRevocationList(error) => {
            TlsError::RevocationUnknown { reason: revocation_list(error) }
        }
        Error::NoCertificatesPresented => TlsError::CertificateInvalid { reason: "it sent none".to_owned() },
        Error::AlertReceived(alert) => alert::explained(*alert, scene),
        Error::PeerIncompatible(
            PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
        )
        | Error::InvalidMessage(InvalidMessage::UnknownProtocolVersion) => {
            TlsError::VersionUnsupported { oldest: scene.oldest }
        }
        Error::PeerIncompatible(why) => TlsError::NothingInCommon { reason: words(why) },
        Error::NoApplicationProtocol => {
            TlsError::NothingInCommon { reason: "no application protocol in common".to_owned() }
        }
        Error::InappropriateMessage { .. }
        | Error::InappropriateHandshakeMessage { .. }
        | Error::InvalidEncryptedClientHello(_)
        | Error::InvalidMessage(_)
        | Error::PeerMisbehaved(_)
        | Error::PeerSentOversizedRecord
        | Error::DecryptError => TlsError::Protocol(error.clone().into()),
        // Randomness, the clock, and what should not be.
        error => TlsError::Failed(error.clone().into()),
    }
}

/// Why the server's certificate was refused.
fn certificate(error: &CertificateError, scene: &Scene<'_>, witness: &Witness) -> TlsError {
    if let Some(pin) = witness.unpinned {
        return TlsError::PinMismatch { found: pin.to_base64() };
    }
    let chain: Vec<Facts> = witness.chain.iter().filter_map(Facts::of).collect();
    match error {
        CertificateError::Expired => expired(None, &chain),
        CertificateError::ExpiredContext { not_after, .. } => expired(Some(*not_after), &chain),
        CertificateError::NotValidYet => not_yet_valid(None, &chain),
        CertificateError::NotValidYetContext { not_before, .. } => not_yet_valid(Some(*not_before), &chain),
        CertificateError::Revoked => TlsError::Revoked,
        CertificateError::UnknownIssuer => unknown_issuer(&chain),
        // An authority's own certificate cannot be that of a server; with most tools nobody means it to be one.
        CertificateError::Other(_) if is_self_signed(&chain) => TlsError::SelfSigned,
        CertificateError::Other(_) if chain.first().is_some_and(|own| own.authority) => {
            invalid("it is one of an authority, and no server's")
        }
        CertificateError::UnknownRevocationStatus => unknown("no revocation list given speaks of its issuer"),
        CertificateError::ExpiredRevocationList | CertificateError::ExpiredRevocationListContext { .. } => {
            unknown("the revocation list of its issuer has expired: fetch a new one")
        }
        CertificateError::NotValidForName => name_mismatch(scene, Vec::new(), &chain),
        CertificateError::NotValidForNameContext { presented, .. } => {
            let presented = presented.iter().take(16).map(|name| bounded(unwrapped(name))).collect();
            name_mismatch(scene, presented, &chain)
        }
        CertificateError::BadEncoding => invalid("it is not well-formed X.509"),
        CertificateError::BadSignature => {
            invalid("a signature in its chain, or of the handshake, does not verify")
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            invalid("it is not for servers: its extended key usage has no serverAuth")
        }
        CertificateError::UnhandledCriticalExtension => invalid("a critical extension of it is unknown here"),
        CertificateError::UnsupportedSignatureAlgorithmContext { .. }
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            invalid("it is signed in a way that is not safe any more, or not known here")
        }
        other => TlsError::CertificateInvalid { reason: bounded(&other.to_string()) },
    }
}

fn expired(at: Option<UnixTime>, chain: &[Facts]) -> TlsError {
    let (at, subject) = whose(at, chain, |facts| facts.not_after);
    TlsError::Expired { not_after: at, subject }
}

fn not_yet_valid(at: Option<UnixTime>, chain: &[Facts]) -> TlsError {
    let (at, subject) = whose(at, chain, |facts| facts.not_before);
    TlsError::NotYetValid { not_before: at, subject }
}

/// Whose time it is among the chain: the server's own where nothing else is known.
fn whose(
    at: Option<UnixTime>,
    chain: &[Facts],
    time: impl Fn(&Facts) -> i64,
) -> (Option<SystemTime>, String) {
    let time = |facts: &Facts| u64::try_from(time(facts)).unwrap_or_default();
    let at = at.map(|at| at.as_secs()).or_else(|| chain.first().map(time));
    let found = chain.iter().find(|facts| Some(time(facts)) == at).or(chain.first());
    (at.and_then(moment), found.map_or_else(String::new, |facts| facts.subject.clone()))
}

fn unknown_issuer(chain: &[Facts]) -> TlsError {
    if is_self_signed(chain) {
        return TlsError::SelfSigned;
    }
    let issuer = chain.last().map_or_else(|| "which is not known".to_owned(), |last| last.issuer.clone());
    TlsError::UnknownIssuer { issuer }
}

/// The server has sent nothing but one certificate, which names itself as its issuer.
fn is_self_signed(chain: &[Facts]) -> bool {
    chain.first().is_some_and(|own| own.self_issued && chain.iter().all(|other| other == own))
}

fn name_mismatch(scene: &Scene<'_>, presented: Vec<String>, chain: &[Facts]) -> TlsError {
    let presented = chain.first().map_or(presented, |own| own.names.clone());
    TlsError::NameMismatch { name: scene.name.to_owned(), presented }
}

/// rustls writes `DnsName("example.com")`.
fn unwrapped(name: &str) -> &str {
    let inner = name.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
    inner.unwrap_or(name).trim_matches('"')
}

fn invalid(reason: &str) -> TlsError {
    TlsError::CertificateInvalid { reason: reason.to_owned() }
}

fn unknown(reason: &str) -> TlsError {
    TlsError::RevocationUnknown { reason: reason.to_owned() }
}

fn revocation_list(error: &CertRevocationListError) -> String {
    match error {
        CertRevocationListError::BadSignature | CertRevocationListError::IssuerInvalidForCrl => {
            "the revocation list is not signed by the certificate's issuer".to_owned()
        }
        error => format!("the revocation list cannot be used ({})", words(error)),
    }
}

/// `NoCipherSuitesInCommon` as words.
fn words(name: &impl Debug) -> String {
    let mut words = String::new();
    for c in bounded(&format!("{name:?}")).chars() {
        if c.is_ascii_uppercase() && words.ends_with(|before: char| before.is_ascii_lowercase()) {
            words.push(' ');
        }
        words.push(c.to_ascii_lowercase());
    }
    words
}
