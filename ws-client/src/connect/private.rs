//! What stays on this machine, so that credentials may go there without TLS.

use std::net::{IpAddr, Ipv6Addr};

use super::Host;

/// Whether `host` is this machine by its address, or by a name that can mean nothing else (RFC 6761 6.3: `localhost`,
/// and all names below it).
pub(crate) fn is_loopback(host: &Host) -> bool {
    match host {
        Host::Name(name) => is_localhost(name),
        Host::V4(address) => address.is_loopback(),
        Host::V6(address) => is_loopback_v6(address),
    }
}

/// Whether `address` is this machine: 127.0.0.0/8, `::1`, and the former written as IPv6.
pub(crate) fn is_loopback_address(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_loopback(),
        IpAddr::V6(address) => is_loopback_v6(&address),
    }
}

// RFC 6761 6.3.
pub(crate) fn is_localhost(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    let last = name.rsplit('.').next().unwrap_or(name);
    last.eq_ignore_ascii_case("localhost")
}

fn is_loopback_v6(address: &Ipv6Addr) -> bool {
    address.is_loopback() || address.to_ipv4_mapped().is_some_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connect::WsUrl;

    #[test]
    fn this_machine_and_no_other() {
        let loopback = |host: &str| is_loopback(WsUrl::parse(&format!("ws://{host}/")).expect(host).host());
        for host in ["127.0.0.1", "127.255.0.9", "[::1]", "[::ffff:127.0.0.1]", "localhost", "LOCALHOST."] {
            assert!(loopback(host), "{host}");
        }
        assert!(loopback("app.localhost"));
        for host in ["128.0.0.1", "0.0.0.0", "10.0.0.1", "[::2]", "[::]", "[::ffff:10.0.0.1]"] {
            assert!(!loopback(host), "{host}");
        }
        for name in ["localhost.example.com", "notlocalhost", "localhost.localdomain", "ip6-localhost"] {
            assert!(!loopback(name), "{name}");
        }
    }
}
