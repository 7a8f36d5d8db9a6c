use std::fmt;

use crate::head::{is_tchar, is_token};

/// One extension with its parameters, offered or accepted (RFC 6455 9.1).
///
/// ```
/// use ws_core::handshake::parse_extensions;
///
/// let offers = parse_extensions([&b"permessage-deflate; client_max_window_bits; x=\"10\""[..]]).unwrap();
/// assert_eq!(offers[0].name, "permessage-deflate");
/// assert_eq!(offers[0].params[1], ("x".to_owned(), Some("10".to_owned())));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtensionOffer {
    /// The name of the extension.
    pub name: String,
    /// Its parameters in their order, repeated ones included; a quoted value is here without its
    /// quotation marks.
    pub params: Vec<(String, Option<String>)>,
}

/// How `Sec-WebSocket-Extensions` violates its grammar (RFC 6455 9.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExtensionError {
    /// The field is there and names nothing: the grammar demands one element at least.
    #[error("the list of extensions is empty")]
    Empty,
    /// An extension whose name is missing or not a token.
    #[error("the name of an extension is not a token")]
    Name,
    /// A parameter whose name is missing or not a token.
    #[error("the name of an extension's parameter is not a token")]
    ParameterName,
    /// A parameter's value that is missing after its `=`, or not a token.
    #[error("the value of an extension's parameter is not a token")]
    ParameterValue,
    /// A quoted value that does not end.
    #[error("a quoted value does not end")]
    QuoteOpen,
    /// Something other than `,` or `;` follows a name or a value.
    #[error("the byte {0:#04x} stands where a comma or semicolon is expected")]
    Separator(u8),
}

/// Reads a list of extensions from the values of all lines of the field, taken as one list
/// (RFC 6455 9.1). A comma or semicolon inside a quoted value separates nothing.
pub fn parse_extensions<'a>(
    values: impl IntoIterator<Item = &'a [u8]>,
) -> Result<Vec<ExtensionOffer>, ExtensionError> {
    let mut offers = Vec::new();
    let mut present = false;
    for value in values {
        present = true;
        Parser { rest: value }.list(&mut offers)?;
    }
    if present && offers.is_empty() {
        return Err(ExtensionError::Empty);
    }
    Ok(offers)
}

/// As it stands in the field.
impl fmt::Display for ExtensionOffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        for (name, value) in &self.params {
            write!(f, "; {name}")?;
            if let Some(value) = value {
                write!(f, "={value}")?;
            }
        }
        Ok(())
    }
}

struct Parser<'a> {
    rest: &'a [u8],
}

impl<'a> Parser<'a> {
    /// extension-list = 1#extension, where RFC 9110 5.6.1.2 has empty elements ignored.
    fn list(&mut self, offers: &mut Vec<ExtensionOffer>) -> Result<(), ExtensionError> {
        loop {
            self.skip_whitespace();
            match self.rest {
                [] => return Ok(()),
                [b',', rest @ ..] => self.rest = rest,
                _ => {
                    offers.push(self.extension()?);
                    match self.rest {
                        [] => return Ok(()),
                        [b',', rest @ ..] => self.rest = rest,
                        [byte, ..] => return Err(ExtensionError::Separator(*byte)),
                    }
                }
            }
        }
    }

    /// extension = extension-token *( ";" extension-param )
    fn extension(&mut self) -> Result<ExtensionOffer, ExtensionError> {
        let name = self.token().ok_or(ExtensionError::Name)?.to_owned();
        let mut params = Vec::new();
        self.skip_whitespace();
        while let [b';', rest @ ..] = self.rest {
            self.rest = rest;
            self.skip_whitespace();
            params.push(self.parameter()?);
            self.skip_whitespace();
        }
        Ok(ExtensionOffer { name, params })
    }

    /// extension-param = token [ "=" (token | quoted-string) ]. RFC 6455 4.3 has the
    /// rule of implied whitespace of RFC 2616 2.1 apply, so it may stand around the `=`.
    fn parameter(&mut self) -> Result<(String, Option<String>), ExtensionError> {
        let name = self.token().ok_or(ExtensionError::ParameterName)?.to_owned();
        self.skip_whitespace();
        let [b'=', rest @ ..] = self.rest else { return Ok((name, None)) };
        self.rest = rest;
        self.skip_whitespace();
        let value = match self.rest {
            [b'"', rest @ ..] => {
                self.rest = rest;
                self.quoted()?
            }
            _ => self.token().ok_or(ExtensionError::ParameterValue)?.to_owned(),
        };
        Ok((name, Some(value)))
    }

    /// RFC 6455 9.1: after unescaping, the value of a quoted-string MUST be a token.
    fn quoted(&mut self) -> Result<String, ExtensionError> {
        let mut value = Vec::new();
        loop {
            if let [b'"', rest @ ..] = self.rest {
                self.rest = rest;
                break;
            }
            // RFC 9110 5.6.4: quoted-pair.
            let unescaped = self.rest.strip_prefix(b"\\").unwrap_or(self.rest);
            let [byte, rest @ ..] = unescaped else { return Err(ExtensionError::QuoteOpen) };
            value.push(*byte);
            self.rest = rest;
        }
        if !is_token(&value) {
            return Err(ExtensionError::ParameterValue);
        }
        String::from_utf8(value).map_err(|_| ExtensionError::ParameterValue)
    }

    fn token(&mut self) -> Option<&'a str> {
        let length = self.rest.iter().position(|&byte| !is_tchar(byte)).unwrap_or(self.rest.len());
        let (token, rest) = self.rest.split_at(length);
        self.rest = rest;
        std::str::from_utf8(token).ok().filter(|token| !token.is_empty())
    }

    fn skip_whitespace(&mut self) {
        while let [b' ' | b'\t', rest @ ..] = self.rest {
            self.rest = rest;
        }
    }
}
