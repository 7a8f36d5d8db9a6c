//! A conversation in which nothing can be lost unseen: both sides send numbers in order, and compare.

use std::time::{Duration, Instant};

use tests::wire::{PATIENCE, Running};
use tokio::time::{MissedTickBehavior, interval, timeout};
use ws_core::net::{Error, WebSocket};
use ws_server::authenticate::Authenticator;
use ws_server::{Renewal, Route, ServerLimits, Session};

/// How often each side sends a number.
const PACE: Duration = Duration::from_millis(20);

/// A server whose one route, `/numbers`, takes this authenticator's tokens, also in band.
pub(crate) async fn server(authenticator: impl Authenticator) -> Running {
    Running::start(|server| {
        let route = Route::new(count).authenticate(authenticator).scopes(["chat:read"]);
        // All are one client of the provider, and so one principal.
        let limits = ServerLimits { connections_per_principal: 200, ..ServerLimits::default() };
        server.limits(limits).route("/numbers", route.renewal(Renewal::Message))
    })
    .await
}

/// Sends numbers, and compares those that come, until the client has enough; then tells how many there were.
async fn count(mut session: Session) -> Result<(), Error> {
    let (mut sent, mut received) = (0_u64, 0_u64);
    let mut tick = interval(PACE);
    loop {
        tokio::select! {
            _ = tick.tick() => {
                session.send(sent.to_string()).await?;
                sent += 1;
            }
            message = session.recv() => {
                let Some(message) = message? else { return Ok(()) };
                let text = message.as_text().unwrap_or_default();
                if text == "enough" {
                    return session.send(format!("{sent} sent, {received} received")).await;
                }
                if text != received.to_string() {
                    return session.send(format!("{text:?} came in place of {received}")).await;
                }
                received += 1;
            }
        }
    }
}

/// What was said in a conversation.
#[derive(Debug, Default)]
pub(crate) struct Counted {
    pub(crate) sent: u64,
    pub(crate) received: u64,
    /// The longest time without a number.
    pub(crate) gap: Duration,
}

/// Talks until `enough` is there.
///
/// # Panics
///
/// Where a number is missing on either side, something else comes, or the connection ends.
pub(crate) async fn talk(mut socket: WebSocket, enough: impl Future<Output = ()>) -> Counted {
    let mut counted = Counted::default();
    let mut enough = std::pin::pin!(enough);
    let mut tick = interval(PACE);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut last = Instant::now();
    loop {
        tokio::select! {
            _ = tick.tick() => {
                socket.send(counted.sent.to_string()).await.expect("open");
                counted.sent += 1;
            }
            message = socket.recv() => {
                let message = message.expect("open");
                let text = message.as_ref().and_then(|message| message.as_text());
                assert_eq!(text, Some(&*counted.received.to_string()), "{:?}", socket.close_frame());
                counted.received += 1;
                counted.gap = counted.gap.max(last.elapsed());
                last = Instant::now();
            }
            () = &mut enough => break,
        }
    }
    socket.send("enough").await.expect("open");
    let rest = async {
        loop {
            let message = socket.recv().await.expect("open").expect("not the end");
            let text = message.as_text().expect("text").to_owned();
            if text.contains("sent") {
                break text;
            }
            assert_eq!(text, counted.received.to_string());
            counted.received += 1;
        }
    };
    let told = timeout(PATIENCE, rest).await.expect("it answers");
    assert_eq!(told, format!("{} sent, {} received", counted.received, counted.sent));
    assert_eq!(socket.recv().await.expect("a proper end"), None);
    assert_eq!(socket.close_frame().expect("a Close frame").code.get(), 1000);
    counted
}
