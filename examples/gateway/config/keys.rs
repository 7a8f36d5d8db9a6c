//! The file of API keys: `[[key]]` with `name`, `sha256`, `roles`, `scopes`.

use std::path::Path;

use super::value::Word;
use super::{At, Fault, Problems, Section, Source, schema};

/// The keys of a file.
#[derive(Debug)]
pub(crate) struct Keys(pub(crate) Vec<KeyEntry>);

/// One key.
#[derive(Debug)]
pub(crate) struct KeyEntry {
    pub(crate) name: At<String>,
    pub(crate) sha256: At<Digest>,
    pub(crate) roles: Vec<At<String>>,
    pub(crate) scopes: Vec<At<String>>,
}

/// The SHA-256 of a key, in lower-case hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Digest(pub(crate) String);

impl Word for Digest {
    const WHAT: &'static str = "the SHA-256 of a key";
    const EXAMPLE: &'static str = "64 hexadecimal digits in quotes";

    fn parse(text: &str) -> Result<Self, Fault> {
        let valid =
            text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        // The text itself may be a key that somebody has not hashed.
        if valid { Ok(Self(text.to_owned())) } else { Err(Fault::Sha256) }
    }
}

impl Keys {
    /// Reads a file of keys.
    pub(crate) fn load(path: &Path, problems: &Problems) -> Option<Self> {
        let source = Source::load(path, schema::API_KEYS, problems)?;
        source.read(problems, |root| {
            let keys: Vec<Option<KeyEntry>> = root.sections("key").iter().map(KeyEntry::read).collect();
            keys.into_iter().collect::<Option<_>>().map(Self)
        })
    }
}

impl KeyEntry {
    fn read(section: &Section<'_>) -> Option<Self> {
        let roles = section.get_or("roles", Vec::new());
        let scopes = section.get_or("scopes", Vec::new());
        let name = section.require("name", "name = \"probe\"");
        let sha256 = section.require("sha256", "sha256 = \"…\"");
        Some(Self { name: name?, sha256: sha256?, roles, scopes })
    }
}
