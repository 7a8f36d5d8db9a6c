//! A file of credentials that are revoked, one on each line.

use std::collections::HashSet;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Credentials of one file; no more than this are read of it, in bytes.
const LIMIT: u64 = 64 << 20;

/// Coarser than the times that file systems keep.
const FRESH: Duration = Duration::from_secs(2);

/// A file, and what it looked like when it was last read.
#[derive(Debug)]
pub(super) struct WatchedFile {
    path: PathBuf,
    seen: Option<Seen>,
    /// The last reading failed, which was told.
    failed: bool,
}

#[derive(Debug, PartialEq, Eq)]
struct Seen {
    modified: Option<SystemTime>,
    length: u64,
    inode: u64,
}

impl WatchedFile {
    pub(super) const fn new(path: PathBuf) -> Self {
        Self { path, seen: None, failed: false }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// What it says, if it has changed since the last time. It is then read whole.
    pub(super) fn read(&mut self) -> io::Result<Option<HashSet<Box<str>>>> {
        let seen = Seen::of(&fs::metadata(&self.path)?);
        if self.seen.as_ref() == Some(&seen) {
            return Ok(None);
        }
        if seen.length > LIMIT {
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                format!("it has more than {LIMIT} bytes"),
            ));
        }
        let text = fs::read_to_string(&self.path)?;
        // What was written a moment ago may be written again without a trace in the times that a file system keeps.
        self.seen = (!seen.is_fresh()).then_some(seen);
        Ok(Some(parse(&text)))
    }

    /// Has it be read the next time, whether it has changed or not.
    pub(super) fn forget(&mut self) {
        self.seen = None;
    }

    /// Whether this is the first failure after a success: what is told once.
    pub(super) fn fails(&mut self, failed: bool) -> bool {
        !std::mem::replace(&mut self.failed, failed) && failed
    }
}

/// One identifier a line. Space around it, empty lines, and lines that begin with `#` do not count.
fn parse(text: &str) -> HashSet<Box<str>> {
    let lines = text.trim_start_matches('\u{feff}').lines().map(str::trim);
    lines.filter(|line| !line.is_empty() && !line.starts_with('#')).map(Into::into).collect()
}

impl Seen {
    fn of(metadata: &Metadata) -> Self {
        #[cfg(unix)]
        let inode = std::os::unix::fs::MetadataExt::ino(metadata);
        #[cfg(not(unix))]
        let inode = 0;
        Self { modified: metadata.modified().ok(), length: metadata.len(), inode }
    }

    fn is_fresh(&self) -> bool {
        let age = self.modified.and_then(|modified| modified.elapsed().ok());
        age.is_none_or(|age| age < FRESH)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_identifier_a_line() {
        let parsed = parse("\u{feff}# stolen\na\n\n  b \r\n#c\na\n");
        let mut names: Vec<_> = parsed.iter().map(|name| &**name).collect();
        names.sort_unstable();
        assert_eq!(names, ["a", "b"]);
    }
}
