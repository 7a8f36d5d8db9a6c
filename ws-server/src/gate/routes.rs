use std::sync::Arc;

use super::policy::Policy;
use crate::Params;

/// Finds routes. The server's table does; so does a closure.
///
/// ```
/// use std::sync::Arc;
/// use ws_server::gate::{Policy, RouteMatch, Routes};
///
/// let policy = Arc::new(Policy::new());
/// let routes = move |path: &str| (path == "/chat").then(|| RouteMatch::new(0, Arc::clone(&policy)));
/// assert!(routes.find("/chat").is_some());
/// assert!(routes.find("/mail").is_none());
/// ```
pub trait Routes: Send + Sync + 'static {
    /// The route for a path as it came: percent-encoded, without the query.
    fn find(&self, path: &str) -> Option<RouteMatch>;
}

/// A route that was found.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RouteMatch {
    /// By which number whoever found it knows it again.
    pub route: usize,
    /// What it demands.
    pub policy: Arc<Policy>,
    /// What the parameters of its path stand for.
    pub params: Params,
    /// Its path as it was given to the table: `/rooms/{room}`. Empty if whoever found it does not say.
    pub path: Arc<str>,
}

impl RouteMatch {
    /// A route whose path has no parameters.
    pub fn new(route: usize, policy: Arc<Policy>) -> Self {
        Self { route, policy, params: Params::default(), path: Arc::default() }
    }

    /// Adds the path of the route, by which authorizers know it.
    #[must_use]
    pub fn with_path(mut self, path: Arc<str>) -> Self {
        self.path = path;
        self
    }

    /// Adds what the parameters stand for.
    #[must_use]
    pub fn with_params(mut self, params: Params) -> Self {
        self.params = params;
        self
    }
}

impl<F: Fn(&str) -> Option<RouteMatch> + Send + Sync + 'static> Routes for F {
    fn find(&self, path: &str) -> Option<RouteMatch> {
        self(path)
    }
}
