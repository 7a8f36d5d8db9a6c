use std::future::ready;

use super::{Authorization, AuthorizationError, Authorizer, Permit};
use crate::authenticate::{BoxFuture, HandshakeContext, Identity};

/// Requires scopes (RFC 6749 3.3). Refuses as `scope-insufficient`, naming all that are required. It does not decide about
/// actions. What a whole route requires is [`Route::scopes`](crate::Route::scopes); this is for combinations.
///
/// ```
/// use ws_server::authorize::{AnyOf, Scopes};
/// use ws_server::{Route, Session};
///
/// let either = AnyOf::new().or(Scopes::all(["chat:read"])).or(Scopes::all(["chat:admin", "audit"]));
/// let route = Route::new(|_: Session| async {}).authorize(either);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scopes(Vec<String>);

impl Scopes {
    /// Requires every one of these.
    pub fn all<S: Into<String>>(scopes: impl IntoIterator<Item = S>) -> Self {
        Self(scopes.into_iter().map(Into::into).collect())
    }

    /// Whether `who` has them.
    ///
    /// # Errors
    /// [`AuthorizationError::ScopeInsufficient`].
    pub fn check(&self, who: &Identity) -> Result<(), AuthorizationError> {
        if self.0.iter().all(|scope| who.has_scope(scope)) {
            Ok(())
        } else {
            Err(AuthorizationError::ScopeInsufficient { required: self.0.clone() })
        }
    }

    /// Whether none is required.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Requires roles. Refuses as `role-missing`, naming the first that is missing. It does not decide about actions.
/// What a whole route requires is [`Route::roles`](crate::Route::roles); this is for combinations.
///
/// ```
/// use ws_server::authenticate::{Identity, Scheme};
/// use ws_server::authorize::{AuthorizationError, Roles};
///
/// let ann = Identity::new(Scheme::Bearer).with_roles(["member"]);
/// assert_eq!(Roles::all(["member"]).check(&ann), Ok(()));
/// let missing = AuthorizationError::RoleMissing { role: "admin".to_owned() };
/// assert_eq!(Roles::all(["member", "admin"]).check(&ann), Err(missing));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roles(Vec<String>);

impl Roles {
    /// Requires every one of these.
    pub fn all<S: Into<String>>(roles: impl IntoIterator<Item = S>) -> Self {
        Self(roles.into_iter().map(Into::into).collect())
    }

    /// Whether `who` has them.
    ///
    /// # Errors
    /// [`AuthorizationError::RoleMissing`].
    pub fn check(&self, who: &Identity) -> Result<(), AuthorizationError> {
        match self.0.iter().find(|role| !who.has_role(role)) {
            None => Ok(()),
            Some(role) => Err(AuthorizationError::RoleMissing { role: role.clone() }),
        }
    }

    /// Whether none is required.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Authorizer for Scopes {
    fn authorize<'a>(
        &'a self,
        _: &'a HandshakeContext<'a>,
        who: &'a Identity,
    ) -> BoxFuture<'a, Authorization> {
        Box::pin(ready(self.check(who).map(Permit::from)))
    }
}

impl Authorizer for Roles {
    fn authorize<'a>(
        &'a self,
        _: &'a HandshakeContext<'a>,
        who: &'a Identity,
    ) -> BoxFuture<'a, Authorization> {
        Box::pin(ready(self.check(who).map(Permit::from)))
    }
}
