//! Every refusal that the server can give, over real TCP: the exact status, fields and body, and whether the connection
//! stays.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod ask;
mod case;
mod catalogue;
mod checks;
mod client;
mod connection;
mod credentials;
mod disclosure;
mod endings;
mod ends;
mod expected;
mod fault;
mod faults;
mod head;
mod house;
mod kinds;
mod observed;
mod order;
mod permissions;
mod report;
mod scene;
mod secrets;
mod server;
mod setup;
mod silence;
mod upgrade;
