//! The path and the query that a server behind is asked for.

use ws_core::head::RequestHead;

/// Whether the path has a segment that stands for another place, `.` or `..`, encoded or not.
///
/// The gateway compares segments as they are; a server behind that resolves them would serve another path than the one
/// whose rules were applied (CWE-22).
pub(super) fn has_dot_segment(path: &str) -> bool {
    path.split('/').any(|segment| {
        // Some servers take a backslash, or what follows a semicolon, for something else than a part of the segment.
        let plain = segment.to_ascii_lowercase().replace("%2e", ".");
        let plain = plain.split([';', '\\']).next().unwrap_or_default();
        matches!(plain, "." | "..")
            || segment.to_ascii_lowercase().contains("%2f..")
            || plain.contains("..%2f")
    })
}

/// The path, or `instead` of it, and the query without these parameters.
pub(super) fn resource(head: &RequestHead, instead: Option<&str>, without: &[String]) -> String {
    let mut resource = instead.unwrap_or(head.path()).to_owned();
    if let Some(query) = head.query() {
        let kept: Vec<&str> = query.split('&').filter(|pair| !without.contains(&name(pair))).collect();
        if !kept.is_empty() {
            resource.push('?');
            resource.push_str(&kept.join("&"));
        }
    }
    resource
}

/// The name of a parameter as the gateway's authenticators read it, decoded.
fn name(pair: &str) -> String {
    let name = pair.split('=').next().unwrap_or_default();
    let decoded = url::form_urlencoded::parse(name.as_bytes()).next();
    decoded.map(|(name, _)| name.into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use ws_core::head::Version;

    use super::*;

    fn asked(target: &str, instead: Option<&str>) -> String {
        let head = RequestHead::from_parts("GET", target, Version::HTTP_11, [("Host", "h")]).expect("valid");
        resource(&head, instead, &["token".to_owned(), "ticket".to_owned()])
    }

    #[test]
    fn the_path_stays_as_it_is_and_credentials_go() {
        for (target, expected) in [
            ("/rooms/caf%C3%A9", "/rooms/caf%C3%A9"),
            ("/r?a=1&b=2", "/r?a=1&b=2"),
            ("/r?token=t", "/r"),
            ("/r?a=1&token=t&b=%20", "/r?a=1&b=%20"),
            ("/r?%74oken=t&ticket=x&a", "/r?a"),
            ("/r?tokens=t", "/r?tokens=t"),
            ("/r?token", "/r"),
            ("/r?", "/r?"),
        ] {
            assert_eq!(asked(target, None), expected, "{target}");
        }
        assert_eq!(asked("/rooms/1?a=1&token=t", Some("/ws")), "/ws?a=1");
    }

    #[test]
    fn segments_that_stand_for_another_place() {
        for path in ["/a/../b", "/..", "/.", "/a/%2e%2E/b", "/a/.%2e", "/a/..;x/b", "/a/..%2fb", "/a/%2F../b"]
        {
            assert!(has_dot_segment(path), "{path}");
        }
        for path in ["/", "/a.b", "/a..b", "/...", "/.hidden", "/a/b.", "/%2e%2e%2e"] {
            assert!(!has_dot_segment(path), "{path}");
        }
    }
}
