//! Password hashes as they stand in a file.

use std::fmt;

use argon2::{Algorithm, Argon2, Params, PasswordHash as Phc, Version};
use bcrypt::HashParts;
use subtle::ConstantTimeEq;
use thiserror::Error;
use zeroize::Zeroizing;

/// 2^16 rounds of bcrypt take some seconds, which is what a whole handshake has.
const BCRYPT_COSTS: std::ops::RangeInclusive<u32> = 4..=16;

/// The most memory for one argon2 hash, in KiB: 1 GiB.
const ARGON2_MEMORY: u32 = 1 << 20;

/// The most memory times passes, in KiB: 4 GiB take some seconds.
const ARGON2_WORK: u64 = 1 << 22;

/// A hash that a password can be compared with.
pub(super) enum PasswordHash {
    /// `$2a$`, `$2b$` or `$2y$`, which differ in name only where it is done right.
    Bcrypt { text: Box<str>, cost: u32 },
    /// A PHC string.
    Argon2(Box<Argon2Hash>),
}

/// What the time that a comparison takes depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Work {
    Bcrypt { cost: u32 },
    Argon2 { algorithm: &'static str, version: u32, memory: u32, passes: u32, lanes: u32, output: usize },
}

pub(super) struct Argon2Hash {
    work: Work,
    function: Argon2<'static>,
    salt: Vec<u8>,
    output: Vec<u8>,
}

/// There is not enough memory to hash at the moment.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct OutOfMemory;

/// Why a hash is not taken. None of these repeats it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum HashFault {
    /// `$apr1$`: a thousand rounds of MD5.
    #[error("MD5 ($apr1$) is too weak; make the hash again with: htpasswd -B FILE USER")]
    Md5,
    /// `{SHA}`: one round of SHA-1 without salt.
    #[error("SHA-1 ({{SHA}}) is too weak; make the hash again with: htpasswd -B FILE USER")]
    Sha1,
    /// `$5$` or `$6$` of crypt(3).
    #[error("SHA-crypt ($5$, $6$) is not supported; make the hash again with: htpasswd -B FILE USER")]
    ShaCrypt,
    /// `$2x$`, or `$2$`: bcrypt with mistakes.
    #[error(
        "only $2a$, $2b$ and $2y$ of bcrypt are supported; make the hash again with: htpasswd -B FILE USER"
    )]
    BcryptVersion,
    /// Begins as bcrypt, and is not a whole hash of it.
    #[error("the bcrypt hash is damaged; copy the line again, or make it with: htpasswd -B FILE USER")]
    BcryptSyntax,
    /// More or fewer rounds than anybody wants.
    #[error(
        "the bcrypt cost is {0}; 4 to 16 are taken: make the hash again with: htpasswd -B -C 12 FILE USER"
    )]
    BcryptCost(u32),
    /// Begins as argon2, and is not a whole PHC string with version, parameters, salt and hash.
    #[error(
        "the argon2 hash is not a PHC string ($argon2id$v=19$m=…,t=…,p=…$SALT$HASH); copy the line again, or make it \
         with: argon2 SALT -id -e"
    )]
    Argon2Syntax,
    /// More work than a handshake has time for.
    #[error(
        "the argon2 hash takes too much memory or time; 1 GiB and 4 GiB times passes are the most: make the hash \
         again with: argon2 SALT -id -m 16 -t 3 -e"
    )]
    Argon2Cost,
    /// A password in plain text, or something that nobody knows.
    #[error("the hash is of no known form; make it with: htpasswd -B FILE USER")]
    Unknown,
}

impl PasswordHash {
    pub(super) fn parse(text: &str) -> Result<Self, HashFault> {
        match text.split('$').nth(1) {
            Some("2a" | "2b" | "2y") => bcrypt(text),
            Some("2" | "2x") => Err(HashFault::BcryptVersion),
            Some("argon2id" | "argon2i" | "argon2d") => argon2(text),
            Some("apr1") => Err(HashFault::Md5),
            Some("5" | "6") => Err(HashFault::ShaCrypt),
            _ if text.starts_with("{SHA}") => Err(HashFault::Sha1),
            _ => Err(HashFault::Unknown),
        }
    }

    /// Whether this is the hash of `password`; takes as long for a wrong one as for the right one.
    pub(super) fn verifies(&self, password: &[u8]) -> Result<bool, OutOfMemory> {
        match self {
            // As everybody's bcrypt does, it looks at the first 72 bytes. The hash was read when the file was.
            Self::Bcrypt { text, .. } => Ok(bcrypt::verify(password, text).unwrap_or(false)),
            Self::Argon2(hash) => hash.verifies(password),
        }
    }

    pub(super) const fn work(&self) -> Work {
        match self {
            Self::Bcrypt { cost, .. } => Work::Bcrypt { cost: *cost },
            Self::Argon2(hash) => hash.work,
        }
    }
}

impl Argon2Hash {
    fn verifies(&self, password: &[u8]) -> Result<bool, OutOfMemory> {
        let mut output = Zeroizing::new(vec![0; self.output.len()]);
        match self.function.hash_password_into(password, &self.salt, &mut output) {
            Ok(()) => Ok(bool::from(output.ct_eq(&self.output))),
            Err(argon2::Error::OutOfMemory) => Err(OutOfMemory),
            Err(_) => Ok(false),
        }
    }
}

/// Without the hash.
impl fmt::Debug for PasswordHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Bcrypt { .. } => "Bcrypt",
            Self::Argon2(_) => "Argon2",
        })
    }
}

fn bcrypt(text: &str) -> Result<PasswordHash, HashFault> {
    let parts: HashParts = text.parse().map_err(|_| HashFault::BcryptSyntax)?;
    match parts.get_cost() {
        cost if BCRYPT_COSTS.contains(&cost) => Ok(PasswordHash::Bcrypt { text: text.into(), cost }),
        cost => Err(HashFault::BcryptCost(cost)),
    }
}

fn argon2(text: &str) -> Result<PasswordHash, HashFault> {
    let syntax = HashFault::Argon2Syntax;
    let phc = Phc::new(text).map_err(|_| syntax)?;
    let algorithm = Algorithm::try_from(phc.algorithm.as_str()).map_err(|_| syntax)?;
    let version = Version::try_from(phc.version.ok_or(syntax)?).map_err(|_| syntax)?;
    let params = Params::try_from(&phc).map_err(|_| syntax)?;
    let (salt, output) = (phc.salt.ok_or(syntax)?, phc.hash.ok_or(syntax)?);
    let work = u64::from(params.m_cost()) * u64::from(params.t_cost());
    if params.m_cost() > ARGON2_MEMORY || work > ARGON2_WORK {
        return Err(HashFault::Argon2Cost);
    }
    Ok(PasswordHash::Argon2(Box::new(Argon2Hash {
        work: Work::Argon2 {
            algorithm: algorithm.as_str(),
            version: version.into(),
            memory: params.m_cost(),
            passes: params.t_cost(),
            lanes: params.p_cost(),
            output: output.len(),
        },
        function: Argon2::new(algorithm, version, params),
        salt: salt.to_vec(),
        output: output.as_bytes().to_vec(),
    })))
}
