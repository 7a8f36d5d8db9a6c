//! Reads a TOML file section by section, with the line of everything, and collects what is wrong.

use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::schema;
use super::value::{At, Value};
use super::{Fault, Place, Problems};

/// The text of a file.
#[derive(Debug)]
pub(crate) struct Source {
    path: Arc<Path>,
    text: String,
    schema: schema::Schema,
}

impl Source {
    /// Reads a file whose keys are those of `schema`.
    pub(crate) fn load(path: &Path, schema: schema::Schema, problems: &Problems) -> Option<Self> {
        let place = Place::file(path);
        let bytes = problems.take(&place, std::fs::read(path).map_err(Fault::Unreadable))?;
        let text = String::from_utf8(bytes).map_err(|error| Fault::NotUtf8(error.utf8_error().valid_up_to()));
        Some(Self { path: path.into(), text: problems.take(&place, text)?, schema })
    }

    /// The whole file as a section without a name. What is no TOML has no sections.
    pub(crate) fn root(&self) -> (Spanned<DeTable<'_>>, Vec<toml::de::Error>) {
        DeTable::parse_recoverable(&self.text)
    }

    /// Reads the file with `read`, unless it is no TOML.
    pub(crate) fn read<T>(
        &self,
        problems: &Problems,
        read: impl FnOnce(&Section<'_>) -> Option<T>,
    ) -> Option<T> {
        let (root, errors) = self.root();
        // One missing bracket makes an error of every line that follows: the first ones tell.
        for error in errors.iter().take(SYNTAX_ERRORS) {
            let line = error.span().map(|span| self.line(span.start));
            let place = Place { line, ..Place::file(&self.path) };
            problems.push(place.problem(Fault::Syntax(error.message().to_owned())));
        }
        if !errors.is_empty() {
            return None;
        }
        let section =
            Section { source: self, problems, name: String::new(), line: None, table: root.get_ref() };
        section.look_for_strangers();
        read(&section)
    }

    /// The line of a byte, counted from one.
    fn line(&self, offset: usize) -> usize {
        1 + self.text.bytes().take(offset).filter(|&byte| byte == b'\n').count()
    }
}

/// Mistakes of syntax that are told of one file.
const SYNTAX_ERRORS: usize = 3;

/// A table of a file: the values of its keys, each with its place.
#[derive(Clone, Debug)]
pub(crate) struct Section<'a> {
    source: &'a Source,
    problems: &'a Problems,
    /// Empty for the file itself.
    name: String,
    line: Option<usize>,
    table: &'a DeTable<'a>,
}

thread_local! {
    /// The keys that were asked for, for the test that compares them with the schema.
    pub(super) static ASKED: RefCell<Vec<(String, &'static str)>> = const { RefCell::new(Vec::new()) };
}

impl<'a> Section<'a> {
    /// The value of a key, if it is there and right.
    pub(crate) fn get<T: Value>(&self, key: &'static str) -> Option<At<T>> {
        self.present(key)?.1
    }

    /// The value of a key, or what it is when it is absent.
    pub(crate) fn get_or<T: Value>(&self, key: &'static str, default: T) -> T {
        self.get(key).map_or(default, |found| found.value)
    }

    /// The value of a key that must be there.
    pub(crate) fn require<T: Value>(&self, key: &'static str, example: &'static str) -> Option<At<T>> {
        if let Some((_, value)) = self.present(key) {
            return value;
        }
        self.problems.push(self.place(key).problem(Fault::Missing { example }));
        None
    }

    /// The table under a key.
    pub(crate) fn section(&self, key: &'static str) -> Option<Section<'a>> {
        let (line, value) = self.raw(key)?;
        match value.get_ref() {
            DeValue::Table(table) => Some(self.child(key, line, table)),
            other => {
                self.wrong_type(key, line, "a section", other);
                None
            }
        }
    }

    /// What `read` makes of the table under a key: nothing where it is absent. `None`: something is wrong there.
    #[expect(clippy::option_option, reason = "absent, wrong and right are three things")]
    pub(crate) fn within<T>(
        &self,
        key: &'static str,
        read: impl FnOnce(&Section<'_>) -> Option<T>,
    ) -> Option<Option<T>> {
        match self.section(key) {
            Some(section) => read(&section).map(Some),
            None => (!self.has(key)).then_some(None),
        }
    }

    /// The tables under a key: `[[key]]`.
    pub(crate) fn sections(&self, key: &'static str) -> Vec<Section<'a>> {
        let Some((line, value)) = self.raw(key) else { return Vec::new() };
        let DeValue::Array(array) = value.get_ref() else {
            self.wrong_type(key, line, "a list of sections", value.get_ref());
            return Vec::new();
        };
        let child = |element: &'a Spanned<DeValue<'a>>| {
            let line = self.source.line(element.span().start);
            match element.get_ref() {
                DeValue::Table(table) => Some(self.child(key, line, table)),
                other => {
                    self.wrong_type(key, line, "a list of sections", other);
                    None
                }
            }
        };
        array.iter().filter_map(child).collect()
    }

    /// Whether a key is there, be it right or wrong.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// Where a key stands, or the section, if it does not.
    pub(crate) fn place(&self, key: &str) -> Place {
        let line = self.table.get_key_value(key).map(|(key, _)| self.source.line(key.span().start));
        Place { file: Arc::clone(&self.source.path), line: line.or(self.line), key: self.path_of(key) }
    }

    /// The section itself.
    pub(crate) fn place_of_section(&self) -> Place {
        Place { file: Arc::clone(&self.source.path), line: self.line, key: self.name.clone() }
    }

    /// Where problems go.
    pub(crate) fn problems(&self) -> &'a Problems {
        self.problems
    }

    fn present<T: Value>(&self, key: &'static str) -> Option<(usize, Option<At<T>>)> {
        let (line, value) = self.raw(key)?;
        let place = Place { line: Some(line), ..self.place(key) };
        let line_of = |value: &Spanned<DeValue<'_>>| self.source.line(value.span().start);
        let read = T::read(
            value,
            &super::value::Reading { place: &place, problems: self.problems, line_of: &line_of },
        );
        Some((line, read.map(|value| At { value, place })))
    }

    fn raw(&self, key: &'static str) -> Option<(usize, &'a Spanned<DeValue<'a>>)> {
        if cfg!(test) {
            ASKED.with_borrow_mut(|asked| asked.push((self.name.clone(), key)));
        }
        let (name, value) = self.table.get_key_value(key)?;
        Some((self.source.line(name.span().start), value))
    }

    fn child(&self, key: &'static str, line: usize, table: &'a DeTable<'a>) -> Section<'a> {
        let section = Section { name: self.path_of(key), line: Some(line), table, ..self.clone() };
        section.look_for_strangers();
        section
    }

    fn path_of(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) }
    }

    fn wrong_type(&self, key: &str, line: usize, expected: &'static str, found: &DeValue<'_>) {
        let example =
            if expected == "a section" { "[section] above its keys" } else { "[[section]] above its keys" };
        let fault = Fault::Type { expected, found: super::value::kind(found), example };
        self.problems.push(Place { line: Some(line), ..self.place(key) }.problem(fault));
    }

    /// Keys that nobody will ask for.
    fn look_for_strangers(&self) {
        for key in self.table.keys() {
            if let Some(fault) = self.source.schema.stranger(&self.name, key.get_ref()) {
                let line = Some(self.source.line(key.span().start));
                self.problems.push(Place { line, ..self.place(key.get_ref()) }.problem(fault));
            }
        }
    }
}
