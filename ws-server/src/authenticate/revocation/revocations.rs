use std::collections::HashSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak};
use std::thread::{self, Thread};
use std::time::{Duration, SystemTime};

use super::file::WatchedFile;
use super::list::List;
use super::{Revocation, RevocationError};
use crate::authenticate::Identity;

/// What is revoked: asked at each handshake whose caller is known, and compared with the live sessions when something is
/// added, which end within a second. The cause is `token-revoked` in both cases: 401, or close code 3000.
///
/// # What a name stands for
/// The identifier of a credential and the name of a subject are compared as they are, whatever the scheme: revoking the
/// subject `ann` locks out the `ann` of each issuer, of Basic, of an API key and of a client certificate alike, and
/// revoking the credential `7` is good for a token with that `jti` and for an API key of that name. Where several issuers
/// give names, say which is meant by [`Revocation::of_issuer`], which leaves out whoever has no issuer; a file cannot say
/// it. Where several schemes give names, keep these apart: `key-7` for an API key, `ann@id.example` for a token, or whatever
/// else an authenticator of your own makes of them.
///
/// Clones are handles to the same list. Several servers may share one.
///
/// ```
/// use ws_server::authenticate::{Revocation, Revocations};
///
/// let revocations = Revocations::new();
/// let server = ws_server::Server::builder().revocations(revocations.clone());
///
/// revocations.revoke(Revocation::credential("jti-4711"))?;
/// # Ok::<(), ws_server::authenticate::RevocationError>(())
/// ```
#[derive(Clone)]
pub struct Revocations(Arc<Shared>);

struct Shared {
    list: RwLock<List>,
    capacity: usize,
    /// Nothing was ever revoked: then nothing is looked up.
    untouched: AtomicBool,
    /// Goes up with each addition.
    version: AtomicU64,
    watchers: Mutex<Vec<Weak<dyn OnRevocation>>>,
    files: Mutex<Vec<(usize, WatchedFile)>>,
    /// Looks at the files.
    thread: Mutex<Option<Thread>>,
}

/// Somebody who wants to know when something is revoked.
pub(crate) trait OnRevocation: Send + Sync {
    fn revoked(self: Arc<Self>);
}

/// How many there can be, unless it is said otherwise: some 20 MB.
const CAPACITY: usize = 100_000;
/// How often a file is looked at.
const POLL: Duration = Duration::from_millis(500);

impl Default for Revocations {
    fn default() -> Self {
        Self::new()
    }
}

impl Revocations {
    /// Nothing is revoked, and there is room for 100,000 revocations.
    pub fn new() -> Self {
        Self::with_capacity(CAPACITY)
    }

    /// Nothing is revoked, and there is room for `capacity` revocations, those of files included.
    pub fn with_capacity(capacity: usize) -> Self {
        Self(Arc::new(Shared {
            list: RwLock::default(),
            capacity,
            untouched: AtomicBool::new(true),
            version: AtomicU64::new(0),
            watchers: Mutex::default(),
            files: Mutex::default(),
            thread: Mutex::default(),
        }))
    }

    /// Revokes. What has passed the time until which it is revoked makes room first.
    ///
    /// # Errors
    /// [`RevocationError::Full`]: there is no room, and nothing was revoked.
    pub fn revoke(&self, revocation: Revocation) -> Result<(), RevocationError> {
        let mut list = self.0.write();
        if list.len() >= self.0.capacity && !list.has(&revocation) {
            list.purge(SystemTime::now());
            if list.len() >= self.0.capacity {
                return Err(RevocationError::Full { capacity: self.0.capacity });
            }
        }
        list.insert(revocation);
        drop(list);
        self.0.tell();
        Ok(())
    }

    /// Takes a revocation back, whatever its time was. Sessions that were ended stay ended. False: there was none. What a
    /// file says stays.
    pub fn restore(&self, revocation: &Revocation) -> bool {
        self.0.write().remove(revocation)
    }

