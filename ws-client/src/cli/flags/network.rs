//! The way to the server.

use std::net::{IpAddr, SocketAddr};
#[cfg(unix)]
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::Usage;
use crate::cli::duration;
use crate::{Builder, Timeouts};

#[derive(Args)]
#[command(next_help_heading = "Network")]
pub(super) struct NetworkFlags {
    /// Go through this proxy: http://, https://, socks5:// or socks5h://HOST:PORT.
    ///
    /// A user name and a password stand before the host, as in http://USER:PASSWORD@HOST:PORT. Without this flag the
    /// environment's proxies are used, as curl does: http_proxy, https_proxy, all_proxy, and no_proxy for exceptions;
    /// better put a password there, for everyone on this machine can see the command line.
    #[arg(long, value_name = "URL")]
    proxy: Option<String>,

    /// Use no proxy, whatever the environment says.
    #[arg(long, conflicts_with = "proxy")]
    no_proxy: bool,

    /// Take this address for a host in place of a lookup; may be repeated.
    #[arg(long, value_name = "HOST:ADDR")]
    resolve: Vec<String>,

    /// Connect to this Unix socket; the address is only named in the request.
    #[cfg(unix)]
    #[arg(long, value_name = "PATH", conflicts_with_all = ["proxy", "resolve"])]
    unix_socket: Option<PathBuf>,

    /// How long connecting may take in all, and each stage of it; 30s where it is not given, of which 10s for most stages.
    #[arg(long, value_name = "DURATION", value_parser = duration::at_least_a_millisecond)]
    timeout: Option<Duration>,
}

impl NetworkFlags {
    pub(super) fn apply(&self, mut builder: Builder) -> Result<Builder, Usage> {
        if let Some(total) = self.timeout {
            builder = builder.timeouts(all(total));
        }
        if let Some(url) = &self.proxy {
            builder = builder.proxy(url)?;
        }
        if self.no_proxy {
            builder = builder.no_proxy();
        }
        for (host, addresses) in resolved(&self.resolve)? {
            builder = builder.resolve(&host, addresses);
        }
        #[cfg(unix)]
        if let Some(path) = &self.unix_socket {
            builder = builder.unix_socket(path);
        }
        Ok(builder)
    }
}

/// Whoever names a time has that time for a server that is slow, at whichever stage.
fn all(total: Duration) -> Timeouts {
    Timeouts {
        dns: total,
        tcp: total,
        proxy: total,
        tls: total,
        credentials: total,
        handshake: total,
        total,
        ..Timeouts::default()
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
