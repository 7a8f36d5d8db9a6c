use std::{
    error::Error,
    fmt,
    future::ready,
    sync::{Arc, PoisonError, RwLock},
};

use cedar_policy::{EntityTypeName, Request};

use super::{
    CedarError, CedarPolicies,
    question::{Names, Question},
};
use crate::{
    authenticate::{BoxFuture, HandshakeContext, Identity},
    authorize::{Action, Authorization, AuthorizationError, Authorizer},
};

/// Decides about handshakes and actions by Cedar policies; the [module](super) says what they see.
///
/// The policies that decide are named, by their `@id`, in `policy-denied` and in the trace. A decision takes some tens of
/// microseconds and is made at once. Clones share their policies, so that one of them can replace those of all.
///
/// ```
/// use ws_server::authorize::cedar::{Cedar, CedarPolicies, CedarSource};
/// use ws_server::{Route, Session};
///
/// let source = CedarSource::new(
///     r#"
///     @id("own-room")
///     permit(principal is User, action == Action::"connect", resource)
///     when { context.params.room == principal.claims.home };
///
///     @id("moderation")
///     permit(principal in Role::"moderator", action in [Action::"connect", Action::"message:delete"], resource);
///
///     @id("not-from-the-lab")
///     forbid(principal, action, resource)
///     when { context.address.isInRange(ip("192.0.2.0/24")) };
///     "#,
/// );
/// let cedar = Cedar::new(CedarPolicies::new(&source)?).claims(["home"]);
/// let route = Route::new(|_: Session| async {}).authorize(cedar.clone());
/// // Later, when the files have changed; if they are broken the old policies stay.
/// cedar.replace(CedarPolicies::new(&source)?);
/// # Ok::<(), ws_server::authorize::cedar::CedarError>(())
/// ```
#[derive(Clone)]
pub struct Cedar {
    policies: Arc<RwLock<Arc<CedarPolicies>>>,
    names: Names,
    by_param: Option<(String, EntityTypeName)>,
    claims: Vec<String>,
}

impl Cedar {
    /// Asks these policies.
    pub fn new(policies: CedarPolicies) -> Self {
        let names = Names::new("").expect("the names of the types are names");
        Self {
            policies: Arc::new(RwLock::new(Arc::new(policies))),
            names,
            by_param: None,
            claims: Vec::new(),
        }
    }

    /// Puts all types, `Action` too, into this namespace: `Chat::User::"ann"`. Call it before
    /// [`resource`](Self::resource).
    ///
    /// # Errors
    /// [`CedarError::Name`].
    pub fn namespace(mut self, namespace: &str) -> Result<Self, CedarError> {
        self.names = Names::new(namespace)?;
        Ok(self)
    }

    /// On routes that have the parameter `param`, the resource is what it stands for, of this type: `Room::"7"` instead
    /// of `Path::"/rooms/7"`.
    ///
    /// # Errors
    /// [`CedarError::Name`].
    pub fn resource(mut self, param: impl Into<String>, r#type: &str) -> Result<Self, CedarError> {
        self.by_param = Some((param.into(), self.names.named(r#type)?));
        Ok(self)
    }

    /// Shows these claims to the policies, as `principal.claims`. Null and fractions, which Cedar does not have, are left
    /// out.
    #[must_use]
    pub fn claims<S: Into<String>>(mut self, claims: impl IntoIterator<Item = S>) -> Self {
        self.claims = claims.into_iter().map(Into::into).collect();
        self
    }

    /// Decides by these policies from now on, in all clones.
    pub fn replace(&self, policies: CedarPolicies) {
        *self.policies.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(policies);
    }

    fn policies(&self) -> Arc<CedarPolicies> {
        Arc::clone(&self.policies.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn decide(&self, question: &Question<'_>, who: &Identity) -> Authorization {
        let policies = self.policies();
        match self.ask(&policies, question, who) {
            Ok(answer) => answer,
            Err(error) => {
                tracing::error!(target: "ws_server::authorize", error, "a question to Cedar cannot be put");
                Err(AuthorizationError::Internal)
            }
        }
    }

    fn ask(
        &self,
        policies: &CedarPolicies,
        question: &Question<'_>,
        who: &Identity,
    ) -> Result<Authorization, Box<dyn Error>> {
        let principal = self.names.principal(who, &self.claims);
        let resource = question.resource(&self.names, self.by_param.as_ref());
        let action = self.names.action(question.action);
        let context = question.context(policies.asks_for_time)?;
        let request = Request::new(principal.uid.clone(), action, resource.uid.clone(), context, None)?;
        let entities = policies.entities(&request, vec![principal, resource])?;
        Ok(policies.decide(&request, &entities))
    }
}

impl Authorizer for Cedar {
    fn authorize<'a>(
        &'a self,
        request: &'a HandshakeContext<'a>,
        who: &'a Identity,
    ) -> BoxFuture<'a, Authorization> {
        Box::pin(ready(self.decide(&Question::of_handshake(request), who)))
    }

    fn authorize_action<'a>(
        &'a self,
        action: &'a Action<'a>,
        who: &'a Identity,
    ) -> BoxFuture<'a, Authorization> {
        Box::pin(ready(self.decide(&Question::of_action(action), who)))
    }
}

impl fmt::Debug for Cedar {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Cedar").field("policies", &self.policies()).finish_non_exhaustive()
    }
}
