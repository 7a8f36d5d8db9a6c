//! Who sees messages before the handler does.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use ws_core::message::Message;
use ws_core::net::Inspect;
use ws_core::refusal::{Cause, Refusal};
use zeroize::Zeroizing;

use super::SessionInfo;
use super::in_band::{self, Said};
use super::message_rate::{Exceeded, Meter};

/// Counts messages where they are limited, and takes those that present a token where the session can be renewed by them.
///
/// It belongs to the receiving half of the socket, wherever that goes.
pub(super) struct Desk {
    pub(super) session: Arc<SessionInfo>,
    pub(super) meter: Option<Meter>,
    pub(super) renewals: Option<Arc<Renewals>>,
}

/// Where the token of a renewal waits for the task of its session.
#[derive(Default)]
pub(super) struct Renewals {
    waits: AtomicBool,
    /// The last one; nobody waits for those that came before it.
    token: Mutex<Option<Zeroizing<String>>>,
}

impl Inspect for Desk {
    fn inspect(&mut self, message: &Message) -> bool {
        if let Some(meter) = &mut self.meter
            && let Err(exceeded) = meter.count(message.len(), Instant::now())
        {
            self.refuse(Refusal::new(Cause::MessageRateExceeded).detail(match exceeded {
                Exceeded::Messages => "too many messages",
                Exceeded::Bytes => "too many bytes",
            }));
            return false;
        }
        let Some(renewals) = &self.renewals else { return true };
        match in_band::read(message) {
            Said::Token(token) => {
                renewals.put(token);
                self.session.control.nudge();
            }
            Said::NoToken => self.refuse(in_band::no_token()),
            Said::Other => return true,
        }
        false
    }
}

impl Desk {
    fn refuse(&self, refusal: Refusal) {
        if self.session.control.refuse(refusal) {
            self.session.control.nudge();
        }
    }
}

impl Renewals {
    fn put(&self, token: Zeroizing<String>) {
        *self.token.lock().unwrap_or_else(PoisonError::into_inner) = Some(token);
        self.waits.store(true, Ordering::Release);
    }

    /// The token that waits.
    pub(super) fn take(&self) -> Option<Zeroizing<String>> {
        // The load alone costs next to nothing, and the task asks each time that it is polled.
        if !self.waits.load(Ordering::Relaxed) || !self.waits.swap(false, Ordering::Acquire) {
            return None;
        }
        self.token.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
