use thiserror::Error;

use super::Challenge;
use super::text::is_token_byte;

/// Why the value of a `WWW-Authenticate` field is not a list of challenges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ChallengeListError {
    /// Neither a scheme nor the name of a parameter stands where one has to.
    #[error("no token at byte {0}")]
    TokenExpected(usize),
    /// A parameter without a value.
    #[error("no value at byte {0}")]
    ValueExpected(usize),
    /// A quoted string that does not end.
    #[error("the quoted string at byte {0} does not end")]
    QuoteOpen(usize),
    /// Something else than a comma after a challenge or a parameter.
    #[error("no comma at byte {0}")]
    CommaExpected(usize),
    /// A character that may not stand in a quoted string.
    #[error("a control character at byte {0}")]
    ControlCharacter(usize),
    /// A parameter without a scheme before it.
    #[error("a parameter without a scheme at byte {0}")]
    SchemeMissing(usize),
    /// A parameter that occurs twice in one challenge (RFC 9110 11.2).
    #[error("a repeated parameter at byte {0}")]
    ParameterRepeated(usize),
}

impl Challenge {
    /// Reads the value of one `WWW-Authenticate` field, which may hold several challenges.
    ///
    /// Commas separate both challenges and parameters; they are told apart by what follows, and a
    /// comma inside a quoted string separates nothing (RFC 9110 11.6.1, 5.6.1).
    ///
    /// # Errors
    /// The value does not follow the grammar; the error tells where.
    pub fn parse_list(value: &str) -> Result<Vec<Self>, ChallengeListError> {
        let mut list = List { text: value, at: 0 };
        let mut challenges: Vec<Self> = Vec::new();
        while list.next_element(!challenges.is_empty())? {
            let start = list.at;
            let name = list.token()?;
            if let Some(value) = list.parameter_value()? {
                let challenge = challenges.last_mut().ok_or(ChallengeListError::SchemeMissing(start))?;
                challenge.add(name, value, start)?;
                continue;
            }
            let mut challenge = Self { scheme: name.to_owned(), token68: None, params: Vec::new() };
            if list.spaces() > 0 {
                list.credentials(&mut challenge)?;
            }
            challenges.push(challenge);
        }
        Ok(challenges)
    }

    fn add(&mut self, name: &str, value: String, at: usize) -> Result<(), ChallengeListError> {
        // RFC 9110 11.2: after the scheme comes a token68 or a list of parameters, never both.
        if self.token68.is_some() {
            return Err(ChallengeListError::SchemeMissing(at));
        }
        if self.get(name).is_some() {
            return Err(ChallengeListError::ParameterRepeated(at));
        }
        self.params.push((name.to_owned(), value));
        Ok(())
    }
}

