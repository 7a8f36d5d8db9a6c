//! Every refusal that the server can give, over real TCP: the exact status, fields and body, and whether the connection
//! stays.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod case;
mod checks;
mod connection;
mod coverage;
mod credentials;
mod disclosure;
mod head;
mod permissions;
mod report;
mod server;
mod upgrade;
