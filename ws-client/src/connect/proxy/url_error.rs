//! What can be wrong with the address of a proxy.

use thiserror::Error;
use url::ParseError;

/// Why a text is not the address of a proxy.
///
/// No variant repeats what may be a password.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ProxyUrlError {
    /// The text is empty.
    #[error("the proxy's URL is empty: write http://HOST:PORT")]
    Empty,
    /// A space or a control character stands in it.
    #[error(
        "the proxy's URL has a space or control character at byte {position}: write it as %20 and the like"
    )]
    ControlOrSpace {
        /// Where, in bytes from the start.
        position: usize,
    },
    /// What stands before `://` is no kind of proxy that is known here.
    #[error(
        "{scheme}:// is no kind of proxy that is known: write http://, https://, socks5:// or socks5h://"
    )]
    SchemeUnsupported {
        /// The scheme found; empty where it is none.
        scheme: String,
    },
    /// The scheme is `https`, and the feature `tls` is off.
    #[error("this program was built without TLS: switch on the feature `tls` of ws-client")]
    TlsNotBuiltIn,
    /// There is no host.
    #[error("the proxy's URL names no host: write http://HOST:PORT")]
    HostMissing,
    /// The host is neither a name nor an IP address.
    #[error("the proxy's host is not valid: {reason}; an IPv6 address stands in square brackets")]
    Host {
        /// What the URL standard finds wrong with it.
        reason: ParseError,
    },
    /// The port is not a number from 1 to 65535.
    #[error("the proxy's port is not a number from 1 to 65535")]
    Port,
    /// Something follows the port.
    #[error(
        "the proxy's URL goes on after the port: a proxy has no path (a / in a password is written as %2F)"
    )]
    Path,
    /// A `%` in the user name or password is not followed by two hexadecimal digits.
    #[error(
        "the user name or password of the proxy has a % without two hexadecimal digits: write % itself as %25"
    )]
    PercentEncoding,
    /// The user name or password, decoded, has a control character or is not UTF-8.
    #[error("the user name or password of the proxy has a control character, or is not UTF-8")]
    Userinfo,
    /// The user name has a colon, which separates it from the password (RFC 7617 2).
    #[error(
        "the proxy's user name has a colon, with which Basic authentication ends it: use another user name"
    )]
    UserColon,
    /// RFC 1929 2: user name and password have 1 to 255 bytes each.
    #[error(
        "a SOCKS proxy takes a user name and a password of 1 to 255 bytes each: write socks5://USER:PASSWORD@HOST"
    )]
    SocksCredentials,
}
