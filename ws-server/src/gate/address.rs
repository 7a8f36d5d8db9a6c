use std::net::IpAddr;

use ws_core::refusal::{Cause, Refusal};

use super::{check::Check, facts::Facts, trace::Trace};
use crate::networks::{NetworkError, Networks};

/// Which addresses may connect: those that are not denied and, where some are allowed by name, only these.
///
/// A network is written as an address with a prefix (RFC 4632 3.1, RFC 4291 2.3), or as an address alone. An IPv4
/// address is the same whether it is written as such or as IPv6 (`::ffff:192.0.2.1`).
///
/// ```
/// use ws_server::gate::AddressPolicy;
///
/// let policy = AddressPolicy::new().allow(["10.0.0.0/8", "2001:db8::/32"])?.deny(["10.66.0.0/16"])?;
/// assert!(policy.permits("10.1.2.3".parse()?));
/// assert!(!policy.permits("10.66.2.3".parse()?));
/// assert!(!policy.permits("192.0.2.1".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddressPolicy {
    allow: Networks,
    deny: Networks,
}

impl AddressPolicy {
    /// Every address may connect.
    pub fn new() -> Self {
        Self::default()
    }

    /// Only addresses of these networks may connect, as far as they are not denied. An empty list allows all.
    ///
    /// # Errors
    /// One of the texts is not a network.
    pub fn allow<S: AsRef<str>>(
        mut self,
        networks: impl IntoIterator<Item = S>,
    ) -> Result<Self, NetworkError> {
        self.allow = Networks::parse(networks)?;
        Ok(self)
    }

    /// Addresses of these networks may not connect, even where they are allowed as well.
    ///
    /// # Errors
    /// One of the texts is not a network.
    pub fn deny<S: AsRef<str>>(
        mut self,
        networks: impl IntoIterator<Item = S>,
    ) -> Result<Self, NetworkError> {
        self.deny = Networks::parse(networks)?;
        Ok(self)
    }

    /// Whether the address may connect.
    pub fn permits(&self, address: IpAddr) -> bool {
        !self.deny.contains(address) && (self.allow.is_empty() || self.allow.contains(address))
    }

    fn is_open(&self) -> bool {
        self.allow.is_empty() && self.deny.is_empty()
    }
}

/// The client's own address, whoever forwarded the request.
pub(super) fn check(facts: &Facts, policy: &AddressPolicy, trace: &mut Trace) -> Result<(), Refusal> {
    if policy.is_open() {
        trace.skip(Check::Address);
        return Ok(());
    }
    let address = facts.peer.ip().to_canonical();
    if policy.permits(address) {
        trace.pass(Check::Address);
        return Ok(());
    }
    trace.refuse(Check::Address, Cause::AddressDenied);
    let detail = match policy.deny.find(address) {
        Some(network) => format!("{address} is of the denied network {network}"),
        None => format!("{address} is of none of the allowed networks"),
    };
    trace.compared(detail.clone());
    Err(Refusal::new(Cause::AddressDenied).detail(detail))
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::gate::Outcome;

    fn ask(policy: &AddressPolicy, peer: &str) -> (Option<Outcome>, String) {
        let mut trace = Trace::default();
        let facts = Facts::new((peer.parse::<IpAddr>().unwrap(), 4711).into(), SystemTime::UNIX_EPOCH);
        let detail = check(&facts, policy, &mut trace)
            .map_or_else(|refusal| refusal.detail.into(), |()| String::new());
        (trace.outcome(Check::Address), detail)
    }

    #[test]
    fn denied_wins_over_allowed_and_an_empty_list_allows_all() {
        let refused = Some(Outcome::Refused(Cause::AddressDenied));
        let passed = (Some(Outcome::Passed), String::new());
        let both = AddressPolicy::new().allow(["10.0.0.0/8"]).unwrap().deny(["10.66.0.0/16"]).unwrap();
        assert_eq!(ask(&both, "10.1.1.1"), passed);
        assert_eq!(ask(&both, "::ffff:10.1.1.1"), passed);
        assert_eq!(
            ask(&both, "::ffff:10.66.1.1"),
            (refused, "10.66.1.1 is of the denied network 10.66.0.0/16".to_owned())
        );
        assert_eq!(
            ask(&both, "192.0.2.1"),
            (refused, "192.0.2.1 is of none of the allowed networks".to_owned())
        );
        let deny = AddressPolicy::new().allow([""; 0]).unwrap().deny(["2001:db8::/64"]).unwrap();
        assert_eq!(ask(&deny, "2001:db8:0:1::1"), passed);
        assert_eq!(ask(&deny, "2001:db8::1").0, refused);
        assert_eq!(ask(&AddressPolicy::new(), "2001:db8::1").0, Some(Outcome::Skipped));
    }
}
