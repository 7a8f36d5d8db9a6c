//! When a quiet peer is pinged, and when one that does not answer is given up.

use std::{
    pin::{Pin, pin},
    task::{Context, Poll, Waker, ready},
};

use tokio::{
    task::unconstrained,
    time::{Instant, Sleep, sleep_until},
};

use super::SocketConfig;
use crate::connection::{Keepalive, KeepaliveAction, after};

/// The one timer of a receiving half.
#[derive(Debug)]
pub(super) struct Timer {
    sleep: Pin<Box<Sleep>>,
    /// Who is woken when it has run out; asking the timer again would cost as much as a small message.
    waker: Waker,
    purpose: Purpose,
}

#[derive(Debug)]
enum Purpose {
    Keepalive(Keepalive),
    Close,
}

/// What is to be done now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    Ping,
    PingTimeout,
    CloseTimeout,
}

impl Timer {
    /// A timer for the answer to a Close frame, or for signs of life where they are wanted.
    pub(super) fn start(config: &SocketConfig, closing: bool) -> Option<Box<Self>> {
        let (deadline, purpose) = if closing {
            (after(Instant::now().into_std(), config.close_timeout), Purpose::Close)
        } else {
            let interval = config.ping_interval?;
            let keepalive = Keepalive::new(Instant::now().into_std(), interval, config.pong_timeout);
            (keepalive.deadline(), Purpose::Keepalive(keepalive))
        };
        let (sleep, waker) = (Box::pin(sleep_until(deadline.into())), Waker::noop().clone());
        Some(Box::new(Self { sleep, waker, purpose }))
    }

    pub(super) fn is_for_close(&self) -> bool {
        matches!(self.purpose, Purpose::Close)
    }

    /// Something came from the peer.
    #[inline]
    pub(super) fn heard(&mut self) {
        if let Purpose::Keepalive(keepalive) = &mut self.purpose {
            keepalive.heard();
        }
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Due> {
        loop {
            if self.waker.will_wake(cx.waker()) && !self.sleep.is_elapsed() {
                return Poll::Pending;
            }
            self.waker.clone_from(cx.waker());
            // Without the scheduler's budget: a timer that is not asked would not know whom to wake.
            ready!(pin!(unconstrained(self.sleep.as_mut())).poll(cx));
            self.waker.clone_from(Waker::noop());
            let Purpose::Keepalive(keepalive) = &mut self.purpose else {
                return Poll::Ready(Due::CloseTimeout);
            };
            let action = keepalive.poll(Instant::now().into_std());
            self.sleep.as_mut().reset(keepalive.deadline().into());
            match action {
                KeepaliveAction::Wait => {}
                KeepaliveAction::Ping => return Poll::Ready(Due::Ping),
                KeepaliveAction::Dead => return Poll::Ready(Due::PingTimeout),
            }
        }
    }
}
