//! Words of strangers, fit for a line of a log.

use std::fmt;

/// A text without what could begin a line, or steer a terminal; everything else stays as it is.
pub(crate) struct Printable<'a>(pub(crate) &'a str);

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| match c {
            // Invisible ones, ends of lines and paragraphs, and those that turn the direction of text.
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' => {
                write!(f, "{}", c.escape_unicode())
            }
            c if c.is_control() => write!(f, "{}", c.escape_debug()),
            c => write!(f, "{c}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_forges_is_escaped() {
        let told = Printable("the role \"staff\" isn't there\r\n\u{1b}[31m\u{202e}Grüße").to_string();
        assert_eq!(told, "the role \"staff\" isn't there\\r\\n\\u{1b}[31m\\u{202e}Grüße");
    }
}
