//! Why there is no TLS connection.

use std::error::Error as StdError;
use std::io;
use std::time::{Duration, SystemTime};

use thiserror::Error;

/// Why the TLS handshake failed: each way in which a certificate is wrong by its name.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TlsError {
    /// What listens there does not speak TLS.
    #[error("this port does not speak TLS: write ws:// in place of wss://, or connect to the port with TLS")]
    NotTls,
    /// The server's certificate has expired.
    #[error(
        "the server's certificate has expired: its operator has to renew it (or this machine's clock is wrong)"
    )]
    Expired {
        /// The end of its validity.
        not_after: Option<SystemTime>,
    },
    /// The server's certificate is not valid yet.
    #[error(
        "the server's certificate is not valid yet: check this machine's clock, then ask the server's operator"
    )]
    NotYetValid {
        /// The beginning of its validity.
        not_before: Option<SystemTime>,
    },
    /// The server's certificate is for other names.
    #[error(
        "the server's certificate is not for {name} but for {}: connect by a name that it has",
        list(presented)
    )]
    NameMismatch {
        /// The name connected to.
        name: String,
        /// The names in the certificate.
        presented: Vec<String>,
    },
    /// The certificate is signed by itself, and not among the roots.
    #[error("the server's certificate is signed by nobody but itself: add it as a root if you trust it")]
    SelfSigned,
    /// The certificate comes from an authority that is not among the roots, or the chain to one is incomplete.
    #[error(
        "no root that is trusted has issued the server's certificate ({issuer}): add the authority as a root, or have the server send its intermediate certificates"
    )]
    UnknownIssuer {
        /// The issuer named in the last certificate of the chain that the server sent.
        issuer: String,
    },
    /// The certificate has been revoked.
    #[error("the server's certificate has been revoked: its operator has to replace it")]
    Revoked,
    /// The revocation list does not say whether the certificate is revoked, or has itself expired.
    #[error("whether the server's certificate is revoked cannot be told: {reason}")]
    RevocationUnknown {
        /// What is missing.
        reason: String,
    },
    /// The chain is valid, but none of its keys is one of those pinned.
    #[error(
        "the server's key is not one of those pinned: the server has a new certificate (update the pins), or somebody is in between"
    )]
    PinMismatch {
        /// The pins of the chain that the server sent: SHA-256 of each `SubjectPublicKeyInfo`, in base64.
        found: Vec<String>,
    },
    /// The certificate is faulty in another way: its form, its signature, its purpose.
    #[error("the server's certificate is not valid: {reason}")]
    CertificateInvalid {
        /// What is wrong with it.
        reason: String,
    },
    /// There is no version of TLS that both sides speak; this client speaks 1.2 and 1.3.
    #[error(
        "the server speaks no version of TLS that is still safe (1.2 or 1.3): its operator has to update it"
    )]
    VersionUnsupported,
    /// There is no cipher suite, group or signature scheme that both sides speak.
    #[error("the server and this client have no way of encryption in common: {reason}")]
    NothingInCommon {
        /// What is missing.
        reason: String,
    },
    /// The server does not know the name that it was asked for (RFC 6066 3).
    #[error("the server has no certificate for the name {name}: check the host")]
    NameUnknown {
        /// The name sent.
        name: String,
    },
    /// The server lets nobody in without a client certificate, and none was sent.
    #[error("the server wants a client certificate: configure one")]
    ClientCertificateRequired,
    /// The server does not accept the client certificate.
    #[error("the server does not accept this client's certificate: {alert}")]
    ClientCertificateRejected {
        /// What the server's alert says (RFC 8446 6.2).
        alert: String,
    },
    /// The server broke the handshake off with another alert.
    #[error("the server broke the TLS handshake off: {alert}")]
    Alert {
        /// What the alert says (RFC 8446 6.2).
        alert: String,
    },
    /// The handshake was not done in time.
    #[error("the TLS handshake was not done within {after:?}: does this port speak TLS?")]
    TimedOut {
        /// The time it was given.
        after: Duration,
    },
    /// The connection ended within the handshake.
    #[error(
        "the connection was closed in the TLS handshake: does this port speak TLS, does it let this address in?"
    )]
    Closed,
    /// The connection broke within the handshake.
    #[error("the connection broke in the TLS handshake")]
    Io(#[source] io::Error),
    /// The system has no root certificates that can be read, and the caller gave none.
    #[error(
        "this machine has no root certificates: install them (the package ca-certificates), or give your own"
    )]
    NoRoots,
    /// The other side broke the rules of TLS.
    #[error("the server broke the rules of TLS")]
    Protocol(#[source] Box<dyn StdError + Send + Sync>),
}

fn list(names: &[String]) -> String {
    if names.is_empty() { "no name at all".to_owned() } else { names.join(", ") }
}
