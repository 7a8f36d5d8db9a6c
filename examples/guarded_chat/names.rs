//! Names: a rule of this chat, which the gate asks like scopes and roles.

use std::future::{Ready, ready};

use url::form_urlencoded;
use ws_server::authenticate::{HandshakeContext, Identity};
use ws_server::authorize::AuthorizationError;

/// The longest name in characters.
const LIMIT: usize = 24;

const RULE: &str = "display-name: 1 to 24 characters, none of them a control character";

/// The authorizer: whoever calls themselves something has a name that others can read.
pub(crate) fn rule(request: &HandshakeContext<'_>, who: &Identity) -> Ready<Result<(), AuthorizationError>> {
    let name = name(request.head().query(), who);
    let good = !name.is_empty() && name.chars().count() <= LIMIT && !name.chars().any(is_unreadable);
    ready(if good { Ok(()) } else { Err(AuthorizationError::PolicyDenied { rule: RULE.into() }) })
}

/// What somebody wants to be called: the parameter `name` of the query, or else the subject of their token.
pub(crate) fn name(query: Option<&str>, who: &Identity) -> String {
    form_urlencoded::parse(query.unwrap_or_default().as_bytes())
        .find(|(key, _)| key == "name")
        .map_or_else(|| who.subject().unwrap_or("somebody").to_owned(), |(_, name)| name.trim().to_owned())
}

/// Control characters, and those that turn the direction of what follows them.
fn is_unreadable(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::time::SystemTime;

    use bytes::BytesMut;
    use ws_core::head::{HeadLimits, HeadReader};

    use super::*;

    fn allowed(query: &str) -> bool {
        let head = format!("GET /rooms/lobby{query} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        let head = HeadReader::new(HeadLimits::default()).read_request(&mut BytesMut::from(&*head));
        let head = head.expect("a good head").expect("a whole head");
        let context = HandshakeContext::new(&head, SocketAddr::from(([127, 0, 0, 1], 1)), SystemTime::now());
        let who = Identity::anonymous().with_subject("ann");
        match rule(&context, &who).into_inner() {
            Ok(()) => true,
            Err(AuthorizationError::PolicyDenied { .. }) => false,
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn a_name_has_between_one_and_24_characters_that_can_be_read() {
        for (query, expected) in [
            ("", true),
            ("?name=Ada", true),
            ("?name=", false),
            ("?name=%20%20", false),
            (&*format!("?name={}", "%C3%BC".repeat(LIMIT)), true),
            (&*format!("?name={}", "x".repeat(LIMIT + 1)), false),
            ("?name=a%00b", false),
            ("?name=a%E2%80%AEb", false),
        ] {
            assert_eq!(allowed(query), expected, "{query}");
        }
        assert_eq!(name(Some("x=1&name=Ada%20L"), &Identity::anonymous()), "Ada L");
        assert_eq!(name(None, &Identity::anonymous().with_subject("ann")), "ann");
    }
}
