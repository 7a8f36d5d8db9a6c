use proptest::prelude::*;

use super::*;

fn at(disclosure: Disclosure) -> Presentation<'static> {
    Presentation { disclosure, ..Presentation::new("0f3b9c", "https://docs.example/refusals") }
}

fn standard(refusal: &Refusal) -> HttpRefusal {
    refusal.to_http(&at(Disclosure::Standard)).unwrap()
}

fn encoded(answer: &HttpRefusal) -> String {
    let mut out = BytesMut::new();
    answer.encode(&mut out);
    String::from_utf8(out.to_vec()).unwrap()
}

fn all(answer: &HttpRefusal, name: &str) -> Vec<String> {
    answer.fields.iter().filter(|(given, _)| *given == name).map(|(_, value)| value.clone()).collect()
}

#[test]
fn a_whole_response() {
    let refusal = Refusal::new(Cause::UpgradeRequired);
    let expected = concat!(
        "HTTP/1.1 426 Upgrade Required\r\n",
        "Content-Type: application/problem+json\r\n",
        "Content-Length: 276\r\n",
        "Cache-Control: no-store\r\n",
        "X-Request-Id: 0f3b9c\r\n",
        "Refused-By: ws-server; code=upgrade-required; id=0f3b9c\r\n",
        "Upgrade: websocket\r\n",
        "Connection: Upgrade\r\n",
        "Sec-WebSocket-Version: 13\r\n",
        "\r\n",
        r#"{"type":"https://docs.example/refusals#upgrade-required","title":"This is a WebSocket address","#,
        r#""status":426,"detail":"A plain GET came to an address that only speaks WebSocket. "#,
        r#"Open it with a WebSocket client: ws:// or wss://.","code":"upgrade-required","#,
        r#""request_id":"0f3b9c"}"#
    );
    assert_eq!(encoded(&standard(&refusal)), expected);
}

/// What every answer has in common, at every level.
#[test]
fn every_cause_carries_what_it_must() {
    for disclosure in [Disclosure::Full, Disclosure::Standard, Disclosure::Minimal] {
        for cause in Cause::ALL {
            let Some(answer) = Refusal::new(*cause).to_http(&at(disclosure)) else {
                assert_eq!(cause.status(), None, "{cause}");
                continue;
            };
            assert_eq!(Some(answer.status), cause.status());
            assert_ne!(reason_phrase(answer.status), "Refused", "{cause}");
            assert_eq!(answer.closes(), cause.closes(), "{cause}");
            assert_eq!(answer.field("Content-Length"), Some(answer.body.len().to_string().as_str()));
            assert_eq!(answer.field("cache-control"), Some("no-store"));
            assert_eq!(answer.field("X-Request-Id"), Some("0f3b9c"));
            for (name, value) in cause.required_fields() {
                match (value, answer.field(name).unwrap()) {
                    (FieldValue::Fixed(value), sent) => assert_eq!(sent, *value, "{cause}"),
                    (FieldValue::Challenges, sent) => assert!(sent.starts_with("Bearer realm="), "{cause}"),
                    (FieldValue::Seconds, sent) => assert!(sent.parse::<u64>().unwrap() > 0, "{cause}"),
                }
            }
            let refused_by = RefusedBy::parse(answer.field("Refused-By").unwrap()).unwrap();
            let problem = Problem::parse(&answer.body).unwrap();
            let told = (disclosure != Disclosure::Minimal).then_some(cause.disclosed());
            assert_eq!((refused_by.cause(), problem.cause()), (told, told));
            assert_eq!(problem.status, cause.status());
        }
    }
}

/// Nothing but the required fields and the identifier may tell two causes of one status apart.
#[test]
fn minimal_has_one_body_a_status() {
    for cause in Cause::ALL {
        for other in Cause::ALL.iter().filter(|other| other.status() == cause.status()) {
            let one = Refusal::new(*cause).detail("one").to_http(&at(Disclosure::Minimal));
            let two = Refusal::new(*other).public_detail("two").to_http(&at(Disclosure::Minimal));
            assert_eq!(one.map(|answer| answer.body), two.map(|answer| answer.body), "{cause} and {other}");
        }
    }
    let answer = Refusal::new(Cause::TokenExpired).to_http(&at(Disclosure::Minimal)).unwrap();
    assert_eq!(answer.field("Refused-By"), Some("ws-server; id=0f3b9c"));
}

/// A resource that is hidden cannot be told from one that does not exist.
#[test]
fn a_hidden_resource_is_one_that_does_not_exist() {
    let hidden = Refusal::new(Cause::ResourceHidden)
        .public_detail("not a member of ops")
        .challenge(Challenge::bearer("ops"))
        .required_scope("ops")
        .supported(["a"])
        .retry_after(Duration::from_secs(9));
    let absent = Refusal::new(Cause::RouteNotFound).detail("no route for /ops");
    for disclosure in [Disclosure::Full, Disclosure::Standard, Disclosure::Minimal] {
        let [hidden, absent] = [&hidden, &absent].map(|it| encoded(&it.to_http(&at(disclosure)).unwrap()));
        assert_eq!(hidden, absent);
        assert!(!hidden.contains("ops"));
    }
}

