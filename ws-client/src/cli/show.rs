//! How a message is written.

use ws_core::message::Message;

use super::dump::{Encoding, dump};
use super::input::Kind;
use super::json;
use super::style::{Style, Tone};
use crate::refused::Printable;

/// Bytes of a message that a terminal is given; a pipe gets them all.
const MOST: usize = 64 * 1024;
/// The same for a dump, whose rows are five times as long.
const MOST_DUMPED: usize = 8 * 1024;

/// Where messages are shown, and which are expected.
#[derive(Clone, Copy, Debug)]
pub(super) struct Show {
    /// Of stdout.
    pub(super) style: Style,
    /// Whether somebody types meanwhile, and has to see which lines are the server's.
    pub(super) interactive: bool,
    pub(super) kind: Kind,
}

/// A message, written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shown {
    /// With a line feed at its end.
    pub(super) bytes: Vec<u8>,
    /// What is to be said about it beside it.
    pub(super) remark: Option<&'static str>,
}

impl Show {
    pub(super) fn message(self, message: &Message) -> Shown {
        let remark = match message {
            Message::Text(text) if self.kind.json && json::check(text).is_err() => {
                Some("the server sent what is no JSON")
            }
            _ => None,
        };
        let mut bytes = if self.style.terminal {
            let shown = self.on_terminal(message, remark.is_none());
            if self.interactive { marked(&shown, self.style) } else { shown }.into_bytes()
        } else {
            match (message, self.kind) {
                (Message::Text(text), Kind { json: true, .. }) if remark.is_none() => {
                    json::compact(text).into_bytes()
                }
                (Message::Binary(bytes), kind) => kind.binary.unwrap_or(Encoding::Text).encode(bytes),
                (Message::Text(text), _) => text.as_bytes().to_vec(),
            }
        };
        bytes.push(b'\n');
        Shown { bytes, remark }
    }

    fn on_terminal(self, message: &Message, is_json: bool) -> String {
        let (shown, kept) = match message {
            Message::Text(text) if self.kind.json && is_json && text.len() <= MOST => {
                (json::pretty(text, self.style), text.len())
            }
            Message::Text(text) => {
                let kept =
                    (0..=text.len().min(MOST)).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0);
                (printable(text.get(..kept).unwrap_or_default()), kept)
            }
            Message::Binary(bytes) => {
                let kept = bytes.len().min(MOST_DUMPED);
                let title = self.style.paint(Tone::Dim, &format!("binary, {}", count(bytes.len())));
                let rows = dump(bytes.get(..kept).unwrap_or_default());
                (if rows.is_empty() { title } else { format!("{title}\n{rows}") }, kept)
            }
        };
        let left = message.len() - kept;
        if left == 0 {
            return shown;
        }
        let note = format!("({} more; send the output to a file to have them all)", count(left));
        format!("{shown}\n{}", self.style.paint(Tone::Dim, &note))
    }
}

/// Text of a stranger in lines, with nothing in it that steers a terminal.
pub(super) fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for (number, line) in text.split('\n').enumerate() {
        if number > 0 {
            shown.push('\n');
        }
        let line = line.strip_suffix('\r').unwrap_or(line);
        for (number, part) in line.split('\t').enumerate() {
            if number > 0 {
                shown.push('\t');
            }
            shown.push_str(&Printable(part).to_string());
        }
    }
    shown
}

fn count(bytes: usize) -> String {
    if bytes == 1 { "1 byte".to_owned() } else { format!("{bytes} bytes") }
}

/// An arrow where it begins, and every further line moved in, so that no line of a message looks like another one.
fn marked(shown: &str, style: Style) -> String {
    format!("{} {}", style.paint(Tone::Good, "<"), shown.replace('\n', "\n  "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERMINAL: Style = Style { terminal: true, colours: false };

    fn show(style: Style, interactive: bool, kind: Kind, message: impl Into<Message>) -> String {
        let shown = Show { style, interactive, kind }.message(&message.into());
        String::from_utf8(shown.bytes).expect("UTF-8")
    }

    /// CWE-150: what comes from outside cannot steer the terminal, nor look like another message.
    #[test]
    fn a_terminal_gets_nothing_that_steers_it() {
        let evil = "a\x1b]0;title\x07\x1b[2J\u{9b}31m\u{202e}\r\n< forged\tb";
        let shown = show(TERMINAL, true, Kind::default(), evil);
        assert!(!shown.contains(|c: char| c.is_control() && c != '\n' && c != '\t'), "{shown:?}");
        assert!(!shown.contains('\u{202e}'));
        let lines: Vec<&str> = shown.lines().collect();
        assert!(lines[0].starts_with("< a\\u{1b}]0;title"), "{shown:?}");
        assert_eq!(lines[1], "  < forged\tb");
    }

    #[test]
    fn a_pipe_gets_the_message_as_it_is() {
        assert_eq!(show(Style::PLAIN, false, Kind::default(), "a\x1b[2J\r\nb"), "a\x1b[2J\r\nb\n");
        let shown = Show { style: Style::PLAIN, interactive: false, kind: Kind::default() };
        assert_eq!(shown.message(&Message::binary(vec![0, 255])).bytes, [0, 255, b'\n']);
        let hex = Kind { json: false, binary: Some(Encoding::Hex) };
        assert_eq!(show(Style::PLAIN, false, hex, vec![0, 255]), "00ff\n");
    }

    #[test]
    fn json_is_laid_out_on_a_terminal_and_one_line_elsewhere() {
        let json = Kind { json: true, binary: None };
        assert_eq!(show(Style::PLAIN, false, json, "{\n \"a\": 1 }"), "{\"a\":1}\n");
        assert_eq!(show(TERMINAL, true, json, "{\"a\":1}"), "< {\n    \"a\": 1\n  }\n");
        let odd = Show { style: Style::PLAIN, interactive: false, kind: json }.message(&"a b".into());
        assert_eq!((odd.bytes.as_slice(), odd.remark.is_some()), (&b"a b\n"[..], true));
    }

    #[test]
    fn binary_is_dumped_on_a_terminal_and_all_is_cut_there() {
        let shown = show(TERMINAL, true, Kind::default(), vec![1]);
        assert!(shown.starts_with("< binary, 1 byte\n  00000000  01 "), "{shown}");
        assert_eq!(show(TERMINAL, true, Kind::default(), Vec::new()), "< binary, 0 bytes\n");
        let shown = show(TERMINAL, false, Kind::default(), "é".repeat(MOST).as_str());
        assert!(
            shown.ends_with(&format!("({MOST} bytes more; send the output to a file to have them all)\n"))
        );
        let shown = show(TERMINAL, false, Kind::default(), vec![0; MOST_DUMPED + 1]);
        assert!(shown.contains("(1 byte more;"), "the rest is told");
        assert_eq!(show(Style::PLAIN, false, Kind::default(), "a".repeat(MOST + 1).as_str()).len(), MOST + 2);
    }
}
