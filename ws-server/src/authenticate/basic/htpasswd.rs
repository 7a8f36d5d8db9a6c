use std::{
    collections::{HashMap, hash_map::Entry},
    fmt,
    hash::{BuildHasher, RandomState},
    io,
    path::Path,
    sync::LazyLock,
};

use thiserror::Error;

use super::hash::{HashFault, OutOfMemory, PasswordHash, Work};

/// Users and the hashes of their passwords: bcrypt (`$2a$`, `$2b$`, `$2y$`) and argon2 (PHC strings).
///
/// A name that is not there takes as long as one that is. In a file with several kinds or costs of hashes that is the time
/// of one of these, chosen by the name, which stays the same when the file is read again and when others come and go, until
/// the process ends. Where all hashes are of one kind and cost there is but one time.
///
/// ```
/// use ws_server::authenticate::basic::Htpasswd;
///
/// let users = Htpasswd::parse(b"ann:$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW\n")?;
/// assert_eq!(users.len(), 1);
///
/// let error = Htpasswd::parse(b"# users\nbob:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=").unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "line 2: SHA-1 ({SHA}) is too weak; make the hash again with: htpasswd -B FILE USER"
/// );
/// # Ok::<(), ws_server::authenticate::basic::HtpasswdError>(())
/// ```
#[derive(Default)]
pub struct Htpasswd {
    /// The line in which each user stands, and the place of the hash.
    users: HashMap<String, User>,
    hashes: Vec<PasswordHash>,
    /// Those that take equally long.
    alike: HashMap<Work, Alike>,
}

struct User {
    line: usize,
    hash: usize,
}

struct Alike {
    /// The place of the first of them.
    first: usize,
    count: u32,
}

/// Which hash stands in for whom. One for all files and their successors, so that who is there cannot be told by what
/// changes.
static STAND_INS: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// Why a file is not taken.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum HtpasswdError {
    /// It cannot be read.
    #[error("cannot be read: {0}")]
    Read(#[from] io::Error),
    /// A line of it is wrong.
    #[error("line {line}: {fault}")]
    Line {
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        fault: LineFault,
    },
}

/// What is wrong with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LineFault {
    /// Not UTF-8, as which names are compared (RFC 7617 2.1).
    #[error("is not UTF-8; save the file in that encoding")]
    NotUtf8,
    /// Not a name, a colon and a hash.
    #[error("has no colon; write USER:HASH, as htpasswd does")]
    NoColon,
    /// No name, or one that no client can send (RFC 7617 2).
    #[error("the user's name is empty or has control characters; write USER:HASH, as htpasswd does")]
    UserName,
    /// The user stands in another line as well.
    #[error("the user stands in line {first} already; remove one of the two")]
    UserRepeated {
        /// The first line with that name.
        first: usize,
    },
    /// The hash is not taken.
    #[error(transparent)]
    Hash(#[from] HashFault),
}

impl Htpasswd {
    /// Reads lines of `USER:HASH`. Empty lines and those that begin with `#` are skipped, and so is whatever stands
    /// behind a second colon.
    pub fn parse(text: &[u8]) -> Result<Self, HtpasswdError> {
        let mut htpasswd = Self::default();
        for (number, line) in text.split(|&byte| byte == b'\n').enumerate() {
            htpasswd
                .add(number + 1, line)
                .map_err(|fault| HtpasswdError::Line { line: number + 1, fault })?;
        }
        Ok(htpasswd)
    }

    /// Reads a file. This blocks.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, HtpasswdError> {
        Self::parse(&std::fs::read(path)?)
    }

    /// How many users there are.
    pub fn len(&self) -> usize {
        self.users.len()
    }

    /// Whether there is no user.
    pub fn is_empty(&self) -> bool {
        self.users.is_empty()
    }

    /// Whether it is the user's password. For a user who is not there the password is hashed as well.
    pub(super) fn verify(&self, user: &str, password: &[u8]) -> Result<bool, OutOfMemory> {
        match self.hash_for(user) {
            Some((hash, known)) => Ok(hash.verifies(password)? & known),
            None => Ok(false),
        }
    }

    /// The hash to compare with, and whether it is this user's own. A user who is not there gets that of another
    /// user, always of the same kind, so that times tell nothing: not even in a file of several kinds of hashes, where
    /// they differ from user to user.
    pub(super) fn hash_for(&self, user: &str) -> Option<(&PasswordHash, bool)> {
        let known = self.users.get(user).map(|user| user.hash);
        let place = known.or_else(|| self.stand_in(user))?;
        Some((self.hashes.get(place)?, known.is_some()))
    }

    /// Rendezvous hashing: the kinds of hashes draw lots for the user, as many as there are of each, and those of the
    /// others stay the same when one comes or goes.
    fn stand_in(&self, user: &str) -> Option<usize> {
        let drawn = self.alike.iter().map(|(work, alike)| {
            let high = STAND_INS.hash_one((user, work)) >> 32;
            let random =
                (f64::from(u32::try_from(high).unwrap_or(u32::MAX)) + 0.5) / (f64::from(u32::MAX) + 1.0);
            (-f64::from(alike.count) / random.ln(), alike.first)
        });
        drawn.max_by(|one, other| one.0.total_cmp(&other.0)).map(|(_, first)| first)
    }

    fn add(&mut self, number: usize, line: &[u8]) -> Result<(), LineFault> {
        let line = str::from_utf8(line).map_err(|_| LineFault::NotUtf8)?.trim();
        if line.is_empty() || line.starts_with('#') {
            return Ok(());
        }
        let (user, rest) = line.split_once(':').ok_or(LineFault::NoColon)?;
        if user.is_empty() || user.contains(|c: char| c.is_ascii_control()) {
            return Err(LineFault::UserName);
        }
        let hash = rest.split_once(':').map_or(rest, |(hash, _)| hash);
        match self.users.entry(user.to_owned()) {
            Entry::Occupied(other) => Err(LineFault::UserRepeated { first: other.get().line }),
            Entry::Vacant(place) => {
                let hash = PasswordHash::parse(hash)?;
                let alike = Alike { first: self.hashes.len(), count: 0 };
                let alike = self.alike.entry(hash.work()).or_insert(alike);
                alike.count = alike.count.saturating_add(1);
                place.insert(User { line: number, hash: self.hashes.len() });
                self.hashes.push(hash);
                Ok(())
            }
        }
    }
}

/// Without names and hashes.
impl fmt::Debug for Htpasswd {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Htpasswd").field("users", &self.users.len()).finish_non_exhaustive()
    }
}
