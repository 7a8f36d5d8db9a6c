//! Who somebody is, by a certificate of its own (mutual TLS).

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::parse_x509_certificate;

use super::{
    AuthenticationError, Authenticator, BoxFuture, CertificateFault, ClientCertificate, HandshakeContext,
    Identity, Scheme, distinguished_name,
};

/// Authenticates by the certificate that the client showed in the TLS handshake, which the listener has verified against
/// its [`client_ca`](crate::TlsFiles::client_ca).
///
/// Whoever shows none is refused with `client-certificate-required`, unless the route's next authenticator takes other
/// credentials; whoever shows one that does not do here, with `client-certificate-rejected`. The subject of the identity
/// is a name out of the certificate, its issuer the distinguished name of who issued it, the identifier of the credential
/// the serial number in hexadecimal digits, and it expires with the certificate.
///
/// ```
/// use ws_server::Route;
/// use ws_server::authenticate::{CertificateName, ClientCertificates};
///
/// let sensors = ClientCertificates::new()
///     .named_by(CertificateName::Dns)
///     .map(|certificate, identity| {
///         certificate.dns_names.iter().any(|name| name.ends_with(".sensors.example"))
///             .then(|| identity.with_roles(["sensor"]))
///     });
/// let route = Route::new(|_session| async {}).authenticate(sensors);
/// ```
#[derive(Clone)]
pub struct ClientCertificates {
    named_by: CertificateName,
    subjects: Option<Arc<HashSet<String>>>,
    map: Option<Map>,
}

type Map = Arc<dyn Fn(&CertificateDetails, Identity) -> Option<Identity> + Send + Sync>;

/// The name in a certificate that is the subject of the identity. Of several of a kind it is the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum CertificateName {
    /// The common name of the subject.
    #[default]
    CommonName,
    /// A DNS name among the alternative names (RFC 5280 4.2.1.6).
    Dns,
    /// A URI among the alternative names, such as `spiffe://example/ns/chat`.
    Uri,
    /// A mail address among the alternative names.
    Email,
    /// The whole distinguished name of the subject, as in `CN=ann, O=Example`: in the order of the certificate, with
    /// backslashes where a value has characters that mean something (RFC 4514 2.4).
    DistinguishedName,
}

/// What a client's certificate says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CertificateDetails {
    /// The common name of the subject.
    pub common_name: Option<String>,
    /// The distinguished name of the subject.
    pub subject: String,
    /// The distinguished name of the issuer.
    pub issuer: String,
    /// The serial number, in lower-case hexadecimal digits.
    pub serial: String,
    /// The DNS names among the alternative names.
    pub dns_names: Vec<String>,
    /// The URIs among the alternative names.
    pub uris: Vec<String>,
    /// The mail addresses among the alternative names.
    pub emails: Vec<String>,
    /// Until when it is valid.
    pub not_after: SystemTime,
}

impl Default for ClientCertificates {
    fn default() -> Self {
        Self::new()
    }
}

impl ClientCertificates {
    /// Lets in whoever shows a certificate that the listener trusts, by its common name.
    pub fn new() -> Self {
        Self { named_by: CertificateName::default(), subjects: None, map: None }
    }

    /// Takes another name for the subject of the identity. Who has none of that kind is rejected.
    #[must_use]
    pub fn named_by(mut self, name: CertificateName) -> Self {
        self.named_by = name;
        self
    }

    /// Lets in only holders of these names.
    #[must_use]
    pub fn subjects<S: Into<String>>(mut self, subjects: impl IntoIterator<Item = S>) -> Self {
        self.subjects = Some(Arc::new(subjects.into_iter().map(Into::into).collect()));
        self
    }

    /// Has `map` say more about somebody, roles for example, or let nobody in: `None`.
    #[must_use]
    pub fn map(
        mut self,
        map: impl Fn(&CertificateDetails, Identity) -> Option<Identity> + Send + Sync + 'static,
    ) -> Self {
        self.map = Some(Arc::new(map));
        self
    }

