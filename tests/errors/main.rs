//! Each error of the client, provoked by a real peer, in one table: what was provoked, what the client said, the right
//! next step. The table is `CLIENT-ERRORS.md`; a run compares what it finds with it, or writes it where
//! `WS_TESTS_WRITE=1` is set.
//!
//! What needs no other program than this one always runs; the foreign servers are asked for.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod coverage;
mod credentials;
mod fastapi;
mod frames;
mod handshakes;
mod haproxy;
mod local;
mod namespace;
mod network;
mod nginx;
mod node;
mod ours;
mod ours_closed;
mod page;
mod programs;
mod proxies;
mod raw;
mod recorded;
mod redirects;
mod row;
mod tls;

use tests::suites;

use crate::row::{Peer, Table};

const SUITE: &str = "each error of the client, by nginx, HAProxy, FastAPI and node's ws";

#[tokio::test]
async fn each_error_says_what_to_do() {
    let mut table = Table::default();
    local::rows(&mut table).await;
    network::rows(&mut table).await;
    handshakes::rows(&mut table).await;
    frames::rows(&mut table).await;
    redirects::rows(&mut table).await;
    credentials::rows(&mut table).await;
    ours::rows(&mut table).await;
    ours_closed::rows(&mut table).await;
    proxies::rows(&mut table).await;
    tls::rows(&mut table).await;
    if suites::asked_for(SUITE, "errors") {
        for (peer, outcome) in [
            (Peer::Nginx, Box::pin(nginx::rows(&mut table)).await),
            (Peer::HaProxy, haproxy::rows(&mut table).await),
            (Peer::FastApi, fastapi::rows(&mut table).await),
            (Peer::Node, node::rows(&mut table).await),
        ] {
            match outcome {
                Ok(()) => table.has_run(peer),
                Err(why) => suites::skip(&format!("the errors that {peer} provokes"), why),
            }
        }
    }
    table.finish();
}
