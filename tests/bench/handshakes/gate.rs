//! The gate alone: all checks of a handshake that is let in, without credentials.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use std::{fs, io};

use ws_core::head::{RequestHead, Version};
use ws_server::gate::{Facts, Gate, GateConfig, OriginPolicy, Policy, RouteMatch};

const TIMES: u32 = 200_000;

/// Microseconds of CPU for one handshake.
pub(crate) async fn cost() -> io::Result<f64> {
    let origins = OriginPolicy::list(["https://app.example.com"]).unwrap_or_default();
    let policy = Arc::new(Policy::new().origins(origins).subprotocols(["chat.v2", "chat.v1"]));
    let routes = move |path: &str| (path == "/chat").then(|| RouteMatch::new(0, Arc::clone(&policy)));
    let gate = Gate::new(GateConfig::default(), routes);
    let fields = [
        ("Host", "example.com"),
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Protocol", "chat.v1"),
        ("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits"),
        ("Origin", "https://app.example.com"),
        ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"),
    ];
    let head = RequestHead::from_parts("GET", "/chat", Version::HTTP_11, fields);
    let head = head.unwrap_or_else(|error| panic!("{error}"));
    let once = async || {
        let facts = Facts::new(([127, 0, 0, 1], 50_000).into(), SystemTime::now());
        let checked = gate.check(black_box(&head), &facts).await;
        assert!(black_box(checked).decision.is_ok(), "it is let in");
    };
    for _ in 0..TIMES / 10 {
        once().await;
    }
    let begun = cpu()?;
    for _ in 0..TIMES {
        once().await;
    }
    let took = cpu()?.saturating_sub(begun);
    Ok(took.as_secs_f64() * 1e6 / f64::from(TIMES))
}

/// The time that this thread has run so far: others on the machine do not count.
fn cpu() -> io::Result<Duration> {
    let text = fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds = text.split(' ').next().and_then(|field| field.parse().ok());
    nanoseconds.map(Duration::from_nanos).ok_or_else(|| io::ErrorKind::InvalidData.into())
}
