//! All routes of a server, as the gate and the sessions see them.

use std::sync::Arc;
use std::time::Duration;

use ws_core::deflate::DeflateConfig;
use ws_core::net::SocketConfig;

use super::table::{RouteError, Table};
use crate::gate::{Policy, RouteMatch, Routes as Find};
use crate::prepare::Preparing;
use crate::session::{MessageRate, Renewal, Start};

/// What happens on one path.
pub(super) struct RouteEntry {
    pub(super) path: Arc<str>,
    pub(super) policy: Arc<Policy>,
    /// `None`: a program that embeds this has one.
    pub(super) handler: Option<Arc<dyn Start>>,
    /// What is got ready before the 101, and by whom within which time.
    pub(super) prepare: Option<Arc<dyn Preparing>>,
    pub(super) prepare_timeout: Duration,
    pub(super) compression: Option<DeflateConfig>,
    pub(super) renewal: Renewal,
    pub(super) rate: Option<MessageRate>,
    /// For the sockets of this route, which share it where no compression is agreed.
    pub(super) socket: Arc<SocketConfig>,
}

/// The routes, found by path.
pub(crate) struct Routes {
    table: Table<usize>,
    entries: Vec<RouteEntry>,
}

impl Routes {
    pub(super) fn new(entries: Vec<RouteEntry>) -> Result<Self, RouteError> {
        let mut table = Table::new();
        for (index, entry) in entries.iter().enumerate() {
            table.insert(&entry.path, index)?;
        }
        Ok(Self { table, entries })
    }

    /// The route with this number, as if a path had been found to be its.
    #[cfg(feature = "axum")]
    pub(crate) fn matched(&self, index: usize) -> Option<RouteMatch> {
        let RouteEntry { policy, path, .. } = self.entries.get(index)?;
        Some(RouteMatch::new(index, Arc::clone(policy)).with_path(Arc::clone(path)))
    }

    /// Whether each route has a handler; that of a guard has none.
    pub(super) fn have_handlers(&self) -> bool {
        self.entries.iter().all(|entry| entry.handler.is_some() || entry.prepare.is_some())
    }

    /// What the route with this path demands, as it was given to the builder.
    pub(super) fn policy(&self, path: &str) -> Option<&Arc<Policy>> {
        self.entries.iter().find(|entry| &*entry.path == path).map(|entry| &entry.policy)
    }

    pub(super) fn get(&self, index: usize) -> Option<&RouteEntry> {
        self.entries.get(index)
    }
}

impl Find for Arc<Routes> {
    fn find(&self, path: &str) -> Option<RouteMatch> {
        let (index, params) = self.table.find(path)?;
        let RouteEntry { policy, path, .. } = self.entries.get(*index)?;
        Some(RouteMatch::new(*index, Arc::clone(policy)).with_path(Arc::clone(path)).with_params(params))
    }
}