    /// Revokes the credentials whose identifiers stand in a file, one on each line; empty lines and lines that begin with
    /// `#` do not count. The file is looked at twice a second and read again when it has changed: what has gone from it
    /// is no longer revoked. While it cannot be read, what it said last holds, which the log tells.
    ///
    /// A file that is watched already is read again if it has changed, and not watched twice, however many ask for it at
    /// once. This blocks: the file is read before it returns, so that from then on what it says holds. In async code, call
    /// it before serving, or through `tokio::task::spawn_blocking`.
    ///
    /// # Errors
    /// [`RevocationError`], where the file cannot be read now, has too many lines, or cannot be watched.
    pub fn watch_file(&self, path: impl Into<PathBuf>) -> Result<(), RevocationError> {
        let mut file = WatchedFile::new(path.into());
        // Held until the file is among them: whoever else wants it finds it then.
        let mut files = lock(&self.0.files);
        if files.iter().any(|(_, known)| known.path() == file.path()) {
            drop(files);
            self.0.read_files();
            return Ok(());
        }
        let read =
            file.read().map_err(|source| RevocationError::File { path: file.path().into(), source })?;
        let credentials = read.unwrap_or_default();
        // Before the file is added: what nobody looks at again is not watched.
        self.0
            .watch_files()
            .map_err(|source| RevocationError::Thread { path: file.path().into(), source })?;
        let mut list = self.0.write();
        if list.len() + credentials.len() > self.0.capacity {
            return Err(RevocationError::Full { capacity: self.0.capacity });
        }
        let number = list.add_file(credentials);
        drop(list);
        files.push((number, file));
        drop(files);
        self.0.tell();
        Ok(())
    }

    /// Forgets a file, and that what it says is revoked. False: it was not watched.
    pub fn unwatch_file(&self, path: impl AsRef<Path>) -> bool {
        let mut files = lock(&self.0.files);
        let Some(found) = files.iter().position(|(_, file)| file.path() == path.as_ref()) else {
            return false;
        };
        let (number, _) = files.remove(found);
        self.0.write().set_file(number, HashSet::new());
        true
    }

    /// Whether this identity rests on something that is revoked at the time `now`.
    pub fn is_revoked(&self, who: &Identity, now: SystemTime) -> bool {
        !self.0.untouched.load(Ordering::Acquire) && self.0.read().contains(who, now)
    }

    /// How many there are, those of files included.
    pub fn len(&self) -> usize {
        self.0.read().len()
    }

    /// Whether nothing is revoked.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether both are handles to the same list.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Goes up with each addition.
    pub(crate) fn version(&self) -> u64 {
        self.0.version.load(Ordering::Acquire)
    }

    /// Tells `watcher` of each addition, as long as it lives.
    pub(crate) fn watch(&self, watcher: Weak<dyn OnRevocation>) {
        let mut watchers = lock(&self.0.watchers);
        watchers.retain(|watcher| watcher.strong_count() > 0);
        watchers.push(watcher);
    }
}

impl Shared {
    /// Something was added.
    fn tell(&self) {
        self.untouched.store(false, Ordering::Release);
        self.version.fetch_add(1, Ordering::AcqRel);
        // The lock is not held while they act.
        let watchers: Vec<_> = lock(&self.watchers).iter().filter_map(Weak::upgrade).collect();
        for watcher in watchers {
            watcher.revoked();
        }
    }

    fn watch_files(self: &Arc<Self>) -> std::io::Result<()> {
        let mut thread = lock(&self.thread);
        if thread.is_none() {
            let shared = Arc::downgrade(self);
            let begun =
                thread::Builder::new().name("ws-revocations".to_owned()).spawn(move || poll(&shared))?;
            *thread = Some(begun.thread().clone());
        }
        Ok(())
    }

    /// Reads the files that have changed.
    fn read_files(&self) {
        let mut changed = false;
        for (number, file) in lock(&self.files).iter_mut() {
            let result = file.read().map_err(|error| error.to_string()).and_then(|read| {
                let Some(credentials) = read else { return Ok(false) };
                let mut list = self.write();
                let others = list.len() - list.len_of_file(*number);
                if others + credentials.len() > self.capacity {
                    // There may be room another time.
                    file.forget();
                    return Err(RevocationError::Full { capacity: self.capacity }.to_string());
                }
                let before = list.set_file(*number, credentials);
                drop(list);
                drop(before);
                Ok(true)
            });
            match result {
                Ok(read) => {
                    changed |= read;
                    file.fails(false);
                }
                Err(error) if file.fails(true) => {
                    tracing::error!(
                        target: "ws_server::revocation",
                        path = %file.path().display(),
                        error,
                        "what is revoked cannot be read again; what was read last holds"
                    );
                }
                Err(_) => {}
            }
        }
        if changed {
            self.tell();
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, List> {
        self.list.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, List> {
        self.list.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if let Some(thread) = &*lock(&self.thread) {
            thread.unpark();
        }
    }
}

/// Looks at the files until nobody has the list any more.
fn poll(shared: &Weak<Shared>) {
    loop {
        thread::park_timeout(POLL);
        let Some(shared) = shared.upgrade() else { return };
        shared.read_files();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // No code that can panic runs under the lock.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Revocations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Revocations").field("len", &self.len()).field("capacity", &self.0.capacity).finish()
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
