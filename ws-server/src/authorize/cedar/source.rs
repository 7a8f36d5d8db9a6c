use std::path::{Path, PathBuf};

use super::{CedarError, CedarPart};

/// The texts of which policies are made, with the files that they are from.
///
/// ```
/// use ws_server::authorize::cedar::CedarSource;
///
/// let source = CedarSource::new("permit(principal, action, resource);")
///     .entities(r#"[{ "uid": { "type": "User", "id": "ann" }, "attrs": {}, "parents": [] }]"#);
/// let missing = CedarSource::read("absent.cedar").unwrap_err();
/// assert!(missing.to_string().starts_with("absent.cedar: cannot be read"));
/// # let _ = source;
/// ```
#[derive(Clone, Debug)]
pub struct CedarSource {
    pub(super) policies: Text,
    pub(super) entities: Option<Text>,
    pub(super) schema: Option<Text>,
}

/// One text.
#[derive(Clone, Debug)]
pub(super) struct Text {
    pub(super) content: String,
    pub(super) file: Option<PathBuf>,
}

impl CedarSource {
    /// These policies.
    pub fn new(policies: impl Into<String>) -> Self {
        Self { policies: Text::inline(policies), entities: None, schema: None }
    }

    /// With these entities, in Cedar's JSON.
    #[must_use]
    pub fn entities(mut self, entities: impl Into<String>) -> Self {
        self.entities = Some(Text::inline(entities));
        self
    }

    /// With this schema, in Cedar's own syntax. Policies and entities then have to fit it. Attributes that come from
    /// the handshake are best optional in it: a file need not have them.
    #[must_use]
    pub fn schema(mut self, schema: impl Into<String>) -> Self {
        self.schema = Some(Text::inline(schema));
        self
    }

    /// The policies of a file.
    ///
    /// # Errors
    /// [`CedarError::Unreadable`].
    pub fn read(policies: impl AsRef<Path>) -> Result<Self, CedarError> {
        let policies = Text::read(policies.as_ref(), CedarPart::Policies)?;
        Ok(Self { policies, entities: None, schema: None })
    }

    /// With the entities of a file.
    ///
    /// # Errors
    /// [`CedarError::Unreadable`].
    pub fn read_entities(mut self, entities: impl AsRef<Path>) -> Result<Self, CedarError> {
        self.entities = Some(Text::read(entities.as_ref(), CedarPart::Entities)?);
        Ok(self)
    }

    /// With the schema of a file.
    ///
    /// # Errors
    /// [`CedarError::Unreadable`].
    pub fn read_schema(mut self, schema: impl AsRef<Path>) -> Result<Self, CedarError> {
        self.schema = Some(Text::read(schema.as_ref(), CedarPart::Schema)?);
        Ok(self)
    }
}

impl Text {
    fn inline(content: impl Into<String>) -> Self {
        Self { content: content.into(), file: None }
    }

    fn read(file: &Path, part: CedarPart) -> Result<Self, CedarError> {
        match std::fs::read_to_string(file) {
            Ok(content) => Ok(Self { content, file: Some(file.to_owned()) }),
            Err(error) => Err(CedarError::Unreadable { part, file: file.to_owned(), kind: error.kind() }),
        }
    }
}
