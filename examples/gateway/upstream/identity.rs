//! The identity as header fields.

use std::fmt::Write as _;

use ws_server::authenticate::Identity;

/// Who it is.
pub(crate) const SUBJECT: &str = "X-Auth-Subject";
/// Roles, with commas between them.
pub(crate) const ROLES: &str = "X-Auth-Roles";
/// Scopes, with spaces between them (RFC 6749 3.3).
pub(crate) const SCOPES: &str = "X-Auth-Scopes";

/// The fields that tell who it is; none of somebody anonymous, and none that would be empty.
pub(super) fn fields(who: &Identity) -> impl Iterator<Item = (&'static str, String)> {
    let join = |words: &[String], between: &str| {
        words.iter().map(|word| encoded(word)).collect::<Vec<_>>().join(between)
    };
    let fields = [
        (SUBJECT, who.subject().map(encoded).unwrap_or_default()),
        (ROLES, join(who.roles(), ",")),
        (SCOPES, join(who.scopes(), " ")),
    ];
    fields.into_iter().filter(|(_, value)| !value.is_empty())
}

/// A name in characters that no header field, and no list in one, takes for its own: everything but visible ASCII, and
/// `,` and `%`, is percent-encoded as UTF-8 (RFC 3986 2.1).
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_graphic() && !b",%".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use ws_server::authenticate::Scheme;

    use super::*;

    #[test]
    fn names_cannot_become_fields_or_other_names() {
        let who = Identity::new(Scheme::Bearer)
            .with_subject("ann\r\nX-Auth-Roles: admin")
            .with_roles(["a,admin", "caf\u{e9}", "100%"])
            .with_scopes(["chat:read", "a b"]);
        let fields: Vec<(&str, String)> = fields(&who).collect();
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, &**value)).collect();
        assert_eq!(
            fields,
            [
                (SUBJECT, "ann%0D%0AX-Auth-Roles:%20admin"),
                (ROLES, "a%2Cadmin,caf%C3%A9,100%25"),
                (SCOPES, "chat:read a%20b"),
            ]
        );
        assert_eq!(super::fields(&Identity::anonymous()).count(), 0);
    }
}
