//! Those who say whether somebody may.

use ws_server::authorize::cedar::{Cedar, CedarPolicies, CedarSource};
use ws_server::authorize::remote::Remote;
use ws_server::fetch::{Endpoint, FetchConfig};

use super::server::Assembly;
use crate::config::{self, Config, Fault};

/// How many answers of a remote authorizer are remembered.
const ANSWERS: usize = 10_000;

/// One of each kind, as far as there is a section for it.
#[derive(Debug, Default)]
pub(super) struct Authorizers {
    pub(super) cedar: Option<Cedar>,
    remote: Option<(Endpoint, config::Remote)>,
}

impl Authorizers {
    pub(super) fn new(config: &Config, assembly: &Assembly<'_>) -> Self {
        Self {
            cedar: config.cedar.as_ref().and_then(|section| cedar(section, assembly)),
            remote: config.remote.as_ref().and_then(|section| {
                let endpoint = section.url.0.as_str().parse().map_err(Fault::Endpoint);
                Some((assembly.problems.take(&section.url.place, endpoint)?, section.clone()))
            }),
        }
    }

    /// An authorizer for one route, that shows the query without these parameters.
    pub(super) fn remote(&self, without: &[String]) -> Option<Remote> {
        let (endpoint, section) = self.remote.as_ref()?;
        let fetch = FetchConfig::new().time_limit(section.timeout);
        let remote = Remote::new(endpoint.clone(), fetch).query_except(without);
        Some(if section.cache.is_zero() { remote } else { remote.cache(section.cache, ANSWERS) })
    }
}

fn cedar(section: &config::Cedar, assembly: &Assembly<'_>) -> Option<Cedar> {
    let source = CedarSource::read(assembly.files.note(&section.policies));
    let mut source = assembly.files.take(&section.policies, source, assembly.problems)?;
    if let Some(file) = &section.entities {
        let with = source.read_entities(assembly.files.note(file));
        source = assembly.files.take(file, with, assembly.problems)?;
    }
    let policies = CedarPolicies::new(&source);
    assembly.files.take(&section.policies, policies, assembly.problems).map(Cedar::new)
}
