//! The proof that no variant of the client's errors lacks a row: the sources say which there are.

use std::collections::BTreeSet;
use std::fs;

use tests::process::workspace;

use crate::page;
use crate::row::{Peer, Row};

/// The enums: where they stand within [`ws_client::Error`], the file, the name.
const ENUMS: &[(&str, &str, &str)] = &[
    ("", "ws-client/src/ended.rs", "Error"),
    ("Connect", "ws-client/src/error.rs", "ConnectError"),
    ("Connect::Url", "ws-client/src/connect/url.rs", "UrlError"),
    ("Connect::Request", "ws-client/src/request/error.rs", "RequestError"),
    ("Connect::Dns", "ws-client/src/connect/dns.rs", "DnsError"),
    ("Connect::Tcp", "ws-client/src/connect/tcp.rs", "TcpError"),
    ("Connect::Unix", "ws-client/src/connect/unix.rs", "UnixError"),
    ("Connect::Redirect", "ws-client/src/connect/redirect.rs", "RedirectError"),
    ("Connect::Connector", "ws-client/src/connect/connector.rs", "ConnectorError"),
    ("Connect::Proxy", "ws-client/src/connect/proxy/error.rs", "ProxyError"),
    ("Connect::Tls", "ws-client/src/connect/tls/error.rs", "TlsError"),
    ("Connect::Credentials", "ws-client/src/credentials/error.rs", "CredentialsError"),
    ("Connect::Handshake", "ws-client/src/connect/handshake.rs", "HandshakeError"),
    ("Connect::Handshake::Response", "ws-core/src/handshake/verify.rs", "ResponseError"),
    ("Broken", "ws-core/src/net/error.rs", "Error"),
    ("Broken::Protocol", "ws-core/src/connection/error.rs", "ProtocolError"),
    ("Broken::Send", "ws-core/src/connection/error.rs", "SendError"),
];

/// Those that cannot be provoked in this program, and why.
const ELSEWHERE: &[(&str, &str)] = &[
    ("Connect::Url::TlsNotBuiltIn", "only of a build without the feature `tls`, whose unit tests show it"),
    (
        "Connect::Handshake::Response::Status",
        "only of `ws_core` alone: for the client, another status than 101 is a refusal or a redirection",
    ),
    ("Connect::Unix::TimedOut", "only where the system lets a Unix socket wait: Linux answers at once"),
    ("Connect::Tls::Failed", "only where this machine has no randomness, or no time of day"),
    ("Broken::Protocol::MaskMissing", "only of a server: a client's frames are masked, a server's are not"),
    ("Broken::Send::Unfinished", "only of `ws_core` alone: the client sends whole messages"),
    ("Broken::Send::Random", "only where the system has no randomness"),
];

/// The variants that `Debug` names, from the outermost on.
pub(crate) fn path(debug: &str) -> Vec<String> {
    let mut path = Vec::new();
    let mut rest = debug;
    loop {
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let place = path.join("::");
        if !ENUMS.iter().any(|(prefix, ..)| *prefix == place) {
            return path;
        }
        path.push(rest[..end].to_owned());
        match rest[end..].strip_prefix('(') {
            Some(inner) => rest = inner,
            None => return path,
        }
    }
}

/// Where a row stands in the table: in the order of the enums' variants.
pub(crate) fn rank(path: &[String]) -> Vec<usize> {
    let mut place = String::new();
    path.iter()
        .map(|variant| {
            let known = variants(&place).iter().position(|known| known == variant);
            place = if place.is_empty() { variant.clone() } else { format!("{place}::{variant}") };
            known.unwrap_or(usize::MAX)
        })
        .collect()
}

/// Each variant of the sources has a row: of this run, or, where a program has not run, on the page.
pub(crate) fn check(programs: &[Peer], rows: &[Row]) {
    let mut found: BTreeSet<String> =
        rows.iter().flat_map(|row| (1..=row.path.len()).map(|end| row.path[..end].join("::"))).collect();
    found.extend(page::variants_of_others(programs));
    let all: BTreeSet<String> = ENUMS
        .iter()
        .flat_map(|(prefix, ..)| {
            let name = |variant: &String| {
                if prefix.is_empty() { variant.clone() } else { format!("{prefix}::{variant}") }
            };
            variants(prefix).iter().map(name).collect::<Vec<_>>()
        })
        .collect();
    let elsewhere: BTreeSet<String> = ELSEWHERE.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert!(elsewhere.is_subset(&all), "no such variant: {:?}", elsewhere.difference(&all));
    assert!(found.is_disjoint(&elsewhere), "these can be provoked: {:?}", found.intersection(&elsewhere));
    let provoked: BTreeSet<String> = all.difference(&elsewhere).cloned().collect();
    let missing: Vec<_> = provoked.difference(&found).collect();
    assert!(missing.is_empty(), "variants without a row: {missing:#?}");
}

/// What stands on the page about those that no row shows.
pub(crate) fn elsewhere() -> impl Iterator<Item = (&'static str, &'static str)> {
    ELSEWHERE.iter().copied()
}

/// The variants of the enum that stands at this place, in the order of the sources.
fn variants(place: &str) -> Vec<String> {
    let Some((_, file, name)) = ENUMS.iter().find(|(prefix, ..)| *prefix == place) else { return Vec::new() };
    let source = fs::read_to_string(workspace().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
    let begin = format!("pub enum {name} {{\n");
    let (_, body) = source.split_once(&begin).unwrap_or_else(|| panic!("{file} has no enum {name}"));
    let (body, _) = body.split_once("\n}\n").unwrap();
    // A variant is what stands at the depth of one brace; rustfmt sees to that.
    let lines = body.lines().filter_map(|line| line.strip_prefix("    "));
    lines
        .filter(|line| line.starts_with(|c: char| c.is_ascii_uppercase()))
        .map(|line| line.chars().take_while(char::is_ascii_alphanumeric).collect())
        .collect()
}

#[test]
fn the_sources_and_the_debug_text_are_understood() {
    assert_eq!(variants("Connect::Dns"), ["NotFound", "Failed", "TimedOut"]);
    assert_eq!(path("Connect(Handshake(Write(Os { code: 32 })))"), ["Connect", "Handshake", "Write"]);
    assert_eq!(path("Connect(Refused(Refused { status: 4 }))"), ["Connect", "Refused"]);
    assert_eq!(path("Broken(Lost)"), ["Broken", "Lost"]);
    assert!(rank(&path("Connect(Dns(NotFound))")) < rank(&path("Connect(Tcp(Reset))")));
}
