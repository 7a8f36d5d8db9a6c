//! What it takes to reach a server and to be let in: the flags of every command.

use std::net::{IpAddr, SocketAddr};
#[cfg(unix)]
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use ws_core::deflate::DeflateConfig;
use zeroize::Zeroizing;

use super::duration;
use super::usage::Usage;
use crate::{Builder, Client};

/// The environment variable with a token.
const TOKEN: &str = "WS_TOKEN";
/// The environment variable with a user name and a password.
const BASIC: &str = "WS_BASIC";

#[derive(Args)]
pub(super) struct Access {
    /// Send a bearer token. Everyone on this machine can see the command line: better use --token-file, or the
    /// environment variable WS_TOKEN, which is read where no other credentials are given.
    #[arg(long, value_name = "T", help_heading = "Credentials")]
    token: Option<String>,

    /// Send a user name and a password. Everyone on this machine can see the command line: better use the environment
    /// variable WS_BASIC, which is read where no other credentials are given.
    #[arg(long, value_name = "USER:PASSWORD", conflicts_with = "token", help_heading = "Credentials")]
    basic: Option<String>,

    /// Send credentials over plain ws:// to other machines too, where everyone on the way can read them.
    #[arg(long, help_heading = "Credentials")]
    allow_credentials_in_clear: bool,

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

    /// Follow redirections, at most N of them (5 where none is given); credentials go to no other server.
    #[arg(
        long,
        value_name = "N",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "5",
        help_heading = "Network"
    )]
    follow_redirects: Option<usize>,

    /// Take this address for a host in place of a lookup; may be repeated.
    #[arg(long, value_name = "HOST:ADDR", help_heading = "Network")]
    resolve: Vec<String>,

    /// Connect to this Unix socket; the address is only named in the request.
    #[cfg(unix)]
    #[arg(long, value_name = "PATH", conflicts_with = "resolve", help_heading = "Network")]
    unix_socket: Option<PathBuf>,

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
        self.credentials(self.network(builder)?)
    }

    fn network(&self, mut builder: Builder) -> Result<Builder, Usage> {
        for (host, addresses) in resolved(&self.resolve)? {
            builder = builder.resolve(&host, addresses);
        }
        #[cfg(unix)]
        if let Some(path) = &self.unix_socket {
            builder = builder.unix_socket(path);
        }
        if let Some(most) = self.follow_redirects {
            builder = builder.follow_redirects(most);
        }
        if self.allow_credentials_in_clear {
            builder = builder.allow_credentials_in_clear();
        }
        Ok(builder)
    }

    fn credentials(&self, builder: Builder) -> Result<Builder, Usage> {
        if let Some(token) = &self.token {
            return builder.bearer_token(token).map_err(|source| Usage::Request { flag: "--token", source });
        }
        if let Some(pair) = &self.basic {
            return basic(builder, pair, "--basic");
        }
        if self.header.iter().any(|header| is_credential(header)) {
            return Ok(builder);
        }
        if let Some(token) = variable(TOKEN) {
            return builder.bearer_token(&token).map_err(|source| Usage::Request { flag: TOKEN, source });
        }
        match variable(BASIC) {
            Some(pair) => basic(builder, &pair, BASIC),
            None => Ok(builder),
        }
    }
}

fn basic(builder: Builder, pair: &str, flag: &'static str) -> Result<Builder, Usage> {
    let (user, password) = pair.split_once(':').ok_or(Usage::Basic { flag })?;
    builder.basic_auth(user, password).map_err(|source| Usage::Request { flag, source })
}

/// A variable of the environment, which is wiped with its last copy of ours.
fn variable(name: &str) -> Option<Zeroizing<String>> {
    std::env::var(name).ok().filter(|value| !value.is_empty()).map(Zeroizing::new)
}

fn is_credential(header: &str) -> bool {
    header.split_once(':').is_some_and(|(name, _)| name.trim().eq_ignore_ascii_case("Authorization"))
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

/// The addresses of each host, as `HOST:ADDRESS` or `HOST:ADDRESS:PORT`.
fn resolved(given: &[String]) -> Result<Vec<(String, Vec<SocketAddr>)>, Usage> {
    let mut hosts: Vec<(String, Vec<SocketAddr>)> = Vec::new();
    for given in given {
        let parsed = given.split_once(':').and_then(|(host, rest)| Some((host, address(rest)?)));
        let (host, address) = parsed
            .filter(|(host, _)| !host.is_empty())
            .ok_or_else(|| Usage::Resolve { given: given.clone() })?;
        match hosts.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(host)) {
            Some((_, addresses)) => addresses.push(address),
            None => hosts.push((host.to_owned(), vec![address])),
        }
    }
    Ok(hosts)
}

/// An address with or without a port; port 0 stands for the URL's.
fn address(text: &str) -> Option<SocketAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    match bare.parse::<IpAddr>() {
        Ok(address) => Some(SocketAddr::new(address, 0)),
        Err(_) => text.parse().ok(),
    }
}

/// Without values: any of them may be a secret.
impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Access").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Only {
        #[command(flatten)]
        access: Access,
    }

    fn access(flags: &[&str]) -> Access {
        Only::try_parse_from(std::iter::once(&"ws").chain(flags)).expect("valid flags").access
    }

    fn complaint(flags: &[&str]) -> String {
        access(flags).builder("ws://a.example").expect_err("bad usage").to_string()
    }

    #[test]
    fn what_is_wrong_names_the_flag_and_the_fix_and_no_secret() {
        for (flags, words) in [
            (["--header", "hunter2"], "--header: write it as 'Name: value'"),
            (["--header", "Origin: hunter2"], "--header Origin: use --origin"),
            (["--token", "hunter2 "], "--token: "),
            (["--basic", "hunter2"], "--basic: write it as USER:PASSWORD"),
            (["--origin", "a.example"], "--origin: "),
            (["--subprotocol", "a b"], "--subprotocol: "),
            (["--resolve", "a.example"], "--resolve \"a.example\": write it as HOST:ADDRESS"),
        ] {
            let complaint = complaint(&flags);
            assert!(complaint.contains(words) && !complaint.contains("hunter2"), "{complaint}");
        }
    }

    #[test]
    fn addresses_are_given_with_and_without_a_port() {
        let given = ["a:127.0.0.1", "A:127.0.0.2:81", "b:::1", "b:[::2]", "b:[::3]:82"].map(str::to_owned);
        let parsed = |text: &str| text.parse::<SocketAddr>().expect("an address");
        let expected = vec![
            ("a".to_owned(), vec![parsed("127.0.0.1:0"), parsed("127.0.0.2:81")]),
            ("b".to_owned(), vec![parsed("[::1]:0"), parsed("[::2]:0"), parsed("[::3]:82")]),
        ];
        assert_eq!(resolved(&given).expect("valid"), expected);
        for text in ["a", "a:", ":127.0.0.1", "a:b", "a:127.0.0.1:x"] {
            assert!(resolved(&[text.to_owned()]).is_err(), "{text}");
        }
    }

    #[test]
    fn no_debug_text_has_a_secret() {
        let access = access(&["--token", "hunter2", "--header", "X: hunter2"]);
        assert!(!format!("{access:?}").contains("hunter2"));
    }
}
