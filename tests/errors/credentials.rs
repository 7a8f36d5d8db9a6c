//! Credentials that are not sent, and those that cannot be had.

use std::time::Duration;

use ws_client::credentials::{Credentials, CredentialsError, from_fn};
use ws_client::reconnect::ReconnectConfig;
use ws_client::{Client, NextStep};

use crate::raw::{self, accepting, client, refused};
use crate::row::{AGAIN, Peer, Table, WHEN_TOLD};

pub(crate) async fn rows(table: &mut Table) {
    let clear = Client::builder("ws://rooms.example/").unwrap().bearer_token("abc").unwrap().build();
    let in_clear = ("credentials-in-clear", NextStep::Correct);
    table.add(Peer::None, "a token over `ws://` to another machine", in_clear, refused(&clear).await);
    let unavailable = || CredentialsError::Unavailable {
        reason: "the vault is sealed".into(),
        retry_after: Some(Duration::from_secs(5)),
    };
    let own = from_fn(move || std::future::ready(Err(unavailable())));
    let down = Client::builder("ws://127.0.0.1:1/").unwrap().credentials(Credentials::new(own)).build();
    let when_told = ("credentials-unavailable", WHEN_TOLD);
    table.add(Peer::None, "a provider of the caller's own that is down", when_told, refused(&down).await);
    let unrestored = ReconnectConfig::default()
        .on_open(|_, _| Box::pin(async { Err("the room is gone".into()) }))
        .max_attempts(1);
    let address = accepting("", raw::linger).await;
    let mut returning = client(address).reconnecting(unrestored);
    let error = returning.recv().await.unwrap_err();
    let what = "a state that a returning client cannot restore";
    table.add_shared(Peer::None, what, ("state-not-restored", AGAIN), &error);
}
