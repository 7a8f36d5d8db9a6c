//! How a handshake or an action becomes a question in Cedar's terms.

use std::{
    collections::{HashMap, HashSet},
    error::Error,
    net::SocketAddr,
    time::SystemTime,
};

use cedar_policy::{Context, EntityId, EntityTypeName, EntityUid, RestrictedExpression as Expression};
use serde_json::Value;

use super::{CedarError, entities::Known};
use crate::{
    authenticate::{HandshakeContext, Identity, Params},
    authorize::Action,
    calendar::civil,
};

/// What is asked.
#[derive(Clone, Copy)]
pub(super) struct Question<'a> {
    pub(super) action: &'a str,
    pub(super) resource: &'a str,
    path: &'a str,
    route: &'a str,
    params: Option<&'a Params>,
    secure: bool,
    peer: Option<SocketAddr>,
    now: SystemTime,
}

/// The names of the entity types, in the namespace that is configured.
#[derive(Clone, Debug)]
pub(super) struct Names {
    namespace: String,
    user: EntityTypeName,
    anonymous: EntityTypeName,
    role: EntityTypeName,
    action: EntityTypeName,
    path: EntityTypeName,
    route: EntityTypeName,
    resource: EntityTypeName,
}

impl<'a> Question<'a> {
    pub(super) fn of_handshake(request: &HandshakeContext<'a>) -> Self {
        Self {
            action: "connect",
            resource: "",
            path: request.head().path(),
            route: request.route(),
            params: request.params(),
            secure: request.is_secure(),
            peer: Some(request.peer()),
            now: request.now(),
        }
    }

    pub(super) const fn of_action(action: &Action<'a>) -> Self {
        Self {
            action: action.name(),
            resource: action.resource(),
            path: action.path(),
            route: action.route(),
            params: action.params(),
            secure: action.is_secure(),
            peer: action.peer(),
            now: action.now(),
        }
    }