/// RFC 6750 3.1: the error goes into the Bearer challenge, and only there.
#[test]
fn challenges_say_what_the_rfc_has_them_say() {
    let schemes = [Challenge::bearer("chat"), Challenge::api_key("chat")];
    let sent = |cause| all(&standard(&Refusal::new(cause).challenges(schemes.clone())), "WWW-Authenticate");
    assert_eq!(sent(Cause::CredentialsMissing), [r#"Bearer realm="chat""#, r#"ApiKey realm="chat""#]);
    assert_eq!(sent(Cause::CredentialsRejected), [r#"Bearer realm="chat""#, r#"ApiKey realm="chat""#]);
    let expired = r#"Bearer realm="chat", error="invalid_token", error_description="The token has expired""#;
    assert_eq!(sent(Cause::TokenExpired), [expired, r#"ApiKey realm="chat""#]);

    let refusal = Refusal::new(Cause::ScopeInsufficient)
        .challenge(Challenge::bearer("chat"))
        .required_scope("a\"b\r\n c\\");
    let sent = all(&refusal.to_http(&at(Disclosure::Minimal)).unwrap(), "WWW-Authenticate");
    assert_eq!(sent, [r#"Bearer realm="chat", error="insufficient_scope", scope="a?b   c?""#]);
}

#[test]
fn no_challenge_where_none_is_due() {
    let refusal = Refusal::new(Cause::RoleMissing).challenge(Challenge::bearer("chat"));
    assert_eq!(standard(&refusal).field("WWW-Authenticate"), None);
}

#[test]
fn a_waiting_time_is_in_the_head_and_in_the_body() {
    for (refusal, seconds) in [
        (Refusal::new(Cause::ServerFull), 5),
        (Refusal::new(Cause::RateLimited).retry_after(Duration::from_millis(1500)), 2),
    ] {
        let answer = standard(&refusal);
        assert_eq!(answer.field("Retry-After"), Some(seconds.to_string().as_str()));
        assert_eq!(Problem::parse(&answer.body).unwrap().retry_after, Some(seconds));
    }
}

/// RFC 9112 9.6: `close` beside what stands in Connection already.
#[test]
fn an_answer_can_be_made_the_last_one() {
    let mut upgrade = standard(&Refusal::new(Cause::UpgradeRequired));
    let mut plain = standard(&Refusal::new(Cause::RouteNotFound));
    for (answer, options) in [(&mut upgrade, "Upgrade, close"), (&mut plain, "close")] {
        assert!(!answer.closes());
        answer.close();
        answer.close();
        assert_eq!(all(answer, "Connection"), [options]);
        assert!(answer.closes());
    }
}

/// RFC 9110 9.3.2: the answer to HEAD has the same fields and no body.
#[test]
fn head_requests_get_no_body() {
    let answer = standard(&Refusal::new(Cause::MethodNotAllowed));
    let mut head = BytesMut::new();
    answer.encode_head(&mut head);
    assert_eq!([&head[..], &answer.body].concat(), encoded(&answer).as_bytes());
}

proptest! {
    /// No text can add a line to the head, or end it.
    #[test]
    fn nothing_splits_the_head(
        cause in proptest::sample::select(Cause::ALL),
        text in proptest::collection::vec(r#"[\x00-\x1f"\\;,=:a-zé€-]{0,16}"#, 7),
        foreign in "[\r\n\0a:]{0,8}",
    ) {
        let refusal = Refusal::new(cause)
            .public_detail(text[0].clone())
            .required_scope(text[1].clone())
            .supported([text[2].clone()])
            .challenge(Challenge::bearer(&text[3]));
        let presentation = Presentation {
            name: &text[4],
            request_id: &text[5],
            documentation: &text[6],
            disclosure: Disclosure::Full,
            trace: &[],
        };
        let Some(mut answer) = refusal.to_http(&presentation) else { return Ok(()) };
        answer.fields.push(("X-Other", foreign));
        let sent = encoded(&answer);
        let (head, body) = sent.split_once("\r\n\r\n").unwrap();
        prop_assert_eq!(body.as_bytes(), &answer.body);
        prop_assert_eq!(head.split("\r\n").count(), 1 + answer.fields.len());
        prop_assert!(head.split("\r\n").all(|line| line.bytes().all(|byte| (b' '..=b'~').contains(&byte))));
        prop_assert!(!answer.body.iter().any(u8::is_ascii_control));
    }
}
