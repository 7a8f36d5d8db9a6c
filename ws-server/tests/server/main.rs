//! A server over real TCP: from the builder to the end of the last session.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod addresses;
mod authorizers;
mod building;
mod credentials;
mod delivery;
mod dry_run;
mod ending;
mod events;
mod explained;
mod first_message;
mod handlers;
mod lapses;
mod message_rate;
mod pages;
mod permission;
mod prepare;
mod proxies;
mod quota;
mod reload;
mod renewal;
mod revocation;
mod shutdown;
#[cfg(feature = "tls")]
mod stalled;
mod support;
#[cfg(feature = "tls")]
mod tls;
