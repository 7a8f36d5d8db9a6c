use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use rustls::server::ServerConfig;

use super::error::TlsError;
use super::files::{Source, Tls, TlsFiles};

/// What a listener speaks TLS with at the moment.
#[derive(Debug)]
pub(crate) struct TlsPort {
    config: RwLock<Arc<ServerConfig>>,
    /// `None` where no file is behind the configuration.
    files: Mutex<Option<Watched>>,
}

/// Files, and what is known of their contents.
#[derive(Debug)]
struct Watched {
    files: TlsFiles,
    /// The contents that are in use.
    used: [u8; 32],
    failure: Option<Failure>,
}

/// Contents that cannot be used: somebody may be in the middle of writing them.
#[derive(Debug, PartialEq, Eq)]
struct Failure {
    /// `None`: a file could not be read.
    contents: Option<[u8; 32]>,
    told: bool,
}

impl TlsPort {
    pub(crate) fn load(tls: &Tls) -> Result<Arc<Self>, TlsError> {
        let (config, watched) = match &tls.0 {
            Source::Config(config) => (ServerConfig::clone(config), None),
            Source::Files(files) => {
                let contents = files.read()?;
                let watched = Watched { files: files.clone(), used: contents.fingerprint, failure: None };
                (files.build(&contents)?, Some(watched))
            }
        };
        Ok(Arc::new(Self { config: RwLock::new(ours(config)), files: Mutex::new(watched) }))
    }

    /// What a new connection is accepted with.
    pub(crate) fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the files again, changed or not. It blocks.
    pub(crate) fn reload(&self) -> Result<(), TlsError> {
        let mut watched = self.watched();
        let Some(watched) = &mut *watched else { return Ok(()) };
        let contents = watched.files.read()?;
        self.replace(watched.files.build(&contents)?);
        (watched.used, watched.failure) = (contents.fingerprint, None);
        Ok(())
    }

    /// Reads the files, and uses them if they have changed. Returns what is worth telling: that they are in use, or why
    /// they cannot be. The latter is told once, when they are the same the next time: until then they may be half
    /// written. It blocks.
    pub(super) fn look(&self) -> Option<Result<(), TlsError>> {
        let mut watched = self.watched();
        let watched = watched.as_mut()?;
        let known = watched.failure.take();
        let (contents, error) = match watched.files.read() {
            Ok(contents) if contents.fingerprint == watched.used => return None,
            Ok(contents) => match watched.files.build(&contents) {
                Ok(config) => {
                    self.replace(config);
                    watched.used = contents.fingerprint;
                    return Some(Ok(()));
                }
                Err(error) => (Some(contents.fingerprint), error),
            },
            Err(error) => (None, error),
        };
        let known = known.filter(|failure| failure.contents == contents);
        watched.failure = Some(Failure { contents, told: known.is_some() });
        known.filter(|failure| !failure.told).map(|_| Err(error))
    }

    /// Uses from now on what another one was loaded with.
    pub(crate) fn become_as(&self, other: &Self) {
        let watched = other.watched().take();
        let mut own = self.watched();
        *self.config.write().unwrap_or_else(PoisonError::into_inner) = other.config();
        *own = watched;
    }

    fn watched(&self) -> MutexGuard<'_, Option<Watched>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn replace(&self, config: ServerConfig) {
        *self.config.write().unwrap_or_else(PoisonError::into_inner) = ours(config);
    }
}

/// RFC 7301: what is spoken over TLS here is HTTP/1.1, whatever a configuration says.
fn ours(mut config: ServerConfig) -> Arc<ServerConfig> {
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Arc::new(config)
}
