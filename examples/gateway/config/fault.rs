//! What can be wrong with a file. Each text says what to write instead.

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::assemble::FileFault;
use crate::upstream::CaError;

/// One kind of mistake.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    // The file itself.
    #[error("cannot be read: {0}; correct the path, or let this user read it")]
    Unreadable(io::Error),
    #[error("is not UTF-8 at byte {0}; save it as UTF-8")]
    NotUtf8(usize),
    #[error("is not TOML: {0}; correct the line (texts stand in quotes)")]
    Syntax(String),

    // Keys.
    #[error("no such key; did you mean `{0}`?")]
    Misspelt(String),
    #[error("no such key here; it belongs into [{0}]")]
    Misplaced(&'static str),
    #[error("no such key; there are {}", Names(.0))]
    Unknown(&'static [&'static str]),
    #[error("is missing; add `{example}`")]
    Missing { example: &'static str },

    // Values.
    #[error("expected {expected}, found {found}; write {example}")]
    Type { expected: &'static str, found: &'static str, example: &'static str },
    #[error("{found:?} is not one of {}{}", Names(.choices), DidYouMean(*.nearest))]
    Choice { found: String, choices: &'static [&'static str], nearest: Option<&'static str> },
    #[error("must not be empty; {0}")]
    Empty(&'static str),
    #[error("{found} is too small; write {least} or more")]
    TooSmall { found: i128, least: u64 },
    #[error("{found} is too large; write {most} or less")]
    TooLarge { found: String, most: u64 },
    #[error(
        "{0:?} is not a duration; write a number and a unit (ms, s, m, h), for example \"10s\" or \"500ms\""
    )]
    Duration(String),
    #[error("nothing happens in no time; write more than zero, for example {0:?}")]
    ZeroDuration(&'static str),
    #[error("{0:?} is not a rate; write NUMBER/DURATION, for example \"20/1s\"")]
    Rate(String),
    #[error("{0:?} is a rate over more than a day; write one for a shorter time, for example \"20/1s\"")]
    LongRate(String),
    #[error("a rate of {0:?} lets nobody through; write at least one for a time above zero, \"1/1s\"")]
    ZeroRate(String),
    #[error(
        "{0:?} is not a network; write ADDRESS/PREFIX, for example \"10.0.0.0/8\", or one address, \"10.1.2.3\""
    )]
    Network(String),
    #[error(
        "{given:?} is an address inside a network; write the network, \"{network}\", or only the address"
    )]
    NetworkBits { given: String, network: ipnet::IpNet },
    #[error("{0:?} is not an address to listen on; write HOST:PORT, for example \"127.0.0.1:9443\"")]
    Listen(String),
    #[error("{given:?} is not a URL: {source}; write {example:?}")]
    Url { given: String, source: url::ParseError, example: &'static str },
    #[error("the URL has the scheme {scheme:?}, which is not one of {}", Names(.schemes))]
    Scheme { scheme: String, schemes: &'static [&'static str] },
    #[error("the URL holds a user or a password, which would stand in logs; {0}")]
    UserInfo(&'static str),
    #[error("the URL has a fragment (#…), which is never sent; remove it")]
    Fragment,
    #[error("{0}")]
    Upstream(ws_client::UrlError),
    #[error("the upstream has a query, to which that of each client would be added; remove it")]
    UpstreamQuery,
    #[error("{0:?} is not \"echo\" and not a ws:// or wss:// URL; write one of these")]
    UpstreamForm(String),
    #[error(
        "{0:?} is no place of a token; write \"header\", \"query:NAME\", \"cookie:NAME\", \"subprotocol\" or \"first-message\""
    )]
    TokenPlace(String),
    #[error("{given:?} cannot be the name of a {what}; use letters, digits, '-' and '_'")]
    Name { given: String, what: &'static str },
    #[error(
        "{given:?} is not an origin: {source}; write it as browsers do, for example \"https://app.example.com\""
    )]
    Origin { given: String, source: ws_server::gate::OriginPatternError },
    #[error("{0:?} is not a host; write HOST or HOST:PORT, for example \"chat.example.com\"")]
    Host(String),
    #[error("{0:?} is not a subprotocol; use letters, digits, dots and hyphens, for example \"chat.v1\"")]
    Subprotocol(String),
    #[error("{0:?} stands here twice; once is enough")]
    Repeated(String),
    #[error(
        "is not the SHA-256 of a key; write 64 lower-case hexadecimal digits (`printf %s KEY | sha256sum`)"
    )]
    Sha256,

    // What does not fit together.
    #[error("`{0}` authenticates here, and there is no section [{1}]; add it, or remove `{0}`")]
    AuthenticatorMissing(&'static str, &'static str),
    #[error("`{0}` authorizes here, and there is no section [{0}]; add it, or remove `{0}`")]
    AuthorizerMissing(&'static str),
    #[error("`client-certificate` needs TLS with `client_ca`; add `client_ca` to [tls], or remove it here")]
    ClientCertificateWithoutCa,
    #[error("needs `client_ca`, by which certificates are judged; add it, or remove this key")]
    DemandWithoutCa,
    #[error("no source of keys; add one of {}", Names(.0))]
    KeySourceMissing(&'static [&'static str]),
    #[error("a second source of keys beside `{0}`; keep one of them")]
    KeySourceRepeated(&'static str),
    #[error("{algorithm} does not work with {source_key}; write one of {}", Names(.fitting))]
    AlgorithmUnfit { algorithm: String, source_key: &'static str, fitting: &'static [&'static str] },
    #[error("one secret or public key is for one algorithm; write the one that it is for, such as [{0:?}]")]
    OneAlgorithm(&'static str),
    #[error("`none` lets everybody in, so that nothing after it is asked; put it last")]
    NoneNotLast,
    #[error(
        "`none` lets everybody in, so that nobody waits for the first message; remove it, or \"first-message\" from `from`"
    )]
    NoneBesideFirstMessage,
    #[error(
        "only an authenticated caller has {0}, and this route authenticates by `none` alone; remove them, or authenticate"
    )]
    NobodyHas(&'static str),
    #[error(
        "a subprotocol is required, and there are none; add `subprotocols = [\"…\"]`, or remove this key"
    )]
    SubprotocolsMissing,
    #[error(
        "no credential of this route can be presented again; add `bearer` or `introspection` to `authenticate`, or write \"off\""
    )]
    RenewalWithoutToken,
    #[error("the same path as the route in line {0}; give each route its own path")]
    RouteRepeated(usize),
    #[error("there is no route, so that everybody would be refused; add a [[route]]")]
    NoRoute,
    #[error("only a trusted proxy may say who the client is; add its address to `trusted_proxies`")]
    ProxyProtocolWithoutProxies,
    #[error("the built-in echo has no use for it; remove it, or set `upstream` to a URL")]
    EchoHasNo,
    #[error("the admin pages would share the address of the gateway; give them a port of their own")]
    AdminIsListen,

    // What the framework says about it.
    #[error("cannot be listened on: {0}; choose another address, or end who has it")]
    Address(io::Error),
    #[error("{0}; correct it")]
    Build(#[from] ws_server::BuildError),
    #[error("{0}; write the address of whom to ask, \"http://127.0.0.1:8080/\"")]
    Endpoint(ws_server::fetch::EndpointError),

    // What the files hold that are named here.
    #[error("{} cannot be read: {error}; correct the path, or let this user read the file", .path.display())]
    FileUnreadable { path: PathBuf, error: io::Error },
    #[error("{}: {fault}", .path.display())]
    File { path: PathBuf, fault: Box<FileFault> },
    #[error("{0}")]
    Tls(Box<ws_server::TlsError>),
    #[error("the authorities of the system cannot be used: {0}; name a file with `ca_file` in [upstream]")]
    Authorities(CaError),
}

/// `a`, `b` and `c`.
struct Names<'a>(&'a [&'a str]);

impl fmt::Display for Names<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, name) in self.0.iter().enumerate() {
            match position {
                0 => {}
                last if last + 1 == self.0.len() => f.write_str(" and ")?,
                _ => f.write_str(", ")?,
            }
            write!(f, "`{name}`")?;
        }
        Ok(())
    }
}

struct DidYouMean(Option<&'static str>);

impl fmt::Display for DidYouMean {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |nearest| write!(f, "; did you mean `{nearest}`?"))
    }
}
