//! Ctrl-C, and being told to end.

use std::io;

use tokio::sync::mpsc;

/// Why to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Interrupt {
    /// Ctrl-C.
    Asked,
    /// The system or the terminal goes away.
    Terminated,
}

/// Signals, and Ctrl-C as the line editor sees it.
#[derive(Debug)]
pub(super) struct Interrupts {
    typed: mpsc::Receiver<()>,
    #[cfg(unix)]
    signals: [tokio::signal::unix::Signal; 3],
}

impl Interrupts {
    /// From now on signals are heard here. The sender is for whoever reads the keys.
    pub(super) fn new() -> io::Result<(mpsc::Sender<()>, Self)> {
        let (sender, typed) = mpsc::channel(1);
        #[cfg(unix)]
        let signals = {
            use tokio::signal::unix::{SignalKind, signal};
            [
                signal(SignalKind::interrupt())?,
                signal(SignalKind::terminate())?,
                signal(SignalKind::hangup())?,
            ]
        };
        Ok((
            sender,
            Self {
                typed,
                #[cfg(unix)]
                signals,
            },
        ))
    }

    /// The next one. Cancel safe.
    pub(super) async fn next(&mut self) -> Interrupt {
        #[cfg(unix)]
        {
            let [interrupt, terminate, hangup] = &mut self.signals;
            tokio::select! {
                Some(()) = self.typed.recv() => Interrupt::Asked,
                Some(()) = interrupt.recv() => Interrupt::Asked,
                Some(()) = terminate.recv() => Interrupt::Terminated,
                Some(()) = hangup.recv() => Interrupt::Terminated,
                else => std::future::pending().await,
            }
        }
        #[cfg(not(unix))]
        tokio::select! {
            Some(()) = self.typed.recv() => Interrupt::Asked,
            Ok(()) = tokio::signal::ctrl_c() => Interrupt::Asked,
            else => std::future::pending().await,
        }
    }
}
