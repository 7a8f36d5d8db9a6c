//! A handshake that is let in, to be damaged.

use std::fmt::Write as _;
use std::net::Ipv4Addr;

use serde_json::{Value, json};

use crate::secrets;

/// Where requests come from; whoever else is there comes from elsewhere.
pub(crate) const CLIENT: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 5);
/// The origin of the server itself.
pub(crate) const OWN_ORIGIN: &str = "http://chat.example";

/// A request in parts.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) query: String,
    pub(crate) version: &'static str,
    /// The lines of the head, without the credential and the origin.
    pub(crate) fields: Vec<(&'static str, String)>,
    /// The values of `Origin`.
    pub(crate) origins: Vec<&'static str>,
    /// What is different from the claims of a good token; `null` removes.
    pub(crate) claims: Value,
    pub(crate) credential: Credential,
    /// Sent instead of all that.
    pub(crate) raw: Option<&'static [u8]>,
}

/// How somebody says who they are.
#[derive(Clone, Debug)]
pub(crate) enum Credential {
    Nothing,
    /// A token with the claims of the request.
    Bearer,
    /// The same in the query, in a cookie, among the subprotocols.
    Query,
    Cookie,
    Subprotocol,
    /// Another value of `Authorization`.
    Authorization(String),
}

impl Ask {
    /// A handshake of Ann's that every check lets pass.
    pub(crate) fn good() -> Self {
        let fields = [
            ("Host", "chat.example"),
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
            ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Protocol", "chat"),
        ];
        Self {
            method: "GET",
            path: "/chat",
            query: String::new(),
            version: "HTTP/1.1",
            fields: fields.map(|(name, value)| (name, value.to_owned())).into(),
            origins: Vec::new(),
            claims: json!({}),
            credential: Credential::Bearer,
            raw: None,
        }
    }

    /// The only line of this name.
    pub(crate) fn set(&mut self, name: &'static str, value: impl Into<String>) {
        let value = value.into();
        match self.fields.iter_mut().find(|(given, _)| *given == name) {
            Some((_, given)) => *given = value,
            None => self.add(name, value),
        }
    }

    /// One more line.
    pub(crate) fn add(&mut self, name: &'static str, value: impl Into<String>) {
        self.fields.push((name, value.into()));
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.fields.retain(|(given, _)| *given != name);
    }

    /// Makes one claim of the token another one.
    pub(crate) fn claim(&mut self, name: &str, value: Value) {
        self.claims[name] = value;
    }

    /// A plain GET: nothing of an upgrade.
    pub(crate) fn plain(&mut self) {
        for name in
            ["Upgrade", "Connection", "Sec-WebSocket-Key", "Sec-WebSocket-Version", "Sec-WebSocket-Protocol"]
        {
            self.remove(name);
        }
    }

    /// What goes over the wire.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        if let Some(raw) = self.raw {
            return raw.to_vec();
        }
        let token = || secrets::token(&self.claims);
        let (mut query, mut fields) = (self.query.clone(), self.fields.clone());
        match &self.credential {
            Credential::Nothing => {}
            Credential::Bearer => fields.push(("Authorization", format!("Bearer {}", token()))),
            Credential::Authorization(value) => fields.push(("Authorization", value.clone())),
            Credential::Query => query = format!("?access_token={}", token()),
            Credential::Cookie => fields.push(("Cookie", format!("theme=dark; token={}", token()))),
            Credential::Subprotocol => {
                for (_, value) in fields.iter_mut().filter(|(name, _)| *name == "Sec-WebSocket-Protocol") {
                    *value = format!("{value}, bearer, {}", token());
                }
            }
        }
        fields.extend(self.origins.iter().map(|origin| ("Origin", (*origin).to_owned())));
        let mut head = format!("{} {}{query} {}\r\n", self.method, self.path, self.version);
        for (name, value) in fields {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        (head + "\r\n").into_bytes()
    }
}
