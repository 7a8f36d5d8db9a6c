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
