use std::{io, path::PathBuf};

use thiserror::Error;

/// Why something cannot be revoked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RevocationError {
    /// There is no room for more.
    #[error("no more than {capacity} revocations can be kept")]
    Full {
        /// How many there can be.
        capacity: usize,
    },
    /// A file of revocations cannot be read, or is not UTF-8.
    #[error("the revocations in {} cannot be read", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: io::Error,
    },
    /// There is no thread to watch over the file.
    #[error("there is no thread to watch over {}", path.display())]
    Thread {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: io::Error,
    },
}
