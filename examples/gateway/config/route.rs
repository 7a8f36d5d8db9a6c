//! `[[route]]`: one path, who may come there, and who answers.

use super::choice::Choice as _;
use super::value::Word;
use super::{At, Authentication, Authorization, Compression, Fault, Renewal, Section, UpstreamTarget};

/// One path.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a key of its own")]
pub(crate) struct Route {
    pub(crate) path: At<String>,
    pub(crate) upstream: At<UpstreamTarget>,
    pub(crate) authenticate: Vec<At<Authentication>>,
    pub(crate) authorize: Vec<At<Authorization>>,
    pub(crate) renewal: At<Renewal>,
    pub(crate) origins: Vec<At<OriginPattern>>,
    pub(crate) origin_required: bool,
    pub(crate) scopes: Vec<At<String>>,
    pub(crate) roles: Vec<At<String>>,
    pub(crate) hide: bool,
    pub(crate) subprotocols: Vec<At<Subprotocol>>,
    pub(crate) subprotocol_required: bool,
    pub(crate) compression: At<Compression>,
    pub(crate) forward_credentials: bool,
    pub(crate) pass_upstream_refusals: bool,
}

/// An origin, or a pattern of origins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OriginPattern(pub(crate) String);

impl Word for OriginPattern {
    const WHAT: &'static str = "an origin";
    const EXAMPLE: &'static str = "one in quotes, \"https://app.example.com\"";

    fn parse(text: &str) -> Result<Self, Fault> {
        match ws_server::gate::OriginPolicy::list([text]) {
            Ok(_) => Ok(Self(text.to_owned())),
            Err(source) => Err(Fault::Origin { given: text.to_owned(), source }),
        }
    }
}

/// A subprotocol, which is a token (RFC 6455 4.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Subprotocol(pub(crate) String);

impl Word for Subprotocol {
    const WHAT: &'static str = "a subprotocol";
    const EXAMPLE: &'static str = "one in quotes, \"chat.v1\"";

    fn parse(text: &str) -> Result<Self, Fault> {
        let token = !text.is_empty()
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte));
        if token { Ok(Self(text.to_owned())) } else { Err(Fault::Subprotocol(text.to_owned())) }
    }
}

impl Route {
    pub(super) fn read(section: &Section<'_>) -> Option<Self> {
        let path = section.require("path", "path = \"/rooms/{room}\"");
        let upstream = section.require("upstream", "upstream = \"echo\"");
        let authenticate: Option<At<Vec<At<Authentication>>>> =
            section.require("authenticate", "authenticate = [\"bearer\"]");
        if let Some(list) = authenticate.as_ref().filter(|list| list.is_empty()) {
            let fault = Fault::Empty("write [\"none\"] if everybody may come");
            section.problems().push(list.place.problem(fault));
        }
        let origins: Vec<At<OriginPattern>> = section.get_or("origins", Vec::new());
        let authorize: Vec<At<Authorization>> = section.get_or("authorize", Vec::new());
        let scopes: Vec<At<String>> = section.get_or("scopes", Vec::new());
        let roles: Vec<At<String>> = section.get_or("roles", Vec::new());
        let subprotocols: Vec<At<Subprotocol>> = section.get_or("subprotocols", Vec::new());
        let origin_required = section.get_or("origin_required", false);
        let hide = section.get_or("hide", false);
        let subprotocol_required = section.get_or("subprotocol_required", false);
        let forward_credentials = section.get_or("forward_credentials", false);
        let pass_upstream_refusals = section.get_or("pass_upstream_refusals", false);
        let renewal = section
            .get("renewal")
            .unwrap_or_else(|| At { value: Renewal::Off, place: section.place("renewal") });
        let compression = section
            .get("compression")
            .unwrap_or_else(|| At { value: Compression::Both, place: section.place("compression") });
        if subprotocol_required && subprotocols.is_empty() {
            let place = section.place("subprotocol_required");
            section.problems().push(place.problem(Fault::SubprotocolsMissing));
        }
        let authenticate = authenticate.map(|list| list.value);
        each_once(section, authenticate.as_deref().unwrap_or_default(), |method| method.name());
        each_once(section, &authorize, |method| method.name());
        each_once(section, &subprotocols, |name| &name.0);
        if let Some(UpstreamTarget::Echo) = upstream.as_ref().map(|upstream| &upstream.value) {
            for key in ["forward_credentials", "pass_upstream_refusals"] {
                if section.has(key) {
                    section.problems().push(section.place(key).problem(Fault::EchoHasNo));
                }
            }
        }
        Some(Self {
            path: path?,
            upstream: upstream?,
            authenticate: authenticate?,
            authorize,
            renewal,
            origins,
            origin_required,
            scopes,
            roles,
            hide,
            subprotocols,
            subprotocol_required,
            compression,
            forward_credentials,
            pass_upstream_refusals,
        })
    }

    /// Whether the route takes credentials of this kind.
    pub(crate) fn takes(&self, method: Authentication) -> bool {
        self.authenticate.iter().any(|listed| listed.value == method)
    }
}

fn each_once<T>(section: &Section<'_>, list: &[At<T>], name: impl Fn(&T) -> &str) {
    for (position, element) in list.iter().enumerate() {
        let text = name(element);
        if list.iter().take(position).any(|other| name(other) == text) {
            section.problems().push(element.place.problem(Fault::Repeated(text.to_owned())));
        }
    }
}
