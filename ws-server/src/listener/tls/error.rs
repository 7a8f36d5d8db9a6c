use std::io;
use std::path::PathBuf;

/// Why TLS cannot be spoken: which file is wrong, and what helps.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read {file}: {source}; check the path, and that the server's user may read the file", file = file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A file is no PEM (RFC 7468): a block has no end, or is not base64.
    #[error("{file} is not valid PEM: a block has no end, or is not base64", file = file.display())]
    Pem {
        /// The file.
        file: PathBuf,
    },
    /// A file has no certificate.
    #[error(
        "{file} holds no certificate: it has to have a block BEGIN CERTIFICATE, the server's own first, then those that \
         it was issued by", file = file.display()
    )]
    NoCertificate {
        /// The file.
        file: PathBuf,
    },
    /// A certificate cannot be parsed.
    #[error("a certificate in {file} is not valid X.509", file = file.display())]
    Certificate {
        /// The file.
        file: PathBuf,
    },
    /// A file has no private key.
    #[error("{file} holds no private key: it has to have a block BEGIN PRIVATE KEY", file = file.display())]
    NoKey {
        /// The file.
        file: PathBuf,
    },
    /// The private key is protected by a password, which nobody would be there to type.
    #[error("the private key in {file} is encrypted: decrypt it with `openssl pkey -in FILE -out NEW_FILE`", file = file.display())]
    KeyEncrypted {
        /// The file.
        file: PathBuf,
    },
    /// The private key is damaged, or of a kind that is not supported.
    #[error(
        "the private key in {file} cannot be used: it has to be RSA of 2048 bits or more, ECDSA on P-256 or P-384, or \
         Ed25519", file = file.display()
    )]
    Key {
        /// The file.
        file: PathBuf,
    },
    /// The private key belongs to another certificate.
    #[error(
        "the private key in {key} does not belong to the first certificate in {certificate}: give the key that the \
         certificate was requested with", key = key.display(), certificate = certificate.display()
    )]
    KeyMismatch {
        /// The file of the certificate.
        certificate: PathBuf,
        /// The file of the key.
        key: PathBuf,
    },
    /// A certificate is for a name that no client could ask for.
    #[error("the name {name:?} of a certificate is neither a DNS name nor one that begins with `*.`")]
    ServerName {
        /// The name as it was given.
        name: String,
    },
    /// Two certificates are for the same name.
    #[error("the name {name:?} has two certificates")]
    ServerNameRepeated {
        /// The name.
        name: String,
    },
}
