use std::{borrow::Cow, fmt, future::ready};

use super::{Action, Authorization, AuthorizationError, Authorizer, Permit};
use crate::authenticate::{BoxFuture, HandshakeContext, Identity};

/// A small table of rules with names, one for handshakes and one for actions.
///
/// A rule that denies and applies decides, wherever it stands. Otherwise one that allows and applies decides. Where none
/// applies the answer is no if there are rules that allow, by their names, and yes if there are only rules that deny.
/// A table without rules does not decide. The name of the deciding rule is told in `policy-denied` and in the trace.
///
/// ```
/// use ws_server::authorize::Rules;
///
/// let rules = Rules::new()
///     .allow("own-room", |request, who| request.param("room") == who.subject())
///     .allow("staff", |_, who| who.has_role("staff"))
///     .deny("banned", |_, who| who.has_role("banned"))
///     .allow_action("moderation", |action, who| {
///         action.name() != "message:delete" || who.has_role("moderator")
///     });
/// ```
#[derive(Default)]
pub struct Rules {
    handshakes: Table<HandshakeRule>,
    actions: Table<ActionRule>,
}

type HandshakeRule = Box<dyn Fn(&HandshakeContext<'_>, &Identity) -> bool + Send + Sync>;
type ActionRule = Box<dyn Fn(&Action<'_>, &Identity) -> bool + Send + Sync>;

impl Rules {
    /// No rules.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets connect those to whom this applies.
    #[must_use]
    pub fn allow(
        mut self,
        name: impl Into<Cow<'static, str>>,
        applies: impl Fn(&HandshakeContext<'_>, &Identity) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.handshakes.allowing.push((name.into(), Box::new(applies)));
        self
    }

    /// Does not let connect those to whom this applies.
    #[must_use]
    pub fn deny(
        mut self,
        name: impl Into<Cow<'static, str>>,
        applies: impl Fn(&HandshakeContext<'_>, &Identity) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.handshakes.denying.push((name.into(), Box::new(applies)));
        self
    }

    /// Permits those actions to which this applies.
    #[must_use]
    pub fn allow_action(
        mut self,
        name: impl Into<Cow<'static, str>>,
        applies: impl Fn(&Action<'_>, &Identity) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.actions.allowing.push((name.into(), Box::new(applies)));
        self
    }

    /// Does not permit those actions to which this applies.
    #[must_use]
    pub fn deny_action(
        mut self,
        name: impl Into<Cow<'static, str>>,
        applies: impl Fn(&Action<'_>, &Identity) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.actions.denying.push((name.into(), Box::new(applies)));
        self
    }
}

impl Authorizer for Rules {
    fn authorize<'a>(
        &'a self,
        request: &'a HandshakeContext<'a>,
        who: &'a Identity,
    ) -> BoxFuture<'a, Authorization> {
        Box::pin(ready(self.handshakes.decide(|applies| applies(request, who))))
    }

    fn authorize_action<'a>(
        &'a self,
        action: &'a Action<'a>,
        who: &'a Identity,
    ) -> BoxFuture<'a, Authorization> {
        Box::pin(ready(self.actions.decide(|applies| applies(action, who))))
    }
}

impl fmt::Debug for Rules {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Rules")
            .field("allow", &names(&self.handshakes.allowing))
            .field("deny", &names(&self.handshakes.denying))
            .field("allow_action", &names(&self.actions.allowing))
            .field("deny_action", &names(&self.actions.denying))
            .finish()
    }
}

type Named<R> = (Cow<'static, str>, R);

struct Table<R> {
    allowing: Vec<Named<R>>,
    denying: Vec<Named<R>>,
}

impl<R> Default for Table<R> {
    fn default() -> Self {
        Self { allowing: Vec::new(), denying: Vec::new() }
    }
}

impl<R> Table<R> {
    fn decide(&self, applies: impl Fn(&R) -> bool) -> Authorization {
        let first =
            |rules: &[Named<R>]| rules.iter().find(|(_, rule)| applies(rule)).map(|(name, _)| name.clone());
        if let Some(rule) = first(&self.denying) {
            return Err(AuthorizationError::PolicyDenied { rule });
        }
        if let Some(rule) = first(&self.allowing) {
            return Ok(Permit::by(rule));
        }
        match (&*self.allowing, &*self.denying) {
            ([], []) => Err(AuthorizationError::Undecided),
            ([], _) => Ok(Permit::new()),
            ([(only, _)], _) => Err(AuthorizationError::PolicyDenied { rule: only.clone() }),
            (several, _) => Err(AuthorizationError::PolicyDenied { rule: names(several).join(", ").into() }),
        }
    }
}

fn names<R>(rules: &[Named<R>]) -> Vec<&str> {
    rules.iter().map(|(name, _)| &**name).collect()
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use ws_core::head::{RequestHead, Version};

    use super::*;
    use crate::authenticate::{Params, Scheme};

    async fn ask(rules: &Rules, room: &str, role: &str) -> Authorization {
        let head = RequestHead::from_parts("GET", "/", Version::HTTP_11, [("Host", "example.com")]).unwrap();
        let params: Params = [("room", room)].into_iter().collect();
        let request = HandshakeContext::new(&head, ([192, 0, 2, 1], 4711).into(), SystemTime::UNIX_EPOCH)
            .with_params(&params);
        rules.authorize(&request, &who(role)).await
    }

    async fn act(rules: &Rules, name: &str, role: &str) -> Authorization {
        rules.authorize_action(&Action::new(name, "", SystemTime::UNIX_EPOCH), &who(role)).await
    }

    fn who(role: &str) -> Identity {
        Identity::new(Scheme::Bearer).with_subject("ann").with_roles([role])
    }

    fn denied(rule: &'static str) -> Authorization {
        Err(AuthorizationError::PolicyDenied { rule: rule.into() })
    }

    #[tokio::test]
    async fn the_deciding_rule_is_named() {
        let rules = Rules::new()
            .allow("own-room", |request, who| request.param("room") == who.subject())
            .deny("banned", |_, who| who.has_role("banned"))
            .allow("staff", |_, who| who.has_role("staff"));
        assert_eq!(ask(&rules, "ann", "").await, Ok(Permit::by("own-room")));
        assert_eq!(ask(&rules, "bob", "staff").await, Ok(Permit::by("staff")));
        assert_eq!(ask(&rules, "ann", "banned").await, denied("banned"), "wherever the rule stands");
        assert_eq!(ask(&rules, "bob", "").await, denied("own-room, staff"));
        assert_eq!(act(&rules, "read", "staff").await, Err(AuthorizationError::Undecided));
        let text =
            r#"Rules { allow: ["own-room", "staff"], deny: ["banned"], allow_action: [], deny_action: [] }"#;
        assert_eq!(format!("{rules:?}"), text);
    }

    #[tokio::test]
    async fn where_only_some_are_denied_the_others_may() {
        let rules = Rules::new().deny("banned", |_, who| who.has_role("banned"));
        assert_eq!(ask(&rules, "ann", "").await, Ok(Permit::new()));
        assert_eq!(ask(&rules, "ann", "banned").await, denied("banned"));
        assert_eq!(ask(&Rules::new(), "ann", "").await, Err(AuthorizationError::Undecided));
    }

    #[tokio::test]
    async fn actions_have_a_table_of_their_own() {
        let rules = Rules::new()
            .allow_action("readers", |action, _| action.name() == "read")
            .deny_action("muted", |_, who| who.has_role("muted"));
        assert_eq!(act(&rules, "read", "").await, Ok(Permit::by("readers")));
        assert_eq!(act(&rules, "read", "muted").await, denied("muted"));
        assert_eq!(act(&rules, "write", "").await, denied("readers"));
        assert_eq!(ask(&rules, "ann", "").await, Err(AuthorizationError::Undecided));
    }
}
