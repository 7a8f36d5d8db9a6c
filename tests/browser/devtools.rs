//! Chromium's debugging protocol over our own client: commands with numbers, answers in any order, and events.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::Mutex;
use tokio::time::timeout;
use ws_client::Client;
use ws_core::connection::Limits;
use ws_core::net::WebSocket;

/// How long a command, and what a page does after it, may take.
const LIMIT: Duration = Duration::from_secs(30);

/// One answer may hold a whole screenshot.
const LARGE: usize = 64 << 20;

/// A connection to a browser. Clones are the same connection.
#[derive(Clone)]
pub(crate) struct DevTools(Arc<Mutex<Connection>>);

struct Connection {
    socket: WebSocket,
    last_id: u64,
    complaints: Vec<String>,
}

impl DevTools {
    pub(crate) async fn connect(url: &str) -> Self {
        let socket = Client::builder(url)
            .expect("a good URL")
            .limits(Limits { frame: LARGE, message: LARGE, ..Limits::default() })
            .timeout(LIMIT)
            .connect()
            .await
            .expect("the browser lets us in");
        Self(Arc::new(Mutex::new(Connection { socket, last_id: 0, complaints: Vec::new() })))
    }

    /// Sends a command, to a window or to the browser, and waits for its result.
    pub(crate) async fn call(&self, session: Option<&str>, method: &str, params: Value) -> Value {
        let mut connection = self.0.lock().await;
        timeout(LIMIT, connection.call(session, method, params))
            .await
            .unwrap_or_else(|_| panic!("{method} takes too long"))
    }

    /// Opens a window and waits until the page is there.
    pub(crate) async fn open(&self, url: &str) -> Window {
        let created = self.call(None, "Target.createTarget", json!({ "url": "about:blank" })).await;
        let target = json!({ "targetId": created["targetId"], "flatten": true });
        let attached = self.call(None, "Target.attachToTarget", target).await;
        let session = attached["sessionId"].as_str().expect("a session").to_owned();
        let window = Window { devtools: self.clone(), session };
        for domain in ["Page.enable", "Runtime.enable", "Log.enable"] {
            window.call(domain, json!({})).await;
        }
        // Each window behaves as if it were the one in front.
        window.call("Emulation.setFocusEmulationEnabled", json!({ "enabled": true })).await;
        let navigated = window.call("Page.navigate", json!({ "url": url })).await;
        assert_eq!(navigated.get("errorText"), None, "{url}");
        window
            .until(&format!("location.href === {} && document.readyState === 'complete'", json!(url)))
            .await;
        window
    }

    /// What pages have thrown, or done in spite of their Content-Security-Policy.
    pub(crate) async fn complaints(&self) -> Vec<String> {
        self.0.lock().await.complaints.clone()
    }
}

impl Connection {
    async fn call(&mut self, session: Option<&str>, method: &str, params: Value) -> Value {
        self.last_id += 1;
        let id = self.last_id;
        let mut command = json!({ "id": id, "method": method, "params": params });
        if let (Some(session), Value::Object(members)) = (session, &mut command) {
            members.insert("sessionId".to_owned(), session.into());
        }
        self.socket.send(command.to_string()).await.expect("the browser listens");
        loop {
            let message =
                self.socket.recv().await.expect("the browser speaks").expect("and does not go away");
            let mut message: Value = serde_json::from_slice(message.as_bytes()).expect("JSON");
            if message["id"] == id {
                assert_eq!(message.get("error"), None, "{command}");
                return message["result"].take();
            }
            self.notice(&message);
        }
    }

    fn notice(&mut self, event: &Value) {
        let complaint = match event["method"].as_str() {
            Some("Runtime.exceptionThrown") => true,
            Some("Log.entryAdded") => event["params"]["entry"]["source"] == "security",
            _ => false,
        };
        if complaint {
            self.complaints.push(event["params"].to_string());
        }
    }
}

/// A window of the browser with a page in it.
pub(crate) struct Window {
    devtools: DevTools,
    session: String,
}

impl Window {
    async fn call(&self, method: &str, params: Value) -> Value {
        self.devtools.call(Some(&self.session), method, params).await
    }

    /// The value of an expression in the page; a promise is waited for.
    pub(crate) async fn evaluate(&self, expression: &str) -> Value {
        let params = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let mut evaluated = self.call("Runtime.evaluate", params).await;
        assert_eq!(evaluated.get("exceptionDetails"), None, "{expression}");
        evaluated["result"]["value"].take()
    }

    /// Waits until a condition holds in the page.
    pub(crate) async fn until(&self, condition: &str) {
        let begun = Instant::now();
        while self.evaluate(&format!("Boolean({condition})")).await != true {
            if begun.elapsed() > LIMIT {
                let page = self.evaluate("document.body.innerText").await;
                panic!("it never holds: {condition}\nthe page:\n{}", page.as_str().unwrap_or_default());
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }

    /// The text of the element with this selector.
    pub(crate) async fn text(&self, selector: &str) -> String {
        let text = self.evaluate(&format!("document.querySelector({}).textContent", json!(selector))).await;
        text.as_str().unwrap_or_default().to_owned()
    }

    /// Clicks the element with this selector.
    pub(crate) async fn click(&self, selector: &str) {
        self.evaluate(&format!("document.querySelector({}).click()", json!(selector))).await;
    }

    /// Types into the element that has the focus, and presses Enter.
    pub(crate) async fn type_line(&self, text: &str) {
        self.call("Input.insertText", json!({ "text": text })).await;
        for kind in ["keyDown", "keyUp"] {
            let key = json!({ "type": kind, "key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "text": "\r" });
            self.call("Input.dispatchKeyEvent", key).await;
        }
    }
}
