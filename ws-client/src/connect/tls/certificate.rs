//! What a certificate says, for the texts of errors: printable, and of bounded length.

use std::net::IpAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustls::pki_types::CertificateDer;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::parse_x509_certificate;

use crate::refused::Printable;

/// How many of a certificate's names are told.
const NAMES: usize = 16;
/// How many characters of a text are told.
const LENGTH: usize = 200;

/// What a certificate says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Facts {
    /// For whom it is: a distinguished name.
    pub(super) subject: String,
    /// Who has issued it: a distinguished name.
    pub(super) issuer: String,
    /// Subject and issuer are the same.
    pub(super) self_issued: bool,
    /// It is one of an authority.
    pub(super) authority: bool,
    /// The names that it is for (RFC 5280 4.2.1.6).
    pub(super) names: Vec<String>,
    /// The times of its validity, in seconds since 1970.
    pub(super) not_before: i64,
    pub(super) not_after: i64,
}

impl Facts {
    /// `None` where nobody can parse it.
    pub(super) fn of(certificate: &CertificateDer<'_>) -> Option<Self> {
        let (_, parsed) = parse_x509_certificate(certificate).ok()?;
        Some(Self {
            subject: bounded(&parsed.subject().to_string()),
            issuer: bounded(&parsed.issuer().to_string()),
            self_issued: parsed.subject().as_raw() == parsed.issuer().as_raw(),
            authority: parsed.is_ca(),
            names: names(&parsed),
            not_before: parsed.validity().not_before.timestamp(),
            not_after: parsed.validity().not_after.timestamp(),
        })
    }
}

fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(extension)) = certificate.subject_alternative_name() else { return Vec::new() };
    let all = &extension.value.general_names;
    let mut names: Vec<_> = all.iter().take(NAMES).map(name).collect();
    if all.len() > NAMES {
        names.push(format!("{} more", all.len() - NAMES));
    }
    names
}

fn name(name: &GeneralName<'_>) -> String {
    match name {
        GeneralName::DNSName(name) => bounded(name),
        GeneralName::IPAddress(bytes) => address(bytes)
            .map_or_else(|| "an IP address of a wrong length".to_owned(), |address| address.to_string()),
        other => bounded(&other.to_string()),
    }
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = || <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    let v6 = || <[u8; 16]>::try_from(bytes).map(IpAddr::from);
    v4().or_else(|_| v6()).ok()
}

/// A stranger's text, printable and of bounded length.
pub(super) fn bounded(text: &str) -> String {
    let start: String = text.chars().take(LENGTH).collect();
    let end = if start.len() < text.len() { "…" } else { "" };
    format!("{}{end}", Printable(&start))
}

/// A moment given in seconds since 1970.
pub(super) fn moment(seconds: u64) -> Option<SystemTime> {
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}
