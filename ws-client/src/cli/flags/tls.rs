//! Whom to trust, and who to be, in TLS.

use std::path::PathBuf;

use clap::Args;

use super::Usage;
use crate::Builder;

#[derive(Args)]
#[command(next_help_heading = "TLS")]
pub(super) struct TlsFlags {
    /// Trust the certificates in this file too: authorities, or a server's own if self-signed.
    ///
    /// Where an authority has issued the server's certificate, it is the authority's that is wanted here.
    #[arg(long, value_name = "FILE")]
    ca: Vec<PathBuf>,

    /// Show this certificate (PEM) to servers that ask for one.
    #[arg(long, value_name = "FILE")]
    cert: Option<PathBuf>,

    /// The key of --cert (PEM), where it stands in a file of its own.
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,

    /// Take only a server with this key; may be repeated.
    ///
    /// It is the SHA-256 of the certificate's SubjectPublicKeyInfo, in base64.
    #[arg(long, value_name = "HASH")]
    pin: Vec<String>,

    /// Take every certificate, whoever it is from: for development only.
    ///
    /// Everybody on the way can read and change what is sent. Better is --ca with
    /// the certificate of the authority that issued the server's, or with the server's own where it is self-signed.
    #[arg(long)]
    pub(super) insecure: bool,
}

impl TlsFlags {
    pub(super) fn apply(&self, mut builder: Builder) -> Result<Builder, Usage> {
        for file in &self.ca {
            builder = builder
                .tls_root_certificates_file(file)
                .map_err(|source| Usage::Tls { flag: "--ca", source })?;
        }
        if let Some(certificate) = &self.cert {
            let key = self.key.as_ref().unwrap_or(certificate);
            builder = builder
                .tls_client_certificate_files(certificate, key)
                .map_err(|source| Usage::Tls { flag: "--cert, --key", source })?;
        }
        for pin in &self.pin {
            builder = builder.tls_pinned_key(pin).map_err(|source| Usage::Tls { flag: "--pin", source })?;
        }
        if self.insecure {
            builder = builder
                .dangerously_skip_certificate_verification()
                .map_err(|source| Usage::Tls { flag: "--insecure", source })?;
        }
        Ok(builder)
    }
}
