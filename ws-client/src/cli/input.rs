//! What a line of input means.

use thiserror::Error;
use ws_core::message::{CloseCode, CloseFrame, MAX_REASON, Message};

use super::dump::{Encoding, EncodingError};
use super::json;

/// What `/help` prints.
pub(super) const HELP: &str = "\
  a line            is sent as a message
  //…               sends a line that begins with one slash
  /ping             sends a ping and tells how long the answer takes
  /close [CODE] [REASON]
                    closes with this code: 1000, or 3000 to 4999, and others that may be sent
  /quit, Ctrl-D     closes with 1000; so does Ctrl-C, and a second one does not wait for the server";

/// How lines become messages.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Kind {
    pub(super) json: bool,
    pub(super) binary: Option<Encoding>,
}

/// What a line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Send(Message),
    Ping,
    Close(CloseFrame),
    Help,
    Nothing,
}

/// Why a line cannot be done.
#[derive(Debug, Error)]
pub(super) enum InputError {
    #[error("not sent, it is no JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("not sent: {0}")]
    Encoding(#[from] EncodingError),
    #[error("not sent: it is not UTF-8, as text has to be; --binary sends any bytes")]
    NotUtf8,
    #[error("{0} is no command: /help lists them; two slashes send a line that begins with one")]
    Command(String),
    #[error("{0} cannot be sent as a close code: use 1000, or one from 3000 to 4999 (RFC 6455 7.4)")]
    CloseCode(String),
    #[error("the reason is longer than {MAX_REASON} bytes (RFC 6455 5.5)")]
    CloseReason,
}

/// What a line on the terminal means.
pub(super) fn typed(line: &str, kind: Kind) -> Result<Asked, InputError> {
    match line.strip_prefix('/') {
        Some(rest) if rest.starts_with('/') => message(rest.as_bytes(), kind),
        Some(command) => self::command(command),
        None if line.trim().is_empty() => Ok(Asked::Nothing),
        None => message(line.as_bytes(), kind),
    }
}

/// What a line from a file or a pipe means: always a message.
pub(super) fn message(line: &[u8], kind: Kind) -> Result<Asked, InputError> {
    if let Some(encoding) = kind.binary {
        return Ok(Asked::Send(Message::binary(encoding.decode(line)?)));
    }
    let text = std::str::from_utf8(line).map_err(|_| InputError::NotUtf8)?;
    if kind.json {
        if text.trim().is_empty() {
            return Ok(Asked::Nothing);
        }
        json::check(text)?;
        return Ok(Asked::Send(Message::text(text.trim())));
    }
    Ok(Asked::Send(Message::text(text)))
}

/// Closing without a complaint.
pub(super) fn goodbye() -> CloseFrame {
    CloseFrame::new(CloseCode::NORMAL, "")
}

fn command(command: &str) -> Result<Asked, InputError> {
    let (name, rest) = command.split_once(char::is_whitespace).unwrap_or((command, ""));
    match (name, rest.trim()) {
        ("help" | "?", _) => Ok(Asked::Help),
        ("ping", "") => Ok(Asked::Ping),
        ("quit" | "exit", "") => Ok(Asked::Close(goodbye())),
        ("close", rest) => close(rest),
        _ => Err(InputError::Command(format!("/{name}"))),
    }
}

fn close(rest: &str) -> Result<Asked, InputError> {
    if rest.is_empty() {
        return Ok(Asked::Close(goodbye()));
    }
    let (number, reason) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let code = number.parse().ok().and_then(CloseCode::new);
    let code = code.ok_or_else(|| InputError::CloseCode(number.to_owned()))?;
    let reason = reason.trim();
    if reason.len() > MAX_REASON {
        return Err(InputError::CloseReason);
    }
    Ok(Asked::Close(CloseFrame::new(code, reason)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: Kind = Kind { json: false, binary: None };

    fn sent(text: &str) -> Asked {
        Asked::Send(Message::text(text))
    }

    #[test]
    fn lines_are_messages_and_slashes_commands() {
        for (line, asked) in [
            ("hello", sent("hello")),
            (" /x ", sent(" /x ")),
            ("//x", sent("/x")),
            ("///", sent("//")),
            (" ", Asked::Nothing),
            ("/ping", Asked::Ping),
            ("/help", Asked::Help),
            ("/quit", Asked::Close(goodbye())),
            ("/close", Asked::Close(goodbye())),
        ] {
            assert_eq!(typed(line, TEXT).expect(line), asked, "{line}");
        }
        assert_eq!(message(b"/ping", TEXT).expect("valid"), sent("/ping"));
        assert_eq!(message(b"", TEXT).expect("valid"), sent(""));
        for line in ["/", "/nothing", "/ping 5", "/close x"] {
            assert!(typed(line, TEXT).is_err(), "{line}");
        }
    }

    // RFC 6455 7.4: 1004 to 1006 and 1015 are never sent.
    #[test]
    fn closing_takes_a_code_and_a_reason() {
        let Ok(Asked::Close(frame)) = typed("/close 4000  so long ", TEXT) else { panic!("a close") };
        assert_eq!((frame.code.get(), frame.reason.as_str()), (4000, "so long"));
        for line in ["/close 1005", "/close 1006", "/close 999", "/close 70000", "/close bye"] {
            assert!(matches!(typed(line, TEXT), Err(InputError::CloseCode(_))), "{line}");
        }
        let long = format!("/close 1000 {}", "a".repeat(124));
        assert!(matches!(typed(&long, TEXT), Err(InputError::CloseReason)));
    }

    #[test]
    fn json_is_sent_as_it_is_typed_or_not_at_all() {
        let json = Kind { json: true, binary: None };
        assert_eq!(typed(" {\"a\": 1.0} ", json).expect("valid"), sent("{\"a\": 1.0}"));
        assert!(matches!(typed("{a: 1}", json), Err(InputError::Json(_))));
        assert_eq!(message(b"", json).expect("valid"), Asked::Nothing);
    }

    #[test]
    fn binary_lines_are_decoded() {
        let hex = Kind { json: false, binary: Some(Encoding::Hex) };
        assert_eq!(typed("00 ff", hex).expect("valid"), Asked::Send(Message::binary(vec![0, 255])));
        assert!(matches!(typed("hello", hex), Err(InputError::Encoding(_))));
        let text = Kind { json: false, binary: Some(Encoding::Text) };
        assert_eq!(message(b"\xff", text).expect("valid"), Asked::Send(Message::binary(vec![255])));
        assert!(matches!(message(b"\xff", TEXT), Err(InputError::NotUtf8)));
    }
}
