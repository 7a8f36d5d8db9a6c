//! One request, and the answer that it must get to the last byte.

use serde_json::{Value, json};
use tests::wire::{Answer, Peer, Running};
use ws_core::refusal::Cause;
use ws_server::{Route, ServerBuilder};

/// What a request must be refused with.
pub(crate) struct Case<'a> {
    /// What is sent.
    pub(crate) request: &'a [u8],
    /// The code, written out.
    pub(crate) code: &'a str,
    /// The status.
    pub(crate) status: u16,
    /// What the body's detail begins with; the cause's summary where it is empty.
    pub(crate) detail: &'a str,
    /// The fields besides those that every refusal has, in their order.
    pub(crate) fields: &'a [(&'a str, &'a str)],
    /// The members of the body besides those that every problem has.
    pub(crate) members: Value,
    /// Whether the connection is closed after the answer.
    pub(crate) closes: bool,
}

impl Default for Case<'_> {
    fn default() -> Self {
        Self { request: b"", code: "", status: 0, detail: "", fields: &[], members: json!({}), closes: false }
    }
}

impl Case<'_> {
    /// Sends the request on a connection of its own, and checks everything.
    pub(crate) async fn check(&self, running: &Running) -> Cause {
        let mut peer = running.connect().await;
        self.check_on(&mut peer).await
    }

    /// Sends the request on a connection that is there, and checks everything.
    pub(crate) async fn check_on(&self, peer: &mut Peer) -> Cause {
        let shown = String::from_utf8_lossy(self.request);
        peer.send(self.request).await;
        let answer = peer.answer(self.request.starts_with(b"HEAD ")).await;
        let answer = answer.unwrap_or_else(|| panic!("no answer to {shown}"));
        self.compare(&answer, &shown);
        if self.closes {
            peer.end()
                .await
                .unwrap_or_else(|error| panic!("{error} instead of an orderly end after {shown}"));
        } else {
            // RFC 9112 9.3: a connection that is not closed takes the next request.
            let next = peer.ask("GET /page HTTP/1.1\r\nHost: chat.example\r\n\r\n").await;
            assert_eq!((next.head.status(), &*next.body), (200, &b"a page"[..]), "after {shown}");
        }
        self.cause()
    }

    fn cause(&self) -> Cause {
        Cause::from_code(self.code).unwrap_or_else(|| panic!("no such code: {}", self.code))
    }

    fn compare(&self, answer: &Answer, shown: &str) {
        assert_eq!(answer.head.status(), self.status, "{shown}\n{answer:?}");
        let id = answer.field("X-Request-Id").unwrap();
        assert!(id.len() == 24 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
        let date = answer.field("Date").unwrap();
        assert!(date.len() == 29 && date.ends_with(" GMT"), "{date}");
        let refused_by = format!("ws-server; code={}; id={id}", self.code);
        let length = answer.field("Content-Length").unwrap();
        let mut expected = vec![
            ("Content-Type", "application/problem+json"),
            ("Content-Length", length),
            ("Cache-Control", "no-store"),
            ("X-Request-Id", id),
            ("Refused-By", &refused_by),
        ];
        expected.extend_from_slice(self.fields);
        expected.push(("Date", date));
        if self.closes && !expected.iter().any(|(name, _)| *name == "Connection") {
            expected.push(("Connection", "close"));
        }
        // The order is not part of the promise.
        let mut fields = answer.fields();
        fields.sort();
        expected.sort_unstable();
        let fields: Vec<_> = fields.iter().map(|(name, value)| (&**name, &**value)).collect();
        assert_eq!(fields, expected, "{shown}");

        if self.request.starts_with(b"HEAD ") {
            return;
        }
        assert_eq!(answer.body.len().to_string(), length);
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        let cause = self.cause();
        let what = if self.detail.is_empty() { cause.summary() } else { self.detail };
        let mut problem = json!({
            "type": format!("REFUSALS.md#{}", self.code),
            "title": cause.title(),
            "status": self.status,
            "detail": format!("{what} {}", cause.remedy()),
            "code": self.code,
            "request_id": id,
        });
        problem.as_object_mut().unwrap().extend(self.members.as_object().unwrap().clone());
        assert_eq!(body, problem, "{shown}");
    }
}

/// A server with the page that tells whether a connection was kept, and one open route.
pub(crate) async fn start(build: impl FnOnce(ServerBuilder) -> ServerBuilder) -> Running {
    Running::start(|server| {
        build(server.page("/page", "text/plain", "a page").route("/open", Route::new(tests::wire::echo)))
    })
    .await
}
