//! What the request says.

use clap::Args;
use ws_core::deflate::DeflateConfig;

use super::Usage;
use crate::Builder;

#[derive(Args)]
#[command(next_help_heading = "Request")]
pub(super) struct RequestFlags {
    /// Add a header, such as 'Cookie: session=…'; may be repeated.
    #[arg(long, value_name = "NAME: VALUE")]
    header: Vec<String>,

    /// Send Origin, as a browser would: <https://app.example.com>.
    #[arg(long, value_name = "ORIGIN")]
    origin: Option<String>,

    /// Offer a subprotocol, the preferred one first; may be repeated.
    #[arg(long, value_name = "NAME")]
    subprotocol: Vec<String>,

    /// Offer compression (permessage-deflate).
    #[arg(long)]
    compression: bool,

    /// Follow redirections, at most N of them [5].
    ///
    /// Credentials go to no other server.
    #[arg(long, value_name = "N", num_args = 0..=1, require_equals = true, default_missing_value = "5")]
    follow_redirects: Option<usize>,
}

impl RequestFlags {
    pub(super) fn apply(&self, mut builder: Builder) -> Result<Builder, Usage> {
        for header in &self.header {
            let (name, value) = header.split_once(':').ok_or(Usage::Header)?;
            if let Some(flag) = flag_of(name.trim()) {
                return Err(Usage::FlagOfItsOwn { name: name.trim().to_owned(), flag });
            }
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
        if let Some(most) = self.follow_redirects {
            builder = builder.follow_redirects(most);
        }
        Ok(builder)
    }

    /// Whether a header says who the caller is, in the place of a token.
    pub(super) fn has_authorization(&self) -> bool {
        let is_authorization = |name: &str| name.trim().eq_ignore_ascii_case("Authorization");
        self.header
            .iter()
            .any(|header| header.split_once(':').is_some_and(|(name, _)| is_authorization(name)))
    }
}

/// The flag for a header that the client sets itself.
fn flag_of(name: &str) -> Option<&'static str> {
    match name.to_ascii_lowercase().as_str() {
        "origin" => Some("--origin"),
        "sec-websocket-protocol" => Some("--subprotocol"),
        "sec-websocket-extensions" => Some("--compression"),
        _ => None,
    }
}
