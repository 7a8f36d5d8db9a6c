use std::{fmt, io, path::PathBuf};

use cedar_policy::ffi::DetailedError;
use thiserror::Error;

use super::source::Text;

/// Why some texts are no policies.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CedarError {
    /// A file cannot be read, or is not UTF-8.
    #[error("{}: cannot be read: {kind}", .file.display())]
    Unreadable {
        /// What it should hold.
        part: CedarPart,
        /// Which.
        file: PathBuf,
        /// Why not.
        kind: io::ErrorKind,
    },
    /// A text is not what it should be, by itself or by the schema.
    #[error("{}: {message}{}", .place, fix(.help.as_deref()))]
    Invalid {
        /// What it should hold.
        part: CedarPart,
        /// Where the fault is.
        place: Place,
        /// What is wrong, in Cedar's words.
        message: String,
        /// What to do about it, if Cedar knows.
        help: Option<String>,
    },
    /// A policy has slots, which nobody fills.
    #[error("{place}: the policy {policy:?} is a template; give a policy without ?principal and ?resource")]
    Template {
        /// Where the policies are.
        place: Place,
        /// Which.
        policy: String,
    },
    /// Two policies have the same `@id`: a denial could not tell which.
    #[error("{place}: more than one policy has @id({policy:?}); give each its own")]
    DuplicateId {
        /// Where the policies are.
        place: Place,
        /// The name.
        policy: String,
    },
    /// This is no name of an entity type, or of a namespace.
    #[error("{name:?} is not a name in Cedar: give identifiers with :: between them")]
    Name {
        /// What was given.
        name: String,
    },
}

/// One of the texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CedarPart {
    /// The policies.
    Policies,
    /// The entities.
    Entities,
    /// The schema.
    Schema,
}

/// A line of a file, as far as they are known: `policies.cedar:3`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub(super) part: CedarPart,
    /// The file; none for a text that is from none.
    pub file: Option<PathBuf>,
    /// The line, from 1.
    pub line: Option<usize>,
}

impl CedarError {
    /// A fault that Cedar found in `text`.
    pub(super) fn invalid(part: CedarPart, text: &Text, error: impl Into<DetailedError>) -> Self {
        let error = error.into();
        let offset = error.source_locations.first().map(|location| location.loc.start);
        let line = offset.and_then(|offset| Some(text.content.get(..offset)?.matches('\n').count() + 1));
        let label = error.source_locations.into_iter().find_map(|location| location.label);
        let message = match label {
            Some(label) if !error.message.contains(&label) => format!("{}: {label}", error.message),
            _ => error.message,
        };
        Self::Invalid { part, place: Place { line, ..Place::of(part, text) }, message, help: error.help }
    }
}

impl Place {
    pub(super) fn of(part: CedarPart, text: &Text) -> Self {
        Self { part, file: text.file.clone(), line: None }
    }
}

impl CedarPart {
    /// `policies`, `entities` or `schema`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Policies => "policies",
            Self::Entities => "entities",
            Self::Schema => "schema",
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.file {
            Some(file) => write!(formatter, "{}", file.display())?,
            None => formatter.write_str(self.part.name())?,
        }
        match self.line {
            Some(line) => write!(formatter, ":{line}"),
            None => Ok(()),
        }
    }
}

fn fix(help: Option<&str>) -> String {
    help.map(|help| format!(" ({help})")).unwrap_or_default()
}
