//! What may be wrong with what the caller gives for TLS.

use std::path::PathBuf;
use std::{fmt, io};

use thiserror::Error;

/// Why a setting of TLS cannot be used: which input is wrong, and what helps.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TlsConfigError {
    /// A file cannot be read.
    #[error("cannot read {}: check the path, and that this user may read the file", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The input is not valid PEM (RFC 7468).
    #[error("{input} is not valid PEM: a block has no end, or is not base64")]
    Pem {
        /// Which input.
        input: TlsInput,
    },
    /// There is no certificate in it.
    #[error(
        "{input} holds no certificate: a block BEGIN CERTIFICATE (PEM) or one certificate in DER is needed"
    )]
    NoCertificate {
        /// Which input.
        input: TlsInput,
    },
    /// A certificate in it cannot be parsed.
    #[error("certificate {nth} in {input} is not valid X.509: {reason}")]
    Certificate {
        /// Which input.
        input: TlsInput,
        /// Which of its certificates, from 1.
        nth: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// There is no private key in it.
    #[error("{input} holds no private key: a block BEGIN PRIVATE KEY is needed")]
    NoKey {
        /// Which input.
        input: TlsInput,
    },
    /// The private key is protected by a password.
    #[error("the private key in {input} is encrypted: decrypt it with `openssl pkey -in FILE -out NEW_FILE`")]
    KeyEncrypted {
        /// Which input.
        input: TlsInput,
    },
    /// The private key is damaged, or of a kind that is not supported.
    #[error(
        "the private key in {input} cannot be used: it has to be RSA of 2048 bits or more, ECDSA on P-256 or P-384, or \
         Ed25519"
    )]
    Key {
        /// Which input.
        input: TlsInput,
    },
    /// The private key belongs to another certificate.
    #[error(
        "the private key in {key} does not belong to the first certificate in {certificate}: give the key that the \
         certificate was requested with, and the client's own certificate first"
    )]
    KeyMismatch {
        /// Where the certificate is.
        certificate: TlsInput,
        /// Where the key is.
        key: TlsInput,
    },
    /// There is no revocation list in it.
    #[error("{input} holds no revocation list: a block BEGIN X509 CRL (PEM) or one list in DER is needed")]
    NoRevocationList {
        /// Which input.
        input: TlsInput,
    },
    /// A revocation list cannot be used.
    #[error("revocation list {nth} in {input} cannot be used: {reason}")]
    RevocationList {
        /// Which input.
        input: TlsInput,
        /// Which of its lists, from 1.
        nth: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// A pin is not the SHA-256 of a key.
    #[error(
        "the pin is not the SHA-256 of a public key in base64 (44 characters, with or without sha256// before them): \
         `openssl x509 -in CERTIFICATE -pubkey -noout | openssl pkey -pubin -outform DER | openssl sha256 -binary | \
         base64` makes one"
    )]
    Pin,
    /// The name for the server is neither a DNS name nor an IP address.
    #[error("the server name {name:?} is neither a DNS name nor an IP address")]
    ServerName {
        /// The name as it was given.
        name: String,
    },
    /// A setting meets a configuration of rustls that the caller has made: one of them would not have an effect.
    #[error("{setting} and tls_config exclude each other: put it into that configuration of rustls")]
    BesideOwnConfig {
        /// The method of [`Builder`](crate::Builder).
        setting: &'static str,
    },
}

/// Where certificates, keys and revocation lists come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsInput {
    /// From memory.
    Bytes,
    /// From a file.
    File(PathBuf),
}

impl fmt::Display for TlsInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes => f.write_str("what was given"),
            Self::File(file) => write!(f, "{}", file.display()),
        }
    }
}
