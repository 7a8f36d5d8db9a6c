//! What a question consists of.

use std::{fmt, fmt::Write as _, net::IpAddr};

use http::{HeaderMap, HeaderName, HeaderValue};
use ring::digest::{Context, SHA256};
use url::form_urlencoded;

use crate::{
    authenticate::{HandshakeContext, Identity},
    authorize::Action,
};

/// The fields of one question.
#[derive(Debug, Default)]
pub(super) struct Fields(HeaderMap);

/// What two questions have in common that get the same answer: all of their fields.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Fingerprint(pub(super) [u8; 32]);

/// A value that no field can have.
#[derive(Debug)]
pub(super) struct Unspeakable;

impl Fields {
    /// Whether `who` may connect.
    pub(super) fn of_handshake(
        request: &HandshakeContext<'_>,
        who: &Identity,
        shown: Option<&[String]>,
        forwarded: &[HeaderName],
    ) -> Result<Self, Unspeakable> {
        let mut fields = Self::default();
        fields.add_identity(who)?;
        fields.add("x-auth-action", "connect")?;
        let head = request.head();
        fields.add("x-original-method", head.method())?;
        fields.add("x-original-host", head.fields().get_str("Host").unwrap_or(""))?;
        let query =
            shown.and_then(|except| Some(remaining(head.query()?, except))).filter(|query| !query.is_empty());
        match query {
            Some(query) => fields.add("x-original-uri", &format!("{}?{query}", head.path()))?,
            None => fields.add("x-original-uri", head.path())?,
        }
        fields.add_session(request.route(), Some(request.peer().ip()), request.is_secure())?;
        for name in forwarded {
            for value in head.fields().get_all(name.as_str()) {
                let mut value = HeaderValue::from_bytes(value).map_err(|_| Unspeakable)?;
                value.set_sensitive(true);
                fields.0.append(name, value);
            }
        }
        Ok(fields)
    }

    /// Whether `who` may do this.
    pub(super) fn of_action(action: &Action<'_>, who: &Identity) -> Result<Self, Unspeakable> {
        let mut fields = Self::default();
        fields.add_identity(who)?;
        fields.add("x-auth-action", &encoded(action.name()))?;
        fields.add("x-auth-resource", &encoded(action.resource()))?;
        fields.add("x-original-uri", action.path())?;
        fields.add_session(action.route(), action.peer().map(|peer| peer.ip()), action.is_secure())?;
        Ok(fields)
    }

    /// Each field with its length, so that what is in one cannot be taken for what is in the next.
    pub(super) fn fingerprint(&self) -> Fingerprint {
        let mut digest = Context::new(&SHA256);
        let mut names: Vec<_> = self.0.keys().collect();
        names.sort_unstable_by_key(|name| name.as_str());
        for name in names {
            for value in self.0.get_all(name) {
                for part in [name.as_str().as_bytes(), value.as_bytes()] {
                    digest.update(&part.len().to_be_bytes());
                    digest.update(part);
                }
            }
        }
        let mut fingerprint = [0; 32];
        fingerprint.copy_from_slice(digest.finish().as_ref());
        Fingerprint(fingerprint)
    }

    pub(super) fn into_headers(self) -> HeaderMap {
        self.0
    }

    fn add_identity(&mut self, who: &Identity) -> Result<(), Unspeakable> {
        self.add("x-auth-scheme", &encoded(who.scheme().name()))?;
        self.add("x-auth-subject", &encoded(who.subject().unwrap_or("")))?;
        self.add("x-auth-issuer", &encoded(who.issuer().unwrap_or("")))?;
        self.add("x-auth-roles", &list(who.roles(), ","))?;
        // RFC 6749 3.3: scopes have spaces between them.
        self.add("x-auth-scopes", &list(who.scopes(), " "))
    }

    fn add_session(&mut self, route: &str, client: Option<IpAddr>, secure: bool) -> Result<(), Unspeakable> {
        self.add("x-original-route", route)?;
        if let Some(client) = client {
            self.add("x-forwarded-for", &client.to_canonical().to_string())?;
        }
        self.add("x-forwarded-proto", if secure { "https" } else { "http" })
    }

    fn add(&mut self, name: &'static str, value: &str) -> Result<(), Unspeakable> {
        if !value.is_empty() {
            let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| Unspeakable)?;
            self.0.insert(HeaderName::from_static(name), value);
        }
        Ok(())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Fingerprint")
    }
}

fn list(items: &[String], between: &str) -> String {
    items.iter().map(|item| encoded(item)).collect::<Vec<_>>().join(between)
}

/// RFC 3986 2.1, of whatever is not visible ASCII or would be taken for something else.
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'%' | b',' | ..=b' ' | 0x7f.. => _ = write!(encoded, "%{byte:02X}"),
            visible => encoded.push(char::from(visible)),
        }
    }
    encoded
}

/// The query without these parameters, however their names are written.
fn remaining(query: &str, except: &[String]) -> String {
    let stays = |pair: &&str| {
        let name = form_urlencoded::parse(pair.as_bytes()).next().map(|(name, _)| name);
        !name.is_some_and(|name| except.iter().any(|except| *except == name))
    };
    query.split('&').filter(stays).collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::authenticate::Scheme;

    #[test]
    fn a_parameter_is_left_out_however_it_is_written() {
        let except = ["token".to_owned(), "a b".to_owned()];
        for (query, left) in [
            ("token=1", ""),
            ("a=1&token=2&b=3", "a=1&b=3"),
            ("%74oken=1&x", "x"),
            ("token&token=2&Token=3", "Token=3"),
            ("a+b=1&a%20b=2&ab=3", "ab=3"),
            ("x=token&&=", "x=token&&="),
        ] {
            assert_eq!(remaining(query, &except), left, "{query}");
        }
    }

    #[test]
    fn a_list_is_read_as_it_was_meant() {
        assert_eq!(
            list(&["a,admin".into(), "50%".into(), "é b\r\nX: y".into()], ","),
            "a%2Cadmin,50%25,%C3%A9%20b%0D%0AX:%20y"
        );
    }

    proptest! {
        #[test]
        fn whatever_somebody_is_called_is_one_value(name in ".*", role in ".*") {
            let who = Identity::new(Scheme::Bearer).with_subject(&*name).with_roles([role.clone(), "x".into()]);
            let mut fields = Fields::default();
            fields.add_identity(&who).unwrap();
            let value = |name: &str| fields.0.get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
            prop_assert_eq!(value("x-auth-roles").matches(',').count(), 1);
            let decoded = |text: &str| {
                let text = text.replace('+', "%2B");
                form_urlencoded::parse(text.as_bytes()).next().map(|(name, value)| if value.is_empty() { name } else { value }.into_owned())
            };
            prop_assume!(!name.contains(['&', '=']));
            prop_assert_eq!(decoded(&value("x-auth-subject")).unwrap_or_default(), name);
        }
    }
}
