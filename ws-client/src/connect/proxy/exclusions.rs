//! `NO_PROXY`: the servers to which no proxy leads.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::connect::Host;

/// A list as it stands in `NO_PROXY`, separated by commas or spaces. An entry is a name, which stands for all names
/// below it as well (with or without `.` or `*.` before it), an IP address, a network in CIDR notation, or `*` for all;
/// a name or an address may have a port.
#[derive(Clone, Debug, Default)]
pub(super) struct Exclusions(Vec<Entry>);

#[derive(Clone, Debug)]
enum Entry {
    All,
    Network(IpNet),
    Address(IpAddr, Option<u16>),
    Name(String, Option<u16>),
}

impl Exclusions {
    /// What cannot be understood excludes nothing.
    pub(super) fn parse(list: &str) -> Self {
        Self(list.split(|c: char| c == ',' || c.is_whitespace()).filter_map(Entry::parse).collect())
    }

    pub(super) fn contain(&self, host: &Host, port: u16) -> bool {
        self.0.iter().any(|entry| entry.contains(host, port))
    }
}

impl Entry {
    fn parse(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self::All);
        }
        if let Ok(network) = text.parse() {
            return Some(Self::Network(network));
        }
        if let Ok(address) = text.parse() {
            return Some(Self::Address(address, None));
        }
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, Some(port.parse().ok()?)),
            _ => (text, None),
        };
        let host = host.strip_prefix("*.").or(host.strip_prefix('.')).unwrap_or(host);
        match url::Host::parse(host.strip_suffix('.').unwrap_or(host)).ok()? {
            url::Host::Domain(name) => Some(Self::Name(name, port)),
            url::Host::Ipv4(address) => Some(Self::Address(address.into(), port)),
            url::Host::Ipv6(address) => Some(Self::Address(address.into(), port)),
        }
    }

    fn contains(&self, host: &Host, port: u16) -> bool {
        let address = match host {
            Host::Name(_) => None,
            Host::V4(address) => Some(IpAddr::from(*address)),
            Host::V6(address) => Some(IpAddr::from(*address)),
        };
        let is_port = |expected: &Option<u16>| expected.is_none_or(|expected| expected == port);
        match (self, host) {
            (Self::All, _) => true,
            (Self::Network(network), _) => address.is_some_and(|address| network.contains(&address)),
            (Self::Address(expected, port), _) => address == Some(*expected) && is_port(port),
            (Self::Name(expected, port), Host::Name(name)) => is_below(name, expected) && is_port(port),
            (Self::Name(..), _) => false,
        }
    }
}

/// Whether `name` is `domain`, or a name below it.
fn is_below(name: &str, domain: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    let rest = name
        .len()
        .checked_sub(domain.len())
        .and_then(|at| name.is_char_boundary(at).then(|| name.split_at(at)));
    rest.is_some_and(|(before, end)| {
        end.eq_ignore_ascii_case(domain) && (before.is_empty() || before.ends_with('.'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connect::WsUrl;

    fn excluded(list: &str, url: &str) -> bool {
        let url = WsUrl::parse(&format!("ws://{url}/")).expect(url);
        Exclusions::parse(list).contain(url.host(), url.port())
    }

    #[test]
    fn names_and_what_is_below_them() {
        for entry in [
            "example.com",
            ".example.com",
            "*.example.com",
            "EXAMPLE.com.",
            "a, example.com",
            "a example.com",
        ] {
            for host in ["example.com", "a.example.com", "a.b.EXAMPLE.com:81", "example.com."] {
                assert!(excluded(entry, host), "{entry} {host}");
            }
            for host in ["notexample.com", "example.com.evil", "com", "1.2.3.4"] {
                assert!(!excluded(entry, host), "{entry} {host}");
            }
        }
        assert!(excluded("bücher.example", "bücher.example"));
        assert!(excluded("*", "example.com") && excluded("*", "1.2.3.4") && excluded("x,*", "[::1]"));
        assert!(
            !excluded("", "example.com")
                && !excluded(",, ,", "example.com")
                && !excluded("e*e.com", "example.com")
        );
    }

    #[test]
    fn addresses_and_networks() {
        for (entry, inside, outside) in [
            ("10.0.0.7", "10.0.0.7", "10.0.0.8"),
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.1"),
            ("2001:db8::1", "[2001:db8::1]", "[2001:db8::2]"),
            ("[2001:db8::1]", "[2001:db8::1]:81", "[2001:db8::2]:81"),
            ("2001:db8::/32", "[2001:db8:1::]", "[2001:db9::]"),
            ("0.0.0.0/0", "192.0.2.1", "[2001:db8::1]"),
            // A name is not resolved for this.
            ("10.0.0.0/8", "10.0.0.1", "ten.example"),
        ] {
            assert!(excluded(entry, inside) && !excluded(entry, outside), "{entry}");
        }
    }

    #[test]
    fn ports() {
        for (entry, inside, outside) in [
            ("example.com:81", "a.example.com:81", "a.example.com:82"),
            ("10.0.0.7:80", "10.0.0.7", "10.0.0.7:81"),
            ("[2001:db8::1]:81", "[2001:db8::1]:81", "[2001:db8::1]"),
        ] {
            assert!(excluded(entry, inside) && !excluded(entry, outside), "{entry}");
        }
        assert!(!excluded("example.com:port", "example.com"));
    }
}
