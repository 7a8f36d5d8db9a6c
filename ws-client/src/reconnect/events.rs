//! What the log is told. Names and codes of the catalogue; no credential, no message.

use std::time::Duration;

use tracing::{debug, info, warn};

use super::policy::Decision;
use super::state::Opened;
use crate::ended::Error;

pub(super) fn attempt(number: u32) {
    debug!(attempt = number, "connecting");
}

pub(super) fn opened(opened: &Opened, attempt: u32) {
    let subprotocol = opened.answer.subprotocol.as_deref();
    info!(connection = opened.number, attempt, subprotocol, "the connection is open");
}

pub(super) fn failed(error: &Error, attempt: u32, decision: Decision) {
    let code = error.code();
    let responsible = error.responsible();
    match decision {
        Decision::Retry { delay } => {
            info!(code, attempt, delay_ms = millis(delay), %responsible, %error, "connecting again later");
        }
        Decision::RenewFirst { delay } => {
            info!(code, attempt, delay_ms = millis(delay), %error, "connecting again with a fresh token");
        }
        Decision::Stop => warn!(code, attempt, %responsible, %error, "not connecting again"),
    }
}

pub(super) fn closed() {
    debug!("closed by this side");
}

pub(super) fn paused(messages: usize) {
    warn!(messages, "the incoming queue is full: nothing more is read until the application has caught up");
}

pub(super) fn resumed(after: Duration) {
    info!(paused_ms = millis(after), "the application has caught up");
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use tracing::subscriber::with_default;
    use ws_core::message::{CloseCode, CloseFrame};

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("no panic").write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_decision_is_told_with_what_led_to_it() {
        let (lines, error) =
            (Lines::default(), Error::closed(&CloseFrame::new(CloseCode::SERVICE_RESTART, "back\nsoon")));
        let writer = lines.clone();
        let subscriber =
            tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
        with_default(subscriber, || {
            failed(&error, 2, Decision::Retry { delay: Duration::from_millis(1500) });
            failed(&error, 3, Decision::Stop);
        });
        let text = String::from_utf8(lines.0.lock().expect("no panic").clone()).expect("text");
        let told: Vec<&str> = text.lines().collect();
        // What a server says begins no line of its own.
        assert_eq!(told.len(), 2, "{text}");
        for part in [
            " INFO ws_client::reconnect",
            "code=\"closed",
            "attempt=2 delay_ms=1500",
            "responsible=server",
            "1012",
        ] {
            assert!(told[0].contains(part), "{part} in {}", told[0]);
        }
        assert!(told[1].contains(" WARN ") && told[1].contains("attempt=3"), "{}", told[1]);
    }
}
