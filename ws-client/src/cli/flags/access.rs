//! All groups together.

use clap::Args;

use super::Usage;
use super::credentials::CredentialFlags;
use super::network::NetworkFlags;
use super::request::RequestFlags;
use super::tls::TlsFlags;
use crate::{Builder, Client};

#[derive(Args)]
pub(in crate::cli) struct Access {
    #[command(flatten)]
    credentials: CredentialFlags,
    #[command(flatten)]
    request: RequestFlags,
    #[command(flatten)]
    network: NetworkFlags,
    #[command(flatten)]
    tls: TlsFlags,
}

impl Access {
    /// The builder of a client that does what the flags say. It reads the files that they name.
    pub(in crate::cli) fn builder(&self, url: &str) -> Result<Builder, Usage> {
        let builder = self.request.apply(Client::builder(url)?)?;
        let builder = self.network.apply(builder)?;
        let builder = self.tls.apply(builder)?;
        self.credentials.apply(builder, self.request.has_authorization())
    }

    /// Whether nobody makes sure that the server is the one that was meant.
    pub(in crate::cli) fn is_insecure(&self) -> bool {
        self.tls.insecure
    }
}

/// Without values: any of them may be a secret.
impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Access").finish_non_exhaustive()
    }
}
