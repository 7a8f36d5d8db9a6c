use proptest::prelude::*;
use ws_core::head::Version;

use super::*;

fn head(host: &str, origins: &[&str]) -> RequestHead {
    let fields = [("Host", host)].into_iter().chain(origins.iter().map(|&origin| ("Origin", origin)));
    RequestHead::from_parts("GET", "/", Version::HTTP_11, fields).unwrap()
}

fn check(policy: &OriginPolicy, host: &str, secure: bool, origin: &str) -> Result<(), OriginError> {
    policy.check(&head(host, &[origin]), &facts(secure))
}

fn facts(secure: bool) -> Facts {
    let mut facts = Facts::new(([192, 0, 2, 1], 4711).into(), std::time::SystemTime::UNIX_EPOCH);
    facts.secure = secure;
    facts
}

const OK: Result<(), OriginError> = Ok(());
const DENIED: Result<(), OriginError> = Err(OriginError::Denied);
const MALFORMED: Result<(), OriginError> = Err(OriginError::Malformed);

/// CWE-1385: pages of other origins, however alike their names.
#[test]
fn cwe_1385_same_origin_matrix() {
    let policy = OriginPolicy::same_origin();
    for (host, secure, origin, expected) in [
        ("example.com", true, "https://example.com", OK),
        ("example.com", false, "http://example.com", OK),
        // Default ports, spelled or not (RFC 6454 4).
        ("example.com", true, "https://example.com:443", OK),
        ("example.com:443", true, "https://example.com", OK),
        ("example.com:80", false, "http://example.com", OK),
        ("example.com:9001", false, "http://example.com:9001", OK),
        // Case of scheme and host.
        ("EXAMPLE.com", true, "HTTPS://example.COM", OK),
        // Scheme.
        ("example.com", true, "http://example.com", DENIED),
        ("example.com", false, "https://example.com", DENIED),
        ("example.com", true, "ftp://example.com", DENIED),
        ("example.com", true, "http://example.com:443", DENIED),
        // Port.
        ("example.com", true, "https://example.com:8443", DENIED),
        ("example.com:9001", false, "http://example.com", DENIED),
        ("example.com:9001", false, "http://example.com:9002", DENIED),
        // Prefix, suffix, subdomain, parent.
        ("example.com", true, "https://evilexample.com", DENIED),
        ("example.com", true, "https://example.com.evil.net", DENIED),
        ("example.com", true, "https://a.example.com", DENIED),
        ("a.example.com", true, "https://example.com", DENIED),
        ("example.com", true, "https://example.co", DENIED),
        ("example.com", true, "https://example.com.", DENIED),
        // What has no origin.
        ("example.com", true, "null", DENIED),
        ("example.com", true, "file://", DENIED),
        ("null", true, "null", DENIED),
        // Addresses.
        ("127.0.0.1:9001", false, "http://127.0.0.1:9001", OK),
        ("127.0.0.1:9001", false, "http://localhost:9001", DENIED),
        ("[::1]:9001", false, "http://[::1]:9001", OK),
        ("[::1]:9001", false, "http://[0:0:0:0:0:0:0:1]:9001", OK),
        ("[::1]:9001", false, "http://[::2]:9001", DENIED),
        ("[::ffff:127.0.0.1]", false, "http://127.0.0.1", DENIED),
        // User information, and everything else that is no origin.
        ("example.com", true, "https://example.com@evil.net", MALFORMED),
        ("example.com", true, "https://evil.net@example.com", MALFORMED),
        ("example.com", true, "https://example.com/", MALFORMED),
        ("example.com", true, "https://example.com/path", MALFORMED),
        ("example.com", true, "https://example.com?query", MALFORMED),
        ("example.com", true, "https://example.com#fragment", MALFORMED),
        ("example.com", true, "https://example.com https://evil.net", MALFORMED),
        ("example.com", true, "https://example.com,https://evil.net", MALFORMED),
        ("example.com", true, "https://example.com\\.evil.net", MALFORMED),
        ("example.com", true, "https://", MALFORMED),
        ("example.com", true, "://example.com", MALFORMED),
        ("example.com", true, "example.com", MALFORMED),
        ("example.com", true, "//example.com", MALFORMED),
        ("example.com", true, "https:example.com", MALFORMED),
        ("example.com", true, "1https://example.com", MALFORMED),
        ("example.com", true, "https://example.com:", OK),
        ("example.com", true, "https://example.com:65536", MALFORMED),
        ("example.com", true, "https://example.com:4x3", MALFORMED),
        ("example.com", true, "https://[example.com]", MALFORMED),
        ("example.com", true, "NULL", MALFORMED),
        ("example.com", true, "", MALFORMED),
        ("example.com", true, "https://exämple.com", MALFORMED),
    ] {
        assert_eq!(check(&policy, host, secure, origin), expected, "{origin} at {host}");
    }
}

