//! A configuration that takes over while the server runs.

use std::collections::BTreeSet;
use std::path::PathBuf;

use ws_server::ServerHandle;

use crate::assemble::{Assembled, Parts, assemble};
use crate::config::{Config, Problem};
use crate::log;
use crate::watch::{INTERVAL, Watch};

/// What runs, and what it was made from.
pub(crate) struct Running {
    file: PathBuf,
    handle: ServerHandle,
    parts: Parts,
    watch: Watch,
    /// What cannot change while the server runs.
    fixed: Fixed,
}

/// Keys that a restart is needed for.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Fixed {
    listen: String,
    admin_listen: Option<String>,
}

impl Fixed {
    fn of(config: &Config) -> Self {
        Self {
            listen: config.listen.0.clone(),
            admin_listen: config.admin_listen.as_ref().map(|address| address.0.clone()),
        }
    }
}

impl Running {
    /// Follows the files of a server that has begun.
    pub(crate) fn new(
        config: &Config,
        handle: ServerHandle,
        parts: Parts,
        files: &BTreeSet<PathBuf>,
    ) -> Self {
        let watch = Watch::new(files);
        Self { file: config.file.clone(), handle, parts, watch, fixed: Fixed::of(config) }
    }

    /// Looks at the files about every second, and has what changed take over. Never returns.
    pub(crate) async fn follow(mut self) {
        loop {
            tokio::time::sleep(INTERVAL).await;
            if self.watch.has_changed() {
                self.reload();
            }
        }
    }

    /// Has the configuration as it is now take over, if it is right.
    fn reload(&mut self) {
        match self.load() {
            Ok(routes) => tracing::info!(routes, "the new configuration holds from now on"),
            Err(problems) => {
                log::problems(&problems);
                tracing::error!(
                    problems = problems.len(),
                    "the changed files are not right; everything stays as it was"
                );
                // The files that the new configuration names are not all known, but each that is wrong is.
                let wrong = problems.iter().map(Problem::file).collect();
                self.watch.follow_also(&wrong);
            }
        }
    }

    fn load(&mut self) -> Result<usize, Vec<Problem>> {
        let config = Config::load(&self.file)?;
        let Assembled { builder, files, parts, take_over } = assemble(&config, &self.parts)?;
        self.handle.reload(builder).map_err(|error| vec![config.place().problem(error.into())])?;
        for change in take_over {
            change();
        }
        self.parts = parts;
        self.watch.follow(&files);
        let fixed = Fixed::of(&config);
        for (key, before, now) in [
            ("listen", Some(&self.fixed.listen), Some(&fixed.listen)),
            ("admin_listen", self.fixed.admin_listen.as_ref(), fixed.admin_listen.as_ref()),
        ] {
            if before != now {
                tracing::warn!(
                    key,
                    ?before,
                    ?now,
                    "this key holds after a restart; the old one goes on until then"
                );
            }
        }
        Ok(config.routes.len())
    }
}
