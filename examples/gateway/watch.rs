//! Files that change.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::Metadata;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

/// How often files are looked at.
pub(crate) const INTERVAL: Duration = Duration::from_millis(700);

/// Files, and how they looked when they were looked at last.
#[derive(Debug, Default)]
pub(crate) struct Watch(BTreeMap<PathBuf, Option<Look>>);

/// What changes with a file; not its contents, which may be secret and long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Look {
    modified: Option<SystemTime>,
    length: u64,
    /// Another file of the same name, as after a rename.
    file: (u64, u64),
    changed: (i64, i64),
}

impl Watch {
    /// Watches these files, as they look now.
    pub(crate) fn new(paths: &BTreeSet<PathBuf>) -> Self {
        let mut watch = Self::default();
        watch.follow(paths);
        watch
    }

    /// Watches these files instead. Those that are watched already are compared with what was seen of them last.
    pub(crate) fn follow(&mut self, paths: &BTreeSet<PathBuf>) {
        let mut before = std::mem::take(&mut self.0);
        let look = |path: &PathBuf| (path.clone(), before.remove(path).unwrap_or_else(|| Look::at(path)));
        self.0 = paths.iter().map(look).collect();
    }

    /// Watches these files too.
    pub(crate) fn follow_also(&mut self, paths: &BTreeSet<PathBuf>) {
        for path in paths {
            self.0.entry(path.clone()).or_insert_with(|| Look::at(path));
        }
    }

    /// Whether one of them has changed since the last time.
    pub(crate) fn has_changed(&mut self) -> bool {
        let mut changed = false;
        for (path, before) in &mut self.0 {
            let now = Look::at(path);
            changed |= std::mem::replace(before, now) != now;
        }
        changed
    }
}

impl Look {
    /// `None`: there is no such file.
    fn at(path: &PathBuf) -> Option<Self> {
        std::fs::metadata(path).ok().map(|metadata| Self::of(&metadata))
    }

    fn of(metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt as _;
        Self {
            modified: metadata.modified().ok(),
            length: metadata.len(),
            file: (metadata.dev(), metadata.ino()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_happens_to_a_file_is_a_change_once() {
        let folder = std::env::temp_dir().join(format!("gateway-watch-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a directory");
        let (path, other) = (folder.join("a"), folder.join("b"));
        std::fs::write(&path, "one").expect("written");
        let mut watch = Watch::new(&BTreeSet::from([path.clone(), other.clone()]));
        assert!(!watch.has_changed());
        std::fs::write(&path, "three").expect("written");
        assert!(watch.has_changed(), "another length");
        assert!(!watch.has_changed());
        std::fs::write(&other, "new").expect("written");
        assert!(watch.has_changed(), "one that was not there");
        // As editors and Kubernetes do it: another file takes the name.
        std::fs::rename(&other, &path).expect("renamed");
        assert!(watch.has_changed(), "another file of the same name");
        std::fs::remove_file(&path).expect("removed");
        assert!(watch.has_changed(), "one that has gone");
        watch.follow(&BTreeSet::from([folder.clone()]));
        assert!(!watch.has_changed());
        std::fs::remove_dir_all(&folder).expect("removed");
    }
}
