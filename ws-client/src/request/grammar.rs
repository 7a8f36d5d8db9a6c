//! What may stand in a request, and which of it is a credential.

use url::Url;

/// What to do in place of setting this header, where it is not the caller's to set.
pub(super) fn reserved(name: &str) -> Option<&'static str> {
    const INSTEAD: [(&str, &str); 10] = [
        ("Host", "it follows from the URL"),
        ("Upgrade", "the handshake sets it"),
        ("Connection", "the handshake sets it"),
        ("Origin", "use Builder::origin"),
        ("Sec-WebSocket-Protocol", "use Builder::subprotocols"),
        ("Sec-WebSocket-Extensions", "use Builder::compression"),
        ("Content-Length", "a handshake has no body"),
        ("Transfer-Encoding", "a handshake has no body"),
        ("Trailer", "a handshake has no body"),
        ("HTTP2-Settings", "it belongs to another upgrade"),
    ];
    let known = INSTEAD.iter().find(|(reserved, _)| name.eq_ignore_ascii_case(reserved));
    let prefix = name.get(..14).is_some_and(|start| start.eq_ignore_ascii_case("Sec-WebSocket-"));
    known.map(|(_, instead)| *instead).or(prefix.then_some("the handshake sets it"))
}

// RFC 6454 7: "null" or scheme "://" host [ ":" port ]; here as browsers write it, so that a server's list matches.
pub(super) fn is_origin(text: &str) -> bool {
    if text == "null" {
        return true;
    }
    let Ok(url) = Url::parse(text) else { return false };
    if url.origin().is_tuple() {
        return url.origin().ascii_serialization() == text;
    }
    // The origin of another scheme, such as that of a browser extension.
    let authority = text.strip_prefix(url.scheme()).and_then(|rest| rest.strip_prefix("://"));
    authority.is_some_and(|authority| {
        !authority.is_empty()
            && authority.bytes().all(|byte| byte.is_ascii_graphic() && !b"/?#@".contains(&byte))
    })
}

/// Whether a header of this name may say who the caller is, so that it goes to nobody else: by the words in it, for names
/// are many.
pub(super) fn is_credential(name: &str) -> bool {
    const WORDS: [&str; 16] = [
        "access-key",
        "api-key",
        "apikey",
        "auth-",
        "authenti",
        "authoriz",
        "cookie",
        "credential",
        "dpop",
        "jwt",
        "passw",
        "secret",
        "session",
        "subscription-key",
        "ticket",
        "token",
    ];
    let name = name.to_ascii_lowercase();
    name.ends_with("auth") || WORDS.iter().any(|word| name.contains(word))
}

// RFC 6750 2.1: b64token = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="
/// Where a token ceases to be one.
pub(super) fn fault_of_token(token: &str) -> Option<usize> {
    let body = token.trim_end_matches('=');
    let valid = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
    match body.bytes().position(|byte| !valid(byte)) {
        None if body.is_empty() => Some(0),
        position => position,
    }
}

// RFC 6265 4.1.1: cookie-value = *cookie-octet / ( DQUOTE *cookie-octet DQUOTE )
/// Where a cookie's value ceases to be one.
pub(super) fn fault_of_cookie(value: &str) -> Option<usize> {
    let quoted = value.len() >= 2 && value.starts_with('"') && value.ends_with('"');
    let (start, inner) = if quoted { (1, &value[1..value.len() - 1]) } else { (0, value) };
    let valid = |byte: u8| byte.is_ascii_graphic() && !b"\",;\\".contains(&byte);
    inner.bytes().position(|byte| !valid(byte)).map(|position| start + position)
}
