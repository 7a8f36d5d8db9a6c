//! Networks of addresses, and what one address counts as.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net};

/// Why a text names no network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{network:?} is not a network: write an address (192.0.2.1), or one with a prefix (192.0.2.0/24, 2001:db8::/32)"
)]
pub struct NetworkError {
    /// The text as it was given.
    pub network: String,
}

/// A set of networks. To ask it takes logarithmic time, however long the list was.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Networks {
    /// Disjoint, in ascending order.
    networks: Vec<IpNet>,
}

impl Networks {
    /// Reads networks in CIDR notation (RFC 4632 3.1, RFC 4291 2.3). An address stands for itself; bits behind the
    /// prefix mean nothing. IPv4 that is written as IPv6 is IPv4.
    pub(crate) fn parse<S: AsRef<str>>(texts: impl IntoIterator<Item = S>) -> Result<Self, NetworkError> {
        let read = |text: S| network(text.as_ref());
        let networks = texts.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
        // Sorted and merged: no network of the result lies in another.
        Ok(Self { networks: IpNet::aggregate(&networks) })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.networks.is_empty()
    }

    /// The network of the set that the address lies in. IPv4 that is written as IPv6 is IPv4 (RFC 4291 2.5.5.2).
    pub(crate) fn find(&self, address: IpAddr) -> Option<IpNet> {
        let address = address.to_canonical();
        // Only the last network that begins at or before the address can hold it, for they are disjoint.
        let after = self.networks.partition_point(|network| network.network() <= address);
        let network = self.networks.get(after.checked_sub(1)?)?;
        network.contains(&address).then_some(*network)
    }

    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        self.find(address).is_some()
    }
}

impl fmt::Debug for Networks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.networks).finish()
    }
}

/// The address that a peer is counted under: an IPv4 address whichever way it is written, and the /64 of an IPv6
/// address, of which one subscriber has them all (RFC 6177).
pub(crate) fn counted_as(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

fn network(text: &str) -> Result<IpNet, NetworkError> {
    let error = || NetworkError { network: text.to_owned() };
    let network = match text.parse::<IpAddr>() {
        Ok(address) => IpNet::from(address),
        Err(_) => text.parse::<IpNet>().map_err(|_| error())?,
    };
    Ok(canonical(network).trunc())
}

/// The network of IPv4 that a network of mapped addresses (`::ffff:0:0/96`) is.
fn canonical(network: IpNet) -> IpNet {
    let (IpAddr::V4(address), Some(prefix)) =
        (network.addr().to_canonical(), network.prefix_len().checked_sub(96))
    else {
        return network;
    };
    Ipv4Net::new(address, prefix).map_or(network, IpNet::V4)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn an_address_lies_in_a_network_or_not() {
        let networks =
            Networks::parse(["192.0.2.128/25", "10.1.2.3/8", "2001:db8::/32", "198.51.100.7"]).unwrap();
        for inside in ["192.0.2.128", "192.0.2.255", "10.255.0.1", "2001:db8:ffff::1", "198.51.100.7"] {
            assert!(networks.contains(ip(inside)), "{inside}");
        }
        for outside in
            ["192.0.2.127", "192.0.3.0", "11.0.0.0", "9.255.255.255", "2001:db9::", "198.51.100.8", "::"]
        {
            assert!(!networks.contains(ip(outside)), "{outside}");
        }
        assert_eq!(networks.find(ip("10.9.9.9")).unwrap().to_string(), "10.0.0.0/8");
    }

    /// A socket that listens on `::` tells IPv4 peers as mapped addresses: a rule for IPv4 holds for them, whichever
    /// way it is written, and one for IPv6 does not.
    #[test]
    fn ipv4_written_as_ipv6_is_ipv4() {
        let v4 = Networks::parse(["192.0.2.0/24"]).unwrap();
        assert!(v4.contains(ip("::ffff:192.0.2.9")));
        let mapped = Networks::parse(["::ffff:192.0.2.0/120", "::ffff:198.51.100.1"]).unwrap();
        assert!(mapped.contains(ip("192.0.2.9")) && mapped.contains(ip("::ffff:192.0.2.9")));
        assert!(mapped.contains(ip("198.51.100.1")) && !mapped.contains(ip("192.0.3.9")));
        let v6 = Networks::parse(["::/0"]).unwrap();
        assert!(v6.contains(ip("2001:db8::1")) && !v6.contains(ip("::ffff:192.0.2.9")));
        let all = Networks::parse(["::ffff:0:0/96"]).unwrap();
        assert!(all.contains(ip("203.0.113.1")) && !all.contains(ip("2001:db8::1")));
    }

    #[test]
    fn what_is_no_network_is_named() {
        for text in
            ["", "192.0.2", "192.0.2.0/33", "2001:db8::/129", "example.com", "192.0.2.0/", "10.0.0.0/8 "]
        {
            let error = Networks::parse(["10.0.0.0/8", text]).unwrap_err();
            assert_eq!(error.network, text);
        }
    }

    #[test]
    fn one_network_of_ipv6_and_one_address_of_ipv4_count_as_one() {
        let of = |text: &str| counted_as(ip(text));
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
    }

    fn some_network() -> impl Strategy<Value = IpNet> {
        prop_oneof![
            // Few bits that differ, so that networks meet.
            (0_u32..64, 24_u8..=32).prop_map(|(last, prefix)| IpNet::V4(Ipv4Net::new_assert(
                (0x0a00_0000 + last * 4).into(),
                prefix
            ))),
            (any::<u32>(), 0_u8..=32)
                .prop_map(|(bits, prefix)| IpNet::V4(Ipv4Net::new_assert(bits.into(), prefix))),
            (0_u128..64, 120_u8..=128)
                .prop_map(|(last, prefix)| IpNet::V6(ipnet::Ipv6Net::new_assert(last.into(), prefix))),
        ]
    }

    fn some_address() -> impl Strategy<Value = IpAddr> {
        prop_oneof![
            (0_u32..256).prop_map(|last| IpAddr::V4((0x0a00_0000 + last).into())),
            any::<u32>().prop_map(|bits| IpAddr::V4(bits.into())),
            (0_u128..256).prop_map(|last| IpAddr::V6(last.into())),
        ]
    }

    proptest! {
        /// The oracle looks at one network after another, as they were given.
        #[test]
        fn the_search_finds_what_a_walk_finds(
            networks in proptest::collection::vec(some_network(), 0..12),
            address in some_address(),
        ) {
            let set = Networks::parse(networks.iter().map(ToString::to_string)).unwrap();
            prop_assert_eq!(set.contains(address), networks.iter().any(|network| network.contains(&address.to_canonical())));
        }
    }
}
