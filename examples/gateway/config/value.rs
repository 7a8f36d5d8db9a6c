//! Values: what a key may be set to.

use std::ops::Deref;
use std::path::PathBuf;

use toml::Spanned;
use toml::de::DeValue;

use super::{Fault, Place, Problems};

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct At<T> {
    pub(crate) value: T,
    pub(crate) place: Place,
}

impl<T> Deref for At<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// Where a value is being read, and where its problems go.
pub(crate) struct Reading<'a> {
    pub(super) place: &'a Place,
    pub(super) problems: &'a Problems,
    pub(super) line_of: &'a dyn Fn(&Spanned<DeValue<'_>>) -> usize,
}

/// What can stand behind a key.
pub(crate) trait Value: Sized {
    /// The value, or nothing and a problem.
    fn read(value: &Spanned<DeValue<'_>>, reading: &Reading<'_>) -> Option<Self>;
}

/// What stands in quotes.
pub(crate) trait Word: Sized {
    /// What it is: "a duration".
    const WHAT: &'static str;
    /// One that is right, with its quotes.
    const EXAMPLE: &'static str;

    /// The meaning of the text.
    fn parse(text: &str) -> Result<Self, Fault>;
}

impl<T: Word> Value for T {
    fn read(value: &Spanned<DeValue<'_>>, reading: &Reading<'_>) -> Option<Self> {
        let parsed = match value.get_ref() {
            DeValue::String(text) => T::parse(text),
            other => Err(Fault::Type { expected: T::WHAT, found: kind(other), example: T::EXAMPLE }),
        };
        reading.problems.take(reading.place, parsed)
    }
}

impl Word for String {
    const WHAT: &'static str = "a text";
    const EXAMPLE: &'static str = "it in quotes";

    fn parse(text: &str) -> Result<Self, Fault> {
        if text.is_empty() {
            Err(Fault::Empty("write a text, or remove the key"))
        } else {
            Ok(text.to_owned())
        }
    }
}

/// A file, relative to the one that names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FilePath(pub(crate) PathBuf);

impl At<FilePath> {
    /// Where the file is.
    pub(crate) fn resolve(&self) -> PathBuf {
        self.place.file.parent().map_or_else(|| self.value.0.clone(), |base| base.join(&self.value.0))
    }
}

impl Word for FilePath {
    const WHAT: &'static str = "a file";
    const EXAMPLE: &'static str = "its path in quotes";

    fn parse(text: &str) -> Result<Self, Fault> {
        if text.is_empty() { Err(Fault::Empty("write the path of a file")) } else { Ok(Self(text.into())) }
    }
}

impl Value for bool {
    fn read(value: &Spanned<DeValue<'_>>, reading: &Reading<'_>) -> Option<Self> {
        let read = match value.get_ref() {
            DeValue::Boolean(value) => Ok(*value),
            other => Err(Fault::Type {
                expected: "true or false",
                found: kind(other),
                example: "true or false, without quotes",
            }),
        };
        reading.problems.take(reading.place, read)
    }
}

/// How many, at least one.
impl Value for usize {
    fn read(value: &Spanned<DeValue<'_>>, reading: &Reading<'_>) -> Option<Self> {
        let read = match value.get_ref() {
            DeValue::Integer(number) => count(&number.as_str().replace('_', ""), number.radix()),
            other => Err(Fault::Type {
                expected: "a number",
                found: kind(other),
                example: "one without quotes, 1000",
            }),
        };
        reading.problems.take(reading.place, read)
    }
}

fn count(digits: &str, radix: u32) -> Result<usize, Fault> {
    // The most that all platforms count to; no limit is near it.
    const MOST: u64 = u32::MAX as u64;
    match i128::from_str_radix(digits, radix) {
        Ok(number) if number < 1 => Err(Fault::TooSmall { found: number, least: 1 }),
        Ok(number) => usize::try_from(number)
            .ok()
            .filter(|&number| number as u64 <= MOST)
            .ok_or(Fault::TooLarge { found: digits.to_owned(), most: MOST }),
        Err(_) => Err(Fault::TooLarge { found: digits.to_owned(), most: MOST }),
    }
}

/// Each element with its own line.
impl<T: Value> Value for Vec<At<T>> {
    fn read(value: &Spanned<DeValue<'_>>, reading: &Reading<'_>) -> Option<Self> {
        let DeValue::Array(array) = value.get_ref() else {
            let found = kind(value.get_ref());
            let fault =
                Fault::Type { expected: "a list", found, example: "it in square brackets, [\"…\"]" };
            reading.problems.push(reading.place.problem(fault));
            return None;
        };
        let element = |element: &Spanned<DeValue<'_>>| {
            let place = Place { line: Some((reading.line_of)(element)), ..reading.place.clone() };
            let value = T::read(element, &Reading { place: &place, ..*reading })?;
            Some(At { value, place })
        };
        // All of them are looked at, also behind one that is wrong.
        array.iter().map(element).collect::<Vec<_>>().into_iter().collect()
    }
}

/// What somebody wrote, in words.
pub(super) fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a section",
    }
}
