//! The gateway as a program: started with files, asked over real sockets, with scripted servers behind it.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod admin;
mod credentials;
mod gateway;
mod limits;
mod permissions;
mod program;
mod reload;
mod secure;
mod sessions;
mod upstream;
mod upstream_refusals;
mod upstream_server;