    fn identify(
        &self,
        certificate: Option<&ClientCertificate>,
        now: SystemTime,
    ) -> Result<Identity, AuthenticationError> {
        let certificate = certificate.ok_or(AuthenticationError::ClientCertificateRequired)?;
        let rejected = AuthenticationError::ClientCertificateRejected;
        let details = CertificateDetails::parse(certificate.end_entity()).map_err(rejected)?;
        // RFC 5280 4.1.2.5: the last moment is part of it.
        if details.not_after < now {
            return Err(rejected(CertificateFault::Expired));
        }
        let subject = details.name(self.named_by).ok_or(rejected(CertificateFault::Nameless))?;
        if self.subjects.as_ref().is_some_and(|subjects| !subjects.contains(subject)) {
            return Err(rejected(CertificateFault::UnknownHolder));
        }
        let identity = Identity::new(Scheme::ClientCertificate)
            .with_subject(subject)
            .with_issuer(&*details.issuer)
            .with_credential_id(&*details.serial)
            .with_expiry(details.not_after);
        match &self.map {
            None => Ok(identity),
            Some(map) => map(&details, identity).ok_or(rejected(CertificateFault::UnknownHolder)),
        }
    }
}

impl Authenticator for ClientCertificates {
    fn authenticate<'a>(
        &'a self,
        request: &'a HandshakeContext<'a>,
    ) -> BoxFuture<'a, Result<Identity, AuthenticationError>> {
        Box::pin(async { self.identify(request.client_certificate(), request.now()) })
    }
}

impl fmt::Debug for ClientCertificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCertificates")
            .field("named_by", &self.named_by)
            .field("subjects", &self.subjects)
            .finish_non_exhaustive()
    }
}

impl CertificateDetails {
    /// Reads a certificate in DER.
    fn parse(der: &[u8]) -> Result<Self, CertificateFault> {
        let (_, certificate) = parse_x509_certificate(der).map_err(|_| CertificateFault::Malformed)?;
        let names = alternative_names(&certificate)?;
        let of = |pick: fn(&GeneralName<'_>) -> Option<String>| names.iter().filter_map(pick).collect();
        let common_name = certificate.subject().iter_common_name().next();
        let seconds = certificate.validity().not_after.timestamp();
        Ok(Self {
            common_name: common_name.and_then(|name| name.as_str().ok()).map(str::to_owned),
            subject: distinguished_name::text_of(certificate.subject())?,
            issuer: distinguished_name::text_of(certificate.issuer())?,
            serial: hexadecimal(certificate.raw_serial()),
            dns_names: of(
                |name| if let GeneralName::DNSName(name) = name { Some((*name).into()) } else { None },
            ),
            uris: of(|name| if let GeneralName::URI(name) = name { Some((*name).into()) } else { None }),
            emails: of(
                |name| if let GeneralName::RFC822Name(name) = name { Some((*name).into()) } else { None },
            ),
            not_after: UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds).unwrap_or_default()),
        })
    }

    /// The first name of this kind, if it is not empty.
    fn name(&self, kind: CertificateName) -> Option<&str> {
        let name = match kind {
            CertificateName::CommonName => self.common_name.as_deref(),
            CertificateName::Dns => self.dns_names.first().map(String::as_str),
            CertificateName::Uri => self.uris.first().map(String::as_str),
            CertificateName::Email => self.emails.first().map(String::as_str),
            CertificateName::DistinguishedName => Some(&*self.subject),
        };
        name.filter(|name| !name.is_empty())
    }
}

fn alternative_names<'a>(
    certificate: &'a X509Certificate<'_>,
) -> Result<&'a [GeneralName<'a>], CertificateFault> {
    let extension = certificate.subject_alternative_name().map_err(|_| CertificateFault::Malformed)?;
    Ok(extension.map_or(&[], |extension| &extension.value.general_names))
}

