//! The files that a configuration names.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::PathBuf;

use ws_server::authenticate::ClientCredentialsError;
use ws_server::authenticate::api_key::ApiKeysError;
use ws_server::authenticate::basic::HtpasswdError;
use ws_server::authenticate::bearer::{JwkSetError, KeyError};
use ws_server::authenticate::signed::SecretTooShort;
use ws_server::authorize::cedar::CedarError;
use zeroize::Zeroizing;

use crate::config::{At, Fault, FilePath, Problems};
use crate::upstream::CaError;

/// Reads files, and remembers which: they are watched.
#[derive(Debug, Default)]
pub(crate) struct Files(RefCell<BTreeSet<PathBuf>>);

/// What is wrong with what a file holds.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FileFault {
    #[error("{error}; {}", fix(.error))]
    Key {
        #[from]
        error: KeyError,
    },
    #[error("{0}")]
    Secret(#[from] SecretTooShort),
    #[error("{0}; write a JWK Set (RFC 7517) with a key for one of the `algorithms`")]
    Jwks(#[from] JwkSetError),
    #[error("{0}")]
    Htpasswd(#[from] HtpasswdError),
    #[error("{0}")]
    ApiKeys(#[from] ApiKeysError),
    #[error("{0}")]
    ClientCredentials(#[from] ClientCredentialsError),
    #[error("{0}; correct the file")]
    Cedar(#[from] CedarError),
    #[error("{0}")]
    Authorities(#[from] CaError),
    #[error("is not UTF-8; write the secret as text")]
    NotText(#[from] std::str::Utf8Error),
    #[error("is empty; write the secret into it")]
    Empty,
}

impl Files {
    /// What stands in a file, byte by byte.
    pub(crate) fn read(&self, file: &At<FilePath>, problems: &Problems) -> Option<Zeroizing<Vec<u8>>> {
        let path = self.note(file);
        let read = std::fs::read(&path).map_err(|error| Fault::FileUnreadable { path, error });
        problems.take(&file.place, read.map(Zeroizing::new))
    }

    /// Where a file is that can be read, and that somebody else watches.
    #[expect(clippy::unused_self, reason = "a file that is read is read by this")]
    pub(crate) fn peek(&self, file: &At<FilePath>, problems: &Problems) -> Option<PathBuf> {
        let path = file.resolve();
        match std::fs::read(&path) {
            Ok(_) => Some(path),
            Err(error) => {
                problems.push(file.place.problem(Fault::FileUnreadable { path, error }));
                None
            }
        }
    }

    /// A secret: the bytes of a file without the newline that an editor puts at its end.
    pub(crate) fn secret(&self, file: &At<FilePath>, problems: &Problems) -> Option<Zeroizing<Vec<u8>>> {
        let mut bytes = self.read(file, problems)?;
        if bytes.last() == Some(&b'\n') {
            bytes.pop();
            if bytes.last() == Some(&b'\r') {
                bytes.pop();
            }
        }
        if bytes.is_empty() {
            self.complain(file, FileFault::Empty, problems);
            return None;
        }
        Some(bytes)
    }

    /// What became of a file's contents.
    pub(crate) fn take<T, E: Into<FileFault>>(
        &self,
        file: &At<FilePath>,
        result: Result<T, E>,
        problems: &Problems,
    ) -> Option<T> {
        result.map_err(|fault| self.complain(file, fault.into(), problems)).ok()
    }

    /// Where a file is; it is watched from now on.
    pub(crate) fn note(&self, file: &At<FilePath>) -> PathBuf {
        let path = file.resolve();
        self.0.borrow_mut().insert(path.clone());
        path
    }

    /// All files that were read.
    pub(crate) fn into_paths(self) -> BTreeSet<PathBuf> {
        self.0.into_inner()
    }

    #[expect(clippy::unused_self, reason = "a file's contents are judged where files are read")]
    fn complain(&self, file: &At<FilePath>, fault: FileFault, problems: &Problems) {
        problems.push(file.place.problem(Fault::File { path: file.resolve(), fault: Box::new(fault) }));
    }
}

/// What to do about a key.
const fn fix(error: &KeyError) -> &'static str {
    match error {
        KeyError::SecretTooShort { .. } => "make a longer one, `openssl rand -out FILE 64`",
        KeyError::SecretIsPem => "name it with `public_key_file`, or write the secret",
        KeyError::PrivateKey => "write the public key, `openssl pkey -in PRIVATE -pubout`",
        KeyError::NotPem | KeyError::NotAPublicKey | KeyError::Der => {
            "write a public key in PEM, as `openssl pkey -pubout` does"
        }
        _ => "correct `algorithms`, or take another key",
    }
}
