//! A configuration that takes over while the server runs.

use std::path::PathBuf;
use std::time::Duration;

use ws_server::ServerHandle;

use crate::assemble::{Assembled, Parts, assemble};
use crate::config::{Config, Problem};
use crate::log;
use crate::watch::{INTERVAL, Watch};

/// How long files have to stay as they are before they are read.
const SETTLE: Duration = Duration::from_millis(100);

/// How many times that is waited for.
const PATIENCE: usize = 20;

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
    tls: bool,
}

impl Fixed {
    fn of(config: &Config) -> Self {
        Self {
            listen: config.listen.0.clone(),
            admin_listen: config.admin_listen.as_ref().map(|address| address.0.clone()),
            tls: config.tls.is_some(),
        }
    }
}

impl Running {
    /// Follows the files of a server that has begun.
    pub(crate) fn new(config: &Config, handle: ServerHandle, parts: Parts, watch: Watch) -> Self {
        Self { file: config.file.clone(), handle, parts, watch, fixed: Fixed::of(config) }
    }

    /// Looks at the files about every second, and has what changed take over. Never returns.
    ///
    /// # Panics
    /// On a runtime with one thread.
    pub(crate) async fn follow(mut self) {
        loop {
            tokio::time::sleep(INTERVAL).await;
            if !self.watch.has_changed() {
                continue;
            }
            // Somebody may be in the middle of writing them, or of changing one after the other.
            for _ in 0..PATIENCE {
                tokio::time::sleep(SETTLE).await;
                if !self.watch.has_changed() {
                    break;
                }
            }
            tokio::task::block_in_place(|| self.reload());
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
        for (key, changed) in [
            ("listen", self.fixed.listen != fixed.listen),
            ("admin_listen", self.fixed.admin_listen != fixed.admin_listen),
            ("tls", self.fixed.tls != fixed.tls),
        ] {
            if changed {
                tracing::warn!(key, "this key holds after a restart; until then what it said before goes on");
            }
        }
        Ok(config.routes.len())
    }
}