/// Without the zero byte that keeps a number positive (RFC 5280 4.1.2.2).
fn hexadecimal(serial: &[u8]) -> String {
    let serial = serial.strip_prefix(&[0]).filter(|rest| !rest.is_empty()).unwrap_or(serial);
    serial.iter().fold(String::with_capacity(2 * serial.len()), |text, byte| text + &format!("{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use rcgen::string::Ia5String;
    use rcgen::{CertificateParams, DnType, KeyPair, SanType, SerialNumber};

    use super::*;

    const NOW: u64 = 1_764_000_000;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn certificate(change: impl FnOnce(&mut CertificateParams)) -> ClientCertificate {
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "ann");
        params.distinguished_name.push(DnType::OrganizationName, "Example");
        params.serial_number = Some(SerialNumber::from_slice(&[0xa1, 0, 0x2b]));
        params.not_after = rcgen::date_time_ymd(2026, 1, 1);
        change(&mut params);
        let signed = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        ClientCertificate::new([signed.der().to_vec()])
    }

    fn identify(
        authenticator: &ClientCertificates,
        certificate: &ClientCertificate,
    ) -> Result<Identity, AuthenticationError> {
        authenticator.identify(Some(certificate), at(NOW))
    }

    #[test]
    fn a_certificate_becomes_an_identity() {
        let identity = identify(&ClientCertificates::new(), &certificate(|_| {})).unwrap();
        assert_eq!(identity.scheme(), &Scheme::ClientCertificate);
        assert_eq!(identity.subject(), Some("ann"));
        assert_eq!(identity.issuer(), Some("CN=ann, O=Example"));
        assert_eq!(identity.credential_id(), Some("a1002b"));
        assert_eq!(identity.expires(), Some(at(1_767_225_600)));
    }

    #[test]
    fn the_name_can_be_chosen() {
        let named = certificate(|params| {
            let text = |text: &str| Ia5String::try_from(text).unwrap();
            params.subject_alt_names = vec![
                SanType::Rfc822Name(text("ann@example.com")),
                SanType::URI(text("spiffe://example/ann")),
                SanType::DnsName(text("a.example")),
                SanType::DnsName(text("b.example")),
            ];
        });
        for (name, subject) in [
            (CertificateName::CommonName, "ann"),
            (CertificateName::Dns, "a.example"),
            (CertificateName::Uri, "spiffe://example/ann"),
            (CertificateName::Email, "ann@example.com"),
            (CertificateName::DistinguishedName, "CN=ann, O=Example"),
        ] {
            let authenticator = ClientCertificates::new().named_by(name);
            assert_eq!(identify(&authenticator, &named).unwrap().subject(), Some(subject));
            if !matches!(name, CertificateName::CommonName | CertificateName::DistinguishedName) {
                let nameless = identify(&authenticator, &certificate(|_| {})).unwrap_err();
                assert_eq!(
                    nameless,
                    AuthenticationError::ClientCertificateRejected(CertificateFault::Nameless)
                );
            }
        }
    }

    #[test]
    fn who_is_let_in_can_be_limited() {
        let unknown = Err(AuthenticationError::ClientCertificateRejected(CertificateFault::UnknownHolder));
        let (ann, bob) = (
            certificate(|_| {}),
            certificate(|params| {
                params.distinguished_name.push(DnType::CommonName, "bob");
            }),
        );
        let listed = ClientCertificates::new().subjects(["ann"]);
        assert_eq!(identify(&listed, &ann).unwrap().subject(), Some("ann"));
        assert_eq!(identify(&listed, &bob), unknown);
        let mapped = ClientCertificates::new().map(|certificate, identity| {
            (certificate.serial == "a1002b" && identity.subject() == Some("bob"))
                .then(|| identity.with_roles(["admin"]))
        });
        assert!(identify(&mapped, &bob).unwrap().has_role("admin"));
        assert_eq!(identify(&mapped, &ann), unknown);
    }

    #[test]
    fn what_does_not_do_has_a_cause() {
        let authenticator = ClientCertificates::new();
        assert_eq!(
            authenticator.identify(None, at(NOW)),
            Err(AuthenticationError::ClientCertificateRequired)
        );
        let rejected =
            |certificate: &ClientCertificate, now| match authenticator.identify(Some(certificate), now) {
                Err(AuthenticationError::ClientCertificateRejected(fault)) => fault,
                other => panic!("{other:?}"),
            };
        let ann = certificate(|_| {});
        assert!(authenticator.identify(Some(&ann), at(1_767_225_600)).is_ok());
        assert_eq!(rejected(&ann, at(1_767_225_601)), CertificateFault::Expired);
        assert_eq!(
            rejected(&ClientCertificate::new([b"junk".to_vec()]), at(NOW)),
            CertificateFault::Malformed
        );
        assert_eq!(rejected(&ClientCertificate::new([[]; 0]), at(NOW)), CertificateFault::Malformed);
        let empty = certificate(|params| {
            params.distinguished_name = rcgen::DistinguishedName::new();
        });
        assert_eq!(rejected(&empty, at(NOW)), CertificateFault::Nameless);
    }
}
