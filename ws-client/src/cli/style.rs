//! Colours, where they are wanted, and the width of the terminal.

use std::io::{self, IsTerminal};

/// The widest text that reads well.
const WIDEST: usize = 100;
/// Where the width is not known.
const USUAL: usize = 80;
const NARROWEST: usize = 40;

/// How to write to one stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Style {
    /// Whether a terminal shows it.
    pub(super) terminal: bool,
    /// Whether it takes colours.
    pub(super) colours: bool,
}

/// What a piece of text is, told by its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Plain,
    Dim,
    Bad,
    Good,
    Key,
    Text,
    Number,
}

impl Style {
    /// Neither terminal nor colours.
    #[cfg(test)]
    pub(super) const PLAIN: Self = Self { terminal: false, colours: false };

    pub(super) fn of(stream: &impl IsTerminal, no_color: bool) -> Self {
        let terminal = stream.is_terminal();
        Self { terminal, colours: terminal && !no_color && is_welcome() }
    }

    pub(super) fn paint(self, tone: Tone, text: &str) -> String {
        let code = match tone {
            Tone::Plain => return text.to_owned(),
            Tone::Dim => "2",
            Tone::Bad => "1;31",
            Tone::Key => "34",
            Tone::Good | Tone::Text => "32",
            Tone::Number => "36",
        };
        if self.colours { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// The columns that text on stderr may take.
pub(super) fn width() -> usize {
    let told = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let columns = told.or_else(|| if io::stderr().is_terminal() { measured() } else { None });
    columns.unwrap_or(USUAL).clamp(NARROWEST, WIDEST)
}

/// Lines of at most `width` columns, the ones after the first begun with `indent` spaces.
pub(super) fn wrap(text: &str, width: usize, indent: usize) -> String {
    let mut wrapped = String::new();
    let mut column = indent;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if column > indent && column + 1 + length > width {
            wrapped.push('\n');
            wrapped.push_str(&" ".repeat(indent));
            column = indent;
        } else if column > indent {
            wrapped.push(' ');
            column += 1;
        }
        wrapped.push_str(word);
        column += length;
    }
    wrapped
}

// https://no-color.org: any value but an empty one.
fn is_welcome() -> bool {
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    !no_color && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// What the terminal says, which the line editor knows how to ask.
fn measured() -> Option<usize> {
    let (columns, _) = rustyline::DefaultEditor::new().ok()?.dimensions()?;
    (columns > 0).then_some(usize::from(columns))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_at_the_width() {
        let text = wrap("one two three four five six", 14, 4);
        assert_eq!(text, "one two\n    three four\n    five six");
        assert!(wrap("incomprehensibilities", 10, 2).len() > 10, "a word is not broken");
    }

    #[test]
    fn colours_are_an_addition() {
        assert_eq!(Style::PLAIN.paint(Tone::Bad, "no"), "no");
        let coloured = Style { terminal: true, colours: true };
        assert_eq!(coloured.paint(Tone::Bad, "no"), "\x1b[1;31mno\x1b[0m");
        assert_eq!(coloured.paint(Tone::Plain, "no"), "no");
    }
}