/// The text, and how far it is read.
struct List<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> List<'a> {
    /// Goes to the next element of the list, over empty ones; false at the end.
    fn next_element(&mut self, comma_first: bool) -> Result<bool, ChallengeListError> {
        self.spaces();
        if comma_first && self.peek().is_some_and(|byte| byte != b',') {
            return Err(ChallengeListError::CommaExpected(self.at));
        }
        // RFC 9110 5.6.1.2: a recipient ignores empty list elements.
        while self.peek() == Some(b',') {
            self.at += 1;
            self.spaces();
        }
        Ok(self.peek().is_some())
    }

    /// What follows a scheme: a token68, a first parameter, or nothing.
    fn credentials(&mut self, challenge: &mut Challenge) -> Result<(), ChallengeListError> {
        if matches!(self.peek(), None | Some(b',')) {
            return Ok(());
        }
        if let Some(token68) = self.token68() {
            challenge.token68 = Some(token68.to_owned());
            return Ok(());
        }
        let start = self.at;
        let name = self.token()?;
        match self.parameter_value()? {
            Some(value) => challenge.add(name, value, start),
            None => Err(ChallengeListError::ValueExpected(self.at)),
        }
    }

    /// RFC 9110 11.2: token68, only where it is all that stands before the next comma.
    fn token68(&mut self) -> Option<&'a str> {
        let rest = &self.text[self.at..];
        let is_token68 = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
        let plain = rest.bytes().take_while(|byte| is_token68(*byte)).count();
        let padding = rest.bytes().skip(plain).take_while(|byte| *byte == b'=').count();
        let end = plain + padding;
        let after = rest[end..].trim_start_matches([' ', '\t']);
        if plain == 0 || !(after.is_empty() || after.starts_with(',')) {
            return None;
        }
        self.at += end;
        Some(&rest[..end])
    }

    /// `=` and a value after a parameter's name; `None`, and nothing read, where no `=` follows.
    fn parameter_value(&mut self) -> Result<Option<String>, ChallengeListError> {
        let start = self.at;
        self.spaces();
        if self.peek() != Some(b'=') {
            self.at = start;
            return Ok(None);
        }
        self.at += 1;
        self.spaces();
        match self.peek() {
            Some(b'"') => self.quoted_string().map(Some),
            Some(byte) if is_token_byte(byte) => self.token().map(|token| Some(token.to_owned())),
            _ => Err(ChallengeListError::ValueExpected(self.at)),
        }
    }

    /// RFC 9110 5.6.4: quoted-string, with the pairs resolved.
    fn quoted_string(&mut self) -> Result<String, ChallengeListError> {
        let start = self.at;
        let mut value = String::new();
        let mut chars = self.text[start..].char_indices().skip(1);
        while let Some((offset, c)) = chars.next() {
            let c = match c {
                '"' => {
                    self.at = start + offset + 1;
                    return Ok(value);
                }
                '\\' => chars.next().ok_or(ChallengeListError::QuoteOpen(start))?.1,
                other => other,
            };
            if c.is_ascii_control() && c != '\t' {
                return Err(ChallengeListError::ControlCharacter(start + offset));
            }
            value.push(c);
        }
        Err(ChallengeListError::QuoteOpen(start))
    }

    fn token(&mut self) -> Result<&'a str, ChallengeListError> {
        let rest = &self.text[self.at..];
        let length = rest.bytes().take_while(|byte| is_token_byte(*byte)).count();
        if length == 0 {
            return Err(ChallengeListError::TokenExpected(self.at));
        }
        self.at += length;
        Ok(&rest[..length])
    }

    /// Reads over spaces and tabs, and says how many there were.
    fn spaces(&mut self) -> usize {
        let count = self.text[self.at..].bytes().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        self.at += count;
        count
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(value: &str) -> Vec<String> {
        Challenge::parse_list(value).unwrap().iter().map(ToString::to_string).collect()
    }

    /// The example of RFC 9110 11.6.1.
    #[test]
    fn reads_the_example_of_the_rfc() {
        let value = r#"Basic realm="simple", Newauth realm="apps", type=1, title="Login to \"apps\"""#;
        let parsed = Challenge::parse_list(value).unwrap();
        assert_eq!(parsed.len(), 2);
        assert!(parsed[0].is("basic"));
        assert_eq!(parsed[0].realm(), Some("simple"));
        assert_eq!(parsed[1].scheme(), "Newauth");
        let params: Vec<_> = parsed[1].params().collect();
        assert_eq!(params, [("realm", "apps"), ("type", "1"), ("title", r#"Login to "apps""#)]);
    }

    #[test]
    fn commas_separate_challenges_and_parameters() {
        assert_eq!(parse("Negotiate, Basic realm=x"), ["Negotiate", r#"Basic realm="x""#]);
        assert_eq!(parse(" , ,Negotiate ,, NTLM , "), ["Negotiate", "NTLM"]);
        assert_eq!(parse("Negotiate YII=, Basic realm=x"), ["Negotiate YII=", r#"Basic realm="x""#]);
        assert_eq!(parse("Negotiate YII/+a==\t"), ["Negotiate YII/+a=="]);
        assert_eq!(parse(""), [""; 0]);
    }

    /// RFC 9110 11.2: `realm=` alone is a token68 with padding.
    #[test]
    fn a_name_without_a_value_is_a_token68() {
        assert_eq!(parse("Bearer realm="), ["Bearer realm="]);
    }

    #[test]
    fn says_where_the_grammar_is_broken() {
        use ChallengeListError::{
            CommaExpected, ControlCharacter, ParameterRepeated, QuoteOpen, SchemeMissing, TokenExpected,
            ValueExpected,
        };
        for (value, error) in [
            ("realm=x", SchemeMissing(0)),
            ("Bearer realm=x, error=", ValueExpected(22)),
            ("Bearer a, realm=x", SchemeMissing(10)),
            ("Bearer a b", ValueExpected(8)),
            ("Bearer realm=\"x", QuoteOpen(13)),
            ("Bearer realm=\"x\\", QuoteOpen(13)),
            ("Bearer realm=\"x\ny\"", ControlCharacter(15)),
            ("Bearer realm=x error=y", CommaExpected(15)),
            ("Bearer realm=x, REALM=y", ParameterRepeated(16)),
            ("Bearer @", TokenExpected(7)),
            ("é", TokenExpected(0)),
        ] {
            assert_eq!(Challenge::parse_list(value), Err(error), "{value:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(value in r#"[A-Za-z0-9 ,;="\\\té/+-]{0,40}"#) {
            if let Ok(challenges) = Challenge::parse_list(&value) {
                let sent: Vec<_> = challenges.iter().map(ToString::to_string).collect();
                let again = Challenge::parse_list(&sent.join(", ")).unwrap();
                prop_assert_eq!(again.len(), challenges.len());
            }
        }

        /// Challenges that are written as one field come back one by one.
        #[test]
        fn lists_come_back(realms in proptest::collection::vec("[ -~]{0,12}", 0..5)) {
            let challenges: Vec<_> = realms.iter().map(|realm| Challenge::bearer(realm)).collect();
            let sent: Vec<_> = challenges.iter().map(ToString::to_string).collect();
            prop_assert_eq!(Challenge::parse_list(&sent.join(",")).unwrap(), challenges);
        }
    }
}
