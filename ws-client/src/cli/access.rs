//! What it takes to reach a server and to be let in: the flags of every command.

use std::time::Duration;

use clap::Args;
use ws_core::deflate::DeflateConfig;

use super::duration;
use super::usage::Usage;
use crate::{Builder, Client};

/// The environment variable with a token.
const TOKEN: &str = "WS_TOKEN";

#[derive(Args)]
pub(super) struct Access {
    /// Send a bearer token. Everyone on this machine can see the command line: better use --token-file, or the
    /// environment variable WS_TOKEN, which is read where no other credentials are given.
    #[arg(long, value_name = "T", help_heading = "Credentials")]
    token: Option<String>,

    /// Add a header, such as 'Cookie: session=…'; may be repeated.
    #[arg(long, value_name = "NAME: VALUE", help_heading = "Request")]
    header: Vec<String>,

    /// Send Origin, as a browser would: https://app.example.com.
    #[arg(long, value_name = "O", help_heading = "Request")]
    origin: Option<String>,

    /// Offer a subprotocol, the preferred one first; may be repeated.
    #[arg(long, value_name = "P", help_heading = "Request")]
    subprotocol: Vec<String>,

    /// Offer compression (permessage-deflate).
    #[arg(long, help_heading = "Request")]
    compression: bool,

    /// How long connecting may take in all.
    #[arg(
        long,
        value_name = "DURATION",
        value_parser = duration::at_least_a_millisecond,
        default_value = "30s",
        help_heading = "Network"
    )]
    timeout: Duration,
}

impl Access {
    /// The builder of a client that does what the flags say.
    pub(super) fn builder(&self, url: &str) -> Result<Builder, Usage> {
        let mut builder = Client::builder(url)?.timeout(self.timeout);
        for header in &self.header {
            let (name, value) = header.split_once(':').ok_or(Usage::Header)?;
            builder = builder
                .header(name.trim(), value.trim())
                .map_err(|source| Usage::Request { flag: "--header", source })?;
        }
        if let Some(origin) = &self.origin {
            builder = builder.origin(origin).map_err(|source| Usage::Request { flag: "--origin", source })?;
        }
        builder = builder
            .subprotocols(&self.subprotocol)
            .map_err(|source| Usage::Request { flag: "--subprotocol", source })?;
        if self.compression {
            builder = builder.compression(DeflateConfig::default());
        }
        self.credentials(builder)
    }

    fn credentials(&self, builder: Builder) -> Result<Builder, Usage> {
        if let Some(token) = &self.token {
            return builder.bearer_token(token).map_err(|source| Usage::Request { flag: "--token", source });
        }
        match std::env::var(TOKEN) {
            Ok(token) if !token.is_empty() => {
                builder.bearer_token(&token).map_err(|source| Usage::Request { flag: TOKEN, source })
            }
            _ => Ok(builder),
        }
    }
}

/// Without values: any of them may be a secret.
impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Access").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}
