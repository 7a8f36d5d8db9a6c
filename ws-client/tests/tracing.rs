//! What `tracing` is told of connection attempts. It stands alone in its process: subscribers of other threads disturb.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use ws_client::credentials::{Credentials, Token, TokenFuture, TokenProvider};
use ws_client::{Client, memory};
use ws_core::refusal::Cause;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Fixed;

impl TokenProvider for Fixed {
    fn token(&self) -> TokenFuture<'_> {
        Box::pin(async { Ok(Token::new("hunter2")) })
    }
}

#[tokio::test]
async fn the_log_has_a_span_an_attempt_an_event_a_stage_and_no_secret() {
    let log = Log::default();
    let subscriber = {
        let log = log.clone();
        tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .with_writer(move || log.clone())
    };
    let guard = tracing::subscriber::set_default(subscriber.finish());
    let (network, mut listener) = memory::network();
    let builder = Client::builder("ws://rooms.test/lobby?ticket=hunter2").expect("valid");
    let client = builder.credentials(Credentials::new(Fixed)).connector(network).build();
    assert_eq!(client.metrics().counts().token_requests, 0);
    let accept = async { listener.accept().await.expect("a client").accept().await.expect("accepted") };
    drop(tokio::join!(client.connect(), accept));
    let refuse = async { listener.accept().await.expect("a client").refuse(Cause::ServerFull).await };
    let (refused, _) = tokio::join!(client.connect(), refuse);
    refused.expect_err("refused");
    drop(guard);
    assert_eq!(client.metrics().counts().token_requests, 1, "once for both");

    let text = String::from_utf8(log.0.lock().expect("no panic").clone()).expect("text");
    for (attempt, parts) in [
        (1, vec!["DEBUG", "stage=\"credentials\"", "outcome=\"ok\""]),
        (1, vec!["DEBUG", "stage=\"stream\"", "detail=\"connector\"", "ms="]),
        (1, vec!["INFO", "connected", "ms="]),
        (2, vec!["DEBUG", "stage failed", "stage=\"http\"", "outcome=\"server-full\"", "503"]),
        (2, vec!["INFO", "not connected", "code=\"server-full\""]),
    ] {
        let span = format!("ws.connect{{url=ws://rooms.test/lobby?… attempt={attempt}}}");
        let found = text
            .lines()
            .filter(|line| line.contains(&span))
            .any(|line| parts.iter().all(|part| line.contains(part)));
        assert!(found, "{span} {parts:?} in\n{text}");
    }
    assert!(!text.contains("hunter2"), "{text}");
}
