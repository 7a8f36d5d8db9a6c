use std::error::Error;
use std::fmt;

use crate::printable::Printable;

/// An error with all that it was caused by, in one line for the log: many errors leave the reason to their source.
pub(super) struct Chain<'a>(pub(super) &'a (dyn Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut told = self.0.to_string();
        write!(f, "{}", Printable(&told))?;
        let mut next = self.0.source();
        while let Some(error) = next {
            let text = error.to_string();
            // Some errors repeat their source in their own words.
            if !told.ends_with(&text) {
                write!(f, ": {}", Printable(&text))?;
            }
            (told, next) = (text, error.source());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use ws_core::connection::SendError;
    use ws_core::net;

    use super::*;

    #[test]
    fn the_reason_is_told_once() {
        let reset = net::Error::Io(io::Error::other("connection reset\nby peer"));
        assert_eq!(Chain(&reset).to_string(), "the connection failed: connection reset\\nby peer");
        let closed = net::Error::Send(SendError::Closed);
        assert_eq!(Chain(&closed).to_string(), SendError::Closed.to_string());
    }
}
