//! The page, with what it has to know, and with a policy that lets it do no more than it has to.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA256, digest};
use serde_json::json;

use crate::credentials::Credentials;
use crate::events::TEXT_LIMIT;
use crate::rooms::ROOMS;

const PAGE: &str = include_str!("page.html");

/// The whole page.
pub(crate) fn render(credentials: &Credentials) -> serde_json::Result<String> {
    let rooms = ROOMS.iter().map(|room| (room.id, room.about)).chain([("attic", "There is no such room.")]);
    let setup = json!({
        "rooms": rooms.map(|(id, about)| json!({ "id": id, "about": about })).collect::<Vec<_>>(),
        "credentials": serde_json::to_value(credentials.list())?,
        "text_limit": TEXT_LIMIT,
    });
    // No text in there can end the element that it stands in.
    let setup = setup.to_string().replace('<', "\\u003c");
    Ok(PAGE.replace("{{policy}}", &policy()).replace("{{setup}}", &setup))
}

/// The Content-Security-Policy: nothing but the page's own script, the server's, its style, icon and server.
fn policy() -> String {
    format!(
        "default-src 'none'; script-src 'self' {}; style-src {}; img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'",
        hash("<script type=\"module\">", "</script>"),
        hash("<style>", "</style>"),
    )
}

/// The source of the element between these tags, as the policy names it (CSP level 3, 2.3.1).
fn hash(start: &str, end: &str) -> String {
    let inside = PAGE.split_once(start).and_then(|(_, rest)| rest.split_once(end));
    let content = inside.map_or("", |(content, _)| content);
    format!("'sha256-{}'", STANDARD.encode(digest(&SHA256, content.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_to_fill_in_and_nothing_else_may_run() {
        let page = render(&Credentials::mint().expect("random numbers")).expect("it serializes");
        assert!(!page.contains("{{"), "a placeholder is left");
        assert!(!policy().contains("unsafe"), "{}", policy());
        let nothing = STANDARD.encode(digest(&SHA256, b""));
        assert!(!policy().contains(&nothing), "script and style are found");
        // Neither the policy nor the browser would stand for these.
        for inline in [" style=\"", " onclick=\"", "javascript:"] {
            assert!(!PAGE.contains(inline), "{inline}");
        }
    }
}
