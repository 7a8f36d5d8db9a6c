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

    /// Reads the files, and uses them if they have changed. Those that cannot be used are told of once, when they are
    /// the same the next time: until then they may be half written. It blocks.
    pub(super) fn look(&self) {
        let mut watched = self.watched();
        let Some(watched) = &mut *watched else { return };
        let (contents, error) = match watched.files.read() {
            Ok(contents) if contents.fingerprint == watched.used => {
                watched.failure = None;
                return;
            }
            Ok(contents) => match watched.files.build(&contents) {
                Ok(config) => {
                    self.replace(config);
                    (watched.used, watched.failure) = (contents.fingerprint, None);
                    tracing::info!(target: "ws_server::tls", "new certificates are in use");
                    return;
                }
                Err(error) => (Some(contents.fingerprint), error),
            },
            Err(error) => (None, error),
        };
        let again = watched.failure.as_ref().is_some_and(|failure| failure.contents == contents);
        let told = again && watched.failure.as_ref().is_some_and(|failure| failure.told);
        if again && !told {
            tracing::error!(target: "ws_server::tls", %error, "new certificates cannot be used; the old ones stay in use");
        }
        watched.failure = Some(Failure { contents, told: again });
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
