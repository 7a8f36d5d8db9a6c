//! SOCKS5 proxies (RFC 1928), with a user name and a password where they are given (RFC 1929).

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_socks::tcp::Socks5Stream;
use tokio_socks::{Error, IntoTargetAddr, TargetAddr};

use super::{ProxyError, ProxyUrl};

/// Where a SOCKS proxy is asked to connect to.
pub(super) enum Target<'a> {
    /// An address, which was resolved here.
    Address(SocketAddr),
    /// A name, which the proxy resolves.
    Name(&'a str, u16),
}

/// Has `proxy`, at the other end of `stream`, connect to `target`; `shown` is what errors call that. Not cancel safe.
pub(super) async fn connect(
    stream: TcpStream,
    proxy: &ProxyUrl,
    target: Target<'_>,
    shown: &str,
    within: Duration,
) -> Result<TcpStream, ProxyError> {
    let target: TargetAddr<'_> = match target {
        Target::Address(address) => TargetAddr::Ip(address),
        // RFC 1928 5: a name has one byte for its length.
        Target::Name(name, port) => (name, port).into_target_addr().map_err(|_| ProxyError::Refused {
            proxy: proxy.to_string(),
            target: shown.to_owned(),
            status: None,
            reason: "SOCKS5 has no room for a name of more than 255 bytes".to_owned(),
        })?,
    };
    let talk = async {
        match &proxy.credentials {
            Some(pair) => {
                Socks5Stream::connect_with_password_and_socket(stream, target, &pair.user, &pair.password)
                    .await
            }
            None => Socks5Stream::connect_with_socket(stream, target).await,
        }
    };
    match timeout(within, talk).await {
        Ok(Ok(stream)) => Ok(stream.into_inner()),
        Ok(Err(error)) => Err(typed(error, proxy, shown)),
        Err(_) => Err(ProxyError::TimedOut { proxy: proxy.to_string(), after: within }),
    }
}

// RFC 1928 3, 6; RFC 1929 2.
fn typed(error: Error, proxy: &ProxyUrl, target: &str) -> ProxyError {
    let (at, target) = (proxy.to_string(), target.to_owned());
    let unreachable = |reason: &str| (true, reason.to_owned());
    let (tried, reason) = match error {
        Error::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            return ProxyError::Closed { proxy: at };
        }
        Error::Io(source) => return ProxyError::Io { proxy: at, source },
        Error::NoAcceptableAuthMethods | Error::AuthorizationRequired | Error::PasswordAuthFailure(_) => {
            let sent = proxy.credentials.is_some();
            return ProxyError::Authentication { proxy: at, sent, schemes: Vec::new() };
        }
        Error::GeneralSocksServerFailure => unreachable("general failure"),
        Error::NetworkUnreachable => unreachable("network unreachable"),
        Error::HostUnreachable => unreachable("host unreachable"),
        Error::ConnectionRefused => unreachable("connection refused"),
        Error::TtlExpired => unreachable("the time to live of its packets expired"),
        Error::ConnectionNotAllowedByRuleset => (false, "its rules do not allow it".to_owned()),
        Error::CommandNotSupported => (false, "it makes no connections at all".to_owned()),
        Error::AddressTypeNotSupported => (
            false,
            "it does not take this type of address: try socks5h:// in place of socks5://, or the reverse"
                .to_owned(),
        ),
        _ => return ProxyError::NotAProxy { proxy: at },
    };
    let status = None;
    if tried {
        ProxyError::TargetUnreachable { proxy: at, target, status, reason }
    } else {
        ProxyError::Refused { proxy: at, target, status, reason }
    }
}
