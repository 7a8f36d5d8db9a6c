//! What the parameters of a route's path stood for in a request.

use std::fmt;
use std::sync::Arc;

/// The path parameters of one request, in the order of the route's path, percent-decoded.
///
/// ```
/// # fn handler(params: &ws_server::Params) {
/// // On the route `/rooms/{room}`, a request for `/rooms/caf%C3%A9`:
/// assert_eq!(params.get("room"), Some("café"));
/// # }
/// # handler(&[("room", "café")].into_iter().collect());
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Params(Box<[(Arc<str>, Box<str>)]>);

impl Params {
    /// The value of the parameter `name`.
    ///
    /// It may hold any character, a slash or a control character too if the request escaped it: check it before it
    /// becomes part of a file name or of a query.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find_map(|(key, value)| (key == name).then_some(value))
    }

    /// All names with their values.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }

    /// The number of parameters.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether the route has no parameters.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<N: Into<Arc<str>>, V: Into<Box<str>>> FromIterator<(N, V)> for Params {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

impl fmt::Debug for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}