    /// The entity that the action is upon, in its route.
    pub(super) fn resource(&self, names: &Names, by_param: Option<&(String, EntityTypeName)>) -> Known {
        let uid = if self.resource.is_empty() {
            let param = by_param.and_then(|(name, r#type)| Some((r#type, self.params?.get(name)?)));
            let (r#type, id) = param.unwrap_or((&names.path, self.path));
            uid_of(r#type, id)
        } else {
            names.of_resource(self.resource)
        };
        let route = (!self.route.is_empty()).then(|| uid_of(&names.route, self.route));
        // Nothing is in itself: a route that is the resource has no other.
        let parents = route.into_iter().filter(|route| *route != uid).collect();
        Known { uid, attributes: HashMap::new(), parents }
    }

    pub(super) fn context(&self, with_time: bool) -> Result<Context, Box<dyn Error>> {
        let params = self.params.into_iter().flat_map(Params::iter);
        let params = params.map(|(name, value)| (name.to_owned(), text(value)));
        let mut pairs = vec![
            ("path".to_owned(), text(self.path)),
            ("route".to_owned(), text(self.route)),
            // The table of routes has no parameter twice.
            ("params".to_owned(), record(params.collect())),
            ("secure".to_owned(), Expression::new_bool(self.secure)),
        ];
        if let Some(peer) = self.peer {
            pairs.push(("address".to_owned(), Expression::new_ip(peer.ip().to_canonical().to_string())));
        }
        if with_time && let Some(now) = datetime(self.now) {
            pairs.push(("now".to_owned(), Expression::new_datetime(now)));
        }
        Ok(Context::from_pairs(pairs)?)
    }
}

impl Names {
    pub(super) fn new(namespace: &str) -> Result<Self, CedarError> {
        let name = |name: &str| type_name(namespace, name);
        Ok(Self {
            namespace: namespace.to_owned(),
            user: name("User")?,
            anonymous: name("Anonymous")?,
            role: name("Role")?,
            action: name("Action")?,
            path: name("Path")?,
            route: name("Route")?,
            resource: name("Resource")?,
        })
    }

    pub(super) fn named(&self, name: &str) -> Result<EntityTypeName, CedarError> {
        type_name(&self.namespace, name)
    }

    pub(super) fn action(&self, name: &str) -> EntityUid {
        uid_of(&self.action, name)
    }

    pub(super) fn principal(&self, who: &Identity, claims: &[String]) -> Known {
        if who.is_anonymous() {
            let uid = uid_of(&self.anonymous, "anonymous");
            return Known { uid, attributes: HashMap::new(), parents: HashSet::new() };
        }
        let claims = claims.iter().filter_map(|name| Some((name.clone(), value(who.claims().get(name)?)?)));
        let mut attributes = HashMap::from([
            ("roles".to_owned(), texts(who.roles())),
            ("scopes".to_owned(), texts(who.scopes())),
            ("scheme".to_owned(), text(who.scheme().name())),
            ("claims".to_owned(), record(claims.collect())),
        ]);
        if let Some(issuer) = who.issuer() {
            attributes.insert("issuer".to_owned(), text(issuer));
        }
        let parents = who.roles().iter().map(|role| uid_of(&self.role, role)).collect();
        Known { uid: uid_of(&self.user, who.subject().unwrap_or("")), attributes, parents }
    }

    /// `TYPE/ID`, or a text that is no such thing.
    fn of_resource(&self, resource: &str) -> EntityUid {
        let typed = resource.split_once('/').and_then(|(name, id)| Some((self.named(name).ok()?, id)));
        match typed {
            Some((r#type, id)) => uid_of(&r#type, id),
            None => uid_of(&self.resource, resource),
        }
    }
}

fn type_name(namespace: &str, name: &str) -> Result<EntityTypeName, CedarError> {
    let full = if namespace.is_empty() { name.to_owned() } else { format!("{namespace}::{name}") };
    full.parse().map_err(|_| CedarError::Name { name: full })
}

fn uid_of(r#type: &EntityTypeName, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(r#type.clone(), EntityId::new(id))
}

fn text(text: &str) -> Expression {
    Expression::new_string(text.to_owned())
}

fn texts(texts: &[String]) -> Expression {
    Expression::new_set(texts.iter().map(|one| text(one)))
}

fn record(members: HashMap<String, Expression>) -> Expression {
    // A map has no key twice, which is all that can be wrong.
    Expression::new_record(members).unwrap_or_else(|_| Expression::new_set([]))
}

/// Cedar has no null and no fractions; they are left out.
fn value(json: &Value) -> Option<Expression> {
    match json {
        Value::Null => None,
        Value::Bool(truth) => Some(Expression::new_bool(*truth)),
        Value::Number(number) => number.as_i64().map(Expression::new_long),
        Value::String(one) => Some(text(one)),
        Value::Array(values) => Some(Expression::new_set(values.iter().filter_map(value))),
        Value::Object(members) => Some(record(
            members.iter().filter_map(|(name, member)| Some((name.clone(), value(member)?))).collect(),
        )),
    }
}

/// RFC 3339 in UTC, to the second, for the years that Cedar knows.
fn datetime(time: SystemTime) -> Option<String> {
    let seconds = time.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs();
    let (year, month, day) = civil(seconds / 86_400);
    if year > 9999 {
        return None;
    }
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    Some(format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn times_are_dates() {
        let at = |seconds| datetime(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_800, "2000-03-01T00:00:00Z"),
            (1_764_000_000, "2025-11-24T16:00:00Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(at(seconds).as_deref(), Some(text));
        }
        assert_eq!(at(253_402_300_800), None);
        assert_eq!(datetime(SystemTime::UNIX_EPOCH - Duration::from_secs(1)), None);
    }

    #[test]
    fn a_resource_has_a_type_or_is_one_of_no_other() {
        let names = Names::new("Chat").unwrap();
        let resource = |text| names.of_resource(text).to_string();
        assert_eq!(resource("Message/17"), r#"Chat::Message::"17""#);
        assert_eq!(resource("Message/a/b"), r#"Chat::Message::"a/b""#);
        assert_eq!(resource("17"), r#"Chat::Resource::"17""#);
        assert_eq!(resource("a b/c"), r#"Chat::Resource::"a b/c""#);
        assert_eq!(resource(r#"Message/" || true || ""#), r#"Chat::Message::"\" || true || \"""#);
        assert!(matches!(Names::new("no name"), Err(CedarError::Name { name }) if name == "no name::User"));
    }
}