#[test]
fn lists_are_exact() {
    let policy =
        OriginPolicy::list(["https://app.example.com", "http://127.0.0.1:3000", "app://shell"]).unwrap();
    for origin in
        ["https://app.example.com", "https://app.example.com:443", "http://127.0.0.1:3000", "app://shell"]
    {
        assert_eq!(check(&policy, "x", true, origin), OK, "{origin}");
    }
    for origin in [
        "http://app.example.com",
        "https://b.app.example.com",
        "https://app.example.com:444",
        "null",
        "https://x",
    ] {
        assert_eq!(check(&policy, "x", true, origin), DENIED, "{origin}");
    }
    assert_eq!(check(&policy.and_same_origin(), "x", true, "https://x"), OK);
}

/// `*.` stands for one or more labels, never for none.
#[test]
fn wildcards_are_for_labels() {
    let policy = OriginPolicy::list(["https://*.example.org"]).unwrap();
    for origin in ["https://a.example.org", "https://a.b.example.org", "https://A.EXAMPLE.ORG:443"] {
        assert_eq!(check(&policy, "x", true, origin), OK, "{origin}");
    }
    for origin in [
        "https://example.org",
        "https://.example.org",
        "https://a..example.org",
        "https://.a.example.org",
        "https://evilexample.org",
        "https://a.example.org.evil.net",
        "https://a.example.org.",
        "http://a.example.org",
        "https://a.example.org:8443",
        "null",
    ] {
        assert_eq!(check(&policy, "x", true, origin), DENIED, "{origin}");
    }
}

#[test]
fn patterns_that_could_surprise_are_refused() {
    for pattern in
        ["example.com", "https://", "https://a/", "https://a/b", "", "https:a", "https://u@a", "null"]
    {
        assert_eq!(OriginPolicy::list([pattern]), Err(OriginPatternError::Malformed), "{pattern}");
    }
    for pattern in [
        "https://*",
        "https://*example.org",
        "https://a.*.example.org",
        "https://*.*.example.org",
        "https://*.127.0.0.1",
        "https://*.[::1]",
        "https://*.a..b",
        "*://example.org",
        "https://example.org:*",
    ] {
        assert_eq!(OriginPolicy::list([pattern]), Err(OriginPatternError::Wildcard), "{pattern}");
    }
}

#[test]
fn any_is_any_origin_but_an_origin() {
    let policy = OriginPolicy::list(["*"]).unwrap();
    assert_eq!(policy, OriginPolicy::any());
    for origin in ["https://evil.net", "null", "file://", "chrome-extension://abc"] {
        assert_eq!(check(&policy, "x", true, origin), OK, "{origin}");
    }
    assert_eq!(check(&policy, "x", true, "https://evil.net/"), MALFORMED);
}

#[test]
fn an_empty_list_is_the_same_origin() {
    assert_eq!(OriginPolicy::list([""; 0]), Ok(OriginPolicy::same_origin()));
}

#[test]
fn absent_and_repeated_origins() {
    for policy in
        [OriginPolicy::same_origin(), OriginPolicy::any(), OriginPolicy::list(["https://a"]).unwrap()]
    {
        assert_eq!(policy.check(&head("a", &[]), &facts(true)), OK);
        assert_eq!(policy.clone().required().check(&head("a", &[]), &facts(true)), Err(OriginError::Missing));
        let twice = head("a", &["https://a", "https://a"]);
        assert_eq!(policy.check(&twice, &facts(true)), Err(OriginError::Repeated));
    }
}

proptest! {
    /// What is not the very same origin is not let in, whatever it looks like.
    #[test]
    fn near_misses_are_denied(origin in "(https?://)?([a.]{0,3}|x@)(example\\.com)?[.:/a0-9]{0,4}") {
        let allowed = check(&OriginPolicy::same_origin(), "example.com", true, &origin).is_ok();
        let same = matches!(&*origin, "https://example.com" | "https://example.com:" | "https://example.com:443" | "https://example.com:0443");
        prop_assert_eq!(allowed, same, "{}", origin);
    }
}
