use std::{borrow::Cow, fmt, sync::Arc};

use super::{
    Action, Authorization, AuthorizationError, Authorizer, Permit,
    error::Weight,
    logic::{All, Any, Fold},
};
use crate::authenticate::{BoxFuture, HandshakeContext, Identity};

/// Says yes where one of its authorizers does and none says no, as a route does with its own.
///
/// They are asked in their order up to the first no, which is the answer. Where somebody cannot be asked the others still
/// are: a no stands whatever the rest would say. Without authorizers it does not decide.
#[derive(Clone, Default)]
pub struct AllOf(Vec<Arc<dyn Authorizer>>);

/// Says yes where one of its authorizers does.
///
/// They are asked in their order up to the first yes. Without one the answer is, in this order: that somebody could not
/// be asked, who might have said yes; the most informative no; that nobody decides. A no that hides the resource
/// ([`AuthorizationError::ResourceHidden`]) comes before missing scopes, these before a missing role, and that before a
/// rule; of equals the first is told.
///
/// ```
/// use ws_server::authorize::{AnyOf, Roles, Rules};
///
/// let owner = Rules::new().allow("own-room", |request, who| request.param("room") == who.subject());
/// let owner_or_admin = AnyOf::new().or(Roles::all(["admin"])).or(owner);
/// ```
#[derive(Clone, Default)]
pub struct AnyOf(Vec<Arc<dyn Authorizer>>);

/// Says yes where another says no, and no, by the name of its rule, where the other says yes.
///
/// Whoever cannot be asked is not turned into a yes, and whoever does not decide still does not.
///
/// ```
/// use ws_server::authorize::{Not, Roles};
///
/// let nobody_suspended = Not::new("suspended", Roles::all(["suspended"]));
/// ```
#[derive(Clone, Debug)]
pub struct Not<A> {
    rule: Cow<'static, str>,
    authorizer: A,
}

impl AllOf {
    /// Nobody to ask yet.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Asks one more.
    #[must_use]
    pub fn and(mut self, authorizer: impl Authorizer) -> Self {
        self.0.push(Arc::new(authorizer));
        self
    }
}

impl AnyOf {
    /// Nobody to ask yet.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Asks one more, if none before has said yes.
    #[must_use]
    pub fn or(mut self, authorizer: impl Authorizer) -> Self {
        self.0.push(Arc::new(authorizer));
        self
    }
}

impl<A: Authorizer> Not<A> {
    /// Turns what `authorizer` says into its opposite, as the rule of this name.
    pub fn new(rule: impl Into<Cow<'static, str>>, authorizer: A) -> Self {
        Self { rule: rule.into(), authorizer }
    }

    fn turn(&self, answer: Authorization) -> Authorization {
        match answer {
            Ok(_) => Err(AuthorizationError::PolicyDenied { rule: self.rule.clone() }),
            Err(error) => match error.weight() {
                Weight::Denial(_) => Ok(Permit::by(self.rule.clone())),
                Weight::Failure | Weight::Abstention => Err(error),
            },
        }
    }
}

impl Authorizer for AllOf {
    fn authorize<'a>(
        &'a self,
        request: &'a HandshakeContext<'a>,
        who: &'a Identity,
    ) -> BoxFuture<'a, Authorization> {
        Box::pin(fold::<All>(&self.0, |authorizer| authorizer.authorize(request, who)))
    }

    fn authorize_action<'a>(
        &'a self,
        action: &'a Action<'a>,
        who: &'a Identity,
    ) -> BoxFuture<'a, Authorization> {
        Box::pin(fold::<All>(&self.0, |authorizer| authorizer.authorize_action(action, who)))
    }
}

impl Authorizer for AnyOf {
    fn authorize<'a>(
        &'a self,
        request: &'a HandshakeContext<'a>,
        who: &'a Identity,
    ) -> BoxFuture<'a, Authorization> {
        Box::pin(fold::<Any>(&self.0, |authorizer| authorizer.authorize(request, who)))
    }

    fn authorize_action<'a>(
        &'a self,
        action: &'a Action<'a>,
        who: &'a Identity,
    ) -> BoxFuture<'a, Authorization> {
        Box::pin(fold::<Any>(&self.0, |authorizer| authorizer.authorize_action(action, who)))
    }
}

impl<A: Authorizer> Authorizer for Not<A> {
    fn authorize<'a>(
        &'a self,
        request: &'a HandshakeContext<'a>,
        who: &'a Identity,
    ) -> BoxFuture<'a, Authorization> {
        Box::pin(async move { self.turn(self.authorizer.authorize(request, who).await) })
    }

    fn authorize_action<'a>(
        &'a self,
        action: &'a Action<'a>,
        who: &'a Identity,
    ) -> BoxFuture<'a, Authorization> {
        Box::pin(async move { self.turn(self.authorizer.authorize_action(action, who).await) })
    }
}

async fn fold<'a, F: Fold>(
    authorizers: &'a [Arc<dyn Authorizer>],
    ask: impl Fn(&'a dyn Authorizer) -> BoxFuture<'a, Authorization>,
) -> Authorization {
    let mut answers = F::default();
    for authorizer in authorizers {
        if answers.add(ask(&**authorizer).await).is_break() {
            break;
        }
    }
    answers.finish()
}

impl fmt::Debug for AllOf {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("AllOf").field("authorizers", &self.0.len()).finish()
    }
}

impl fmt::Debug for AnyOf {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("AnyOf").field("authorizers", &self.0.len()).finish()
    }
}
