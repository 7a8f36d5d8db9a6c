//! What brings key sets.

use std::{
    fmt,
    fs::File,
    io::{self, Read},
    path::PathBuf,
};

use super::error::KeysError;
use crate::authenticate::{
    BoxFuture,
    bearer::{Algorithm, JwkSet},
};

/// Brings a key set whenever it is asked. What it shows of itself stands in logs.
pub(super) trait Origin: fmt::Display + Send + Sync + 'static {
    /// Brings the set in bounded time.
    fn load<'a>(&'a self, allowed: &'a [Algorithm]) -> BoxFuture<'a, Result<JwkSet, KeysError>>;
}

/// A file with a JWK Set.
#[derive(Debug)]
pub(super) struct SetFile(pub(super) PathBuf);

/// More than a set may have, so that its own limit is what is told.
const READ_LIMIT: u64 = 1024 * 1024;

impl Origin for SetFile {
    fn load<'a>(&'a self, allowed: &'a [Algorithm]) -> BoxFuture<'a, Result<JwkSet, KeysError>> {
        let path = self.0.clone();
        Box::pin(async move {
            let read = tokio::task::spawn_blocking(move || {
                let mut bytes = Vec::new();
                File::open(path)?.take(READ_LIMIT).read_to_end(&mut bytes).map(|_| bytes)
            });
            let read = read.await.unwrap_or_else(|_| Err(io::ErrorKind::Other.into()));
            let bytes = zeroize::Zeroizing::new(read.map_err(|error| KeysError::File(error.kind()))?);
            Ok(JwkSet::parse(&bytes, allowed)?)
        })
    }
}

impl fmt::Display for SetFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.display().fmt(f)
    }
}
