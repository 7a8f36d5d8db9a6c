//! Introspection against a scripted endpoint.

mod answers;
mod asking;
mod faults;
mod judging;

use std::{
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use serde_json::{Value, json};
use ws_core::{
    head::{RequestHead, Version},
    refusal::Cause,
};

use super::Introspection;
use crate::{
    authenticate::{AuthenticationError, Authenticator, HandshakeContext, Identity},
    fetch::{
        FetchConfig,
        scripted::{Reply, Scripted},
    },
};

/// Long enough to outlast no test.
const LONG: Duration = Duration::from_secs(600);

/// An endpoint that says what it is told to say, of every token.
struct Issuer {
    server: Scripted,
    says: Arc<Mutex<Reply>>,
}

impl Issuer {
    async fn start(says: &Value) -> Self {
        let says = Arc::new(Mutex::new(Reply::Answer(200, says.to_string())));
        let said = Arc::clone(&says);
        let server = Scripted::start(move |_| said.lock().unwrap().clone()).await;
        Self { server, says }
    }

    fn says(&self, says: &Value) {
        self.replies(Reply::Answer(200, says.to_string()));
    }

    fn replies(&self, reply: Reply) {
        *self.says.lock().unwrap() = reply;
    }

    /// How often it was asked.
    fn asked(&self) -> usize {
        self.server.asked().len()
    }

    fn introspection(&self) -> Introspection {
        // Time enough for every answer, on a machine as busy as it likes.
        let config = FetchConfig::new().time_limit(Duration::from_secs(20));
        Introspection::new("chat", &self.server.url("/introspect")).unwrap().fetch(config)
    }
}

fn active() -> Value {
    json!({ "active": true, "sub": "ann", "scope": "chat:read chat:write" })
}

fn inactive() -> Value {
    json!({ "active": false })
}

fn seconds_from_now(seconds: i64) -> i64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    i64::try_from(now).unwrap() + seconds
}

async fn identify(by: &Introspection, token: &str) -> Result<Identity, AuthenticationError> {
    identify_at(by, token, SystemTime::now()).await
}

async fn identify_at(
    by: &Introspection,
    token: &str,
    now: SystemTime,
) -> Result<Identity, AuthenticationError> {
    let authorization = format!("Bearer {token}");
    let fields = [("Host", "example.com"), ("Authorization", &authorization)];
    let head = RequestHead::from_parts("GET", "/", Version::HTTP_11, fields).unwrap();
    by.authenticate(&HandshakeContext::new(&head, ([127, 0, 0, 1], 1).into(), now)).await
}

/// Why the token is refused, if it is.
async fn cause(by: &Introspection, token: &str) -> Option<Cause> {
    identify(by, token).await.err().map(|error| error.cause())
}
