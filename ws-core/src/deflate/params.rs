use thiserror::Error;

use crate::handshake::ExtensionOffer;

/// The parameters that both sides have agreed on (RFC 7692 7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeflateParams {
    /// The server forgets each message before the next one.
    pub server_no_context_takeover: bool,
    /// The client forgets each message before the next one.
    pub client_no_context_takeover: bool,
    /// The server looks back 2 to the power of this many bytes at most, 9 to 15 on our server and
    /// 8 to 15 on another one.
    pub server_max_window_bits: u8,
    /// The client looks back 2 to the power of this many bytes at most, 8 to 15.
    pub client_max_window_bits: u8,
}

/// Why the server's answer to an offer is not acceptable: the client has to fail the connection
/// (RFC 7692 5.1, 7.1).
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DeflateAnswerError {
    /// The extension is another one.
    #[error("the extension {0} is not permessage-deflate")]
    OtherExtension(String),
    /// A parameter that RFC 7692 does not define.
    #[error("permessage-deflate has no parameter {0}")]
    UnknownParameter(String),
    /// A parameter that occurs twice.
    #[error("the parameter {0} of permessage-deflate is repeated")]
    RepeatedParameter(&'static str),
    /// A parameter with a value where it takes none.
    #[error("the parameter {name} of permessage-deflate takes no value, and has {value}")]
    UnexpectedValue {
        /// The parameter.
        name: &'static str,
        /// Its value.
        value: String,
    },
    /// A parameter without the value that it needs.
    #[error("the parameter {0} of permessage-deflate needs a value")]
    MissingValue(&'static str),
    /// Window bits that are not a number from 8 to 15 without leading zeros.
    #[error("the parameter {name} of permessage-deflate is {value}, not a number from 8 to 15")]
    InvalidWindowBits {
        /// The parameter.
        name: &'static str,
        /// Its value.
        value: String,
    },
}

/// The name of the extension (RFC 7692 7).
pub(super) const NAME: &str = "permessage-deflate";
pub(super) const SERVER_NO_CONTEXT: &str = "server_no_context_takeover";
pub(super) const CLIENT_NO_CONTEXT: &str = "client_no_context_takeover";
pub(super) const SERVER_BITS: &str = "server_max_window_bits";
pub(super) const CLIENT_BITS: &str = "client_max_window_bits";

/// The parameters of one offer or answer, as written.
#[derive(Debug, Default)]
pub(super) struct Written {
    pub(super) server_no_context: bool,
    pub(super) client_no_context: bool,
    pub(super) server_bits: Option<u8>,
    pub(super) client_bits: Option<ClientBits>,
}

/// A client may offer `client_max_window_bits` without a value (RFC 7692 7.1.2.2).
#[derive(Clone, Copy, Debug)]
pub(super) enum ClientBits {
    Any,
    AtMost(u8),
}

impl Written {
    /// RFC 7692 7.1: unknown names, repeated ones and values out of range spoil an offer or answer.
    pub(super) fn parse(extension: &ExtensionOffer) -> Result<Self, DeflateAnswerError> {
        if extension.name != NAME {
            return Err(DeflateAnswerError::OtherExtension(extension.name.clone()));
        }
        let mut written = Self::default();
        for (name, value) in &extension.params {
            let value = value.as_deref();
            match name.as_str() {
                SERVER_NO_CONTEXT => flag(&mut written.server_no_context, SERVER_NO_CONTEXT, value)?,
                CLIENT_NO_CONTEXT => flag(&mut written.client_no_context, CLIENT_NO_CONTEXT, value)?,
                SERVER_BITS => {
                    let value = value.ok_or(DeflateAnswerError::MissingValue(SERVER_BITS))?;
                    once(&mut written.server_bits, SERVER_BITS, window_bits(SERVER_BITS, value)?)?;
                }
                CLIENT_BITS => {
                    let bits = match value {
                        Some(value) => ClientBits::AtMost(window_bits(CLIENT_BITS, value)?),
                        None => ClientBits::Any,
                    };
                    once(&mut written.client_bits, CLIENT_BITS, bits)?;
                }
                _ => return Err(DeflateAnswerError::UnknownParameter(name.clone())),
            }
        }
        Ok(written)
    }
}

/// RFC 7692 7.1.1: these parameters have no value.
fn flag(place: &mut bool, name: &'static str, value: Option<&str>) -> Result<(), DeflateAnswerError> {
    if let Some(value) = value {
        return Err(DeflateAnswerError::UnexpectedValue { name, value: value.to_owned() });
    }
    if std::mem::replace(place, true) { Err(DeflateAnswerError::RepeatedParameter(name)) } else { Ok(()) }
}

/// RFC 7692 7.1.2: a decimal integer from 8 to 15 without leading zeros.
fn window_bits(name: &'static str, value: &str) -> Result<u8, DeflateAnswerError> {
    match value {
        "8" => Ok(8),
        "9" => Ok(9),
        "10" => Ok(10),
        "11" => Ok(11),
        "12" => Ok(12),
        "13" => Ok(13),
        "14" => Ok(14),
        "15" => Ok(15),
        _ => Err(DeflateAnswerError::InvalidWindowBits { name, value: value.to_owned() }),
    }
}

fn once<T>(place: &mut Option<T>, name: &'static str, value: T) -> Result<(), DeflateAnswerError> {
    if place.replace(value).is_some() { Err(DeflateAnswerError::RepeatedParameter(name)) } else { Ok(()) }
}
