use super::params::{
    CLIENT_BITS, CLIENT_NO_CONTEXT, ClientBits, NAME, SERVER_BITS, SERVER_NO_CONTEXT, Written,
};
use super::{DeflateAnswerError, DeflateConfig, DeflateParams};
use crate::handshake::ExtensionOffer;

/// What a server answers to an acceptable offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeflateAnswer {
    /// What is agreed from now on.
    pub params: DeflateParams,
    /// The value of the response's `Sec-WebSocket-Extensions`.
    pub header: String,
}

impl DeflateConfig {
    /// A server's choice: the first offer that is acceptable, `None` where there is none.
    ///
    /// An offer with a parameter that is unknown, repeated or out of range is declined, and the next
    /// one is looked at (RFC 7692 5, 7.1). So is an offer of `server_max_window_bits=8`, which zlib
    /// cannot honour.
    pub fn negotiate(&self, offers: &[ExtensionOffer]) -> Option<DeflateAnswer> {
        offers.iter().filter_map(|offer| Written::parse(offer).ok()).find_map(|offer| self.answer(&offer))
    }

    fn answer(&self, offer: &Written) -> Option<DeflateAnswer> {
        // RFC 7692 7.1.2.1: a server may decline an offer with a window that it cannot do.
        if offer.server_bits == Some(8) {
            return None;
        }
        let params = DeflateParams {
            server_no_context_takeover: self.server_no_context_takeover || offer.server_no_context,
            client_no_context_takeover: self.client_no_context_takeover || offer.client_no_context,
            server_max_window_bits: self.server_bits().min(offer.server_bits.unwrap_or(15)),
            // RFC 7692 7.1.2.2: no limit for a client that has not offered to keep one.
            client_max_window_bits: match offer.client_bits {
                Some(ClientBits::AtMost(bits)) => self.client_bits().min(bits),
                Some(ClientBits::Any) => self.client_bits(),
                None => 15,
            },
        };
        let mut header = Extension::new();
        header.flag(SERVER_NO_CONTEXT, params.server_no_context_takeover);
        header.flag(CLIENT_NO_CONTEXT, params.client_no_context_takeover);
        // RFC 7692 7.1.2.1: an offer of this parameter is accepted by repeating it.
        if offer.server_bits.is_some() {
            header.bits(SERVER_BITS, params.server_max_window_bits);
        }
        if params.client_max_window_bits < 15 {
            header.bits(CLIENT_BITS, params.client_max_window_bits);
        }
        Some(DeflateAnswer { params, header: header.0 })
    }

    /// A client's offer: the value of the request's `Sec-WebSocket-Extensions`.
    ///
    /// What is asked of the server comes in a first offer, and a second one asks nothing, for servers
    /// that would decline the first (RFC 7692 7.1.3).
    ///
    /// ```
    /// use ws_core::deflate::DeflateConfig;
    ///
    /// let config = DeflateConfig {
    ///     server_no_context_takeover: false,
    ///     client_no_context_takeover: false,
    ///     server_max_window_bits: 15,
    ///     ..DeflateConfig::default()
    /// };
    /// assert_eq!(config.offer(), "permessage-deflate; client_max_window_bits");
    /// ```
    pub fn offer(&self) -> String {
        let asks = self.server_no_context_takeover || self.server_bits() < 15;
        let mut offers = if asks { format!("{}, ", self.one_offer(true)) } else { String::new() };
        offers.push_str(&self.one_offer(false));
        offers
    }

    fn one_offer(&self, asking: bool) -> String {
        let mut offer = Extension::new();
        offer.flag(SERVER_NO_CONTEXT, asking && self.server_no_context_takeover);
        offer.flag(CLIENT_NO_CONTEXT, self.client_no_context_takeover);
        if asking && self.server_bits() < 15 {
            offer.bits(SERVER_BITS, self.server_bits());
        }
        // RFC 7692 7.1.2.2: without a value, for the server to choose any.
        offer.flag(CLIENT_BITS, true);
        offer.0
    }

    /// A client's judgement of the server's answer to [`offer`](Self::offer).
    ///
    /// # Errors
    /// The answer is not valid, and the connection has to be failed (RFC 7692 7.1).
    pub fn accept(&self, answer: &ExtensionOffer) -> Result<DeflateParams, DeflateAnswerError> {
        let answer = Written::parse(answer)?;
        let client_bits = match answer.client_bits {
            // RFC 7692 7.1.2.2: in an answer, the parameter has a value.
            Some(ClientBits::Any) => return Err(DeflateAnswerError::MissingValue(CLIENT_BITS)),
            Some(ClientBits::AtMost(bits)) => bits,
            None => 15,
        };
        Ok(DeflateParams {
            server_no_context_takeover: answer.server_no_context,
            // RFC 7692 7.1.1.2: a client may always forget, and has to where the answer says so.
            client_no_context_takeover: answer.client_no_context || self.client_no_context_takeover,
            server_max_window_bits: answer.server_bits.unwrap_or(15),
            client_max_window_bits: client_bits.min(self.client_bits()),
        })
    }
}

/// An element of `Sec-WebSocket-Extensions` in the making.
struct Extension(String);

impl Extension {
    fn new() -> Self {
        Self(NAME.to_owned())
    }

    fn flag(&mut self, name: &str, is_set: bool) {
        if is_set {
            self.0.extend(["; ", name]);
        }
    }

    fn bits(&mut self, name: &str, bits: u8) {
        self.0.extend(["; ", name, "=", &bits.to_string()]);
    }
}

#[cfg(test)]
#[path = "negotiate_tests.rs"]
mod tests;
