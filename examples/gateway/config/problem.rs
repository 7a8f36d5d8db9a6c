//! Something wrong with a file: where, and how to put it right.

use std::cell::RefCell;
use std::fmt;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use super::Fault;

/// A key in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) file: Arc<Path>,
    /// Counted from one; `None` for a file as a whole.
    pub(crate) line: Option<usize>,
    /// With its section, `limits.idle_timeout`; empty for a line as such.
    pub(crate) key: String,
}

impl Place {
    /// A file as a whole.
    pub(crate) fn file(file: &Path) -> Self {
        Self { file: file.into(), line: None, key: String::new() }
    }

    /// What is wrong here.
    pub(crate) fn problem(&self, fault: Fault) -> Problem {
        Problem { place: self.clone(), fault }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if !self.key.is_empty() {
            write!(f, ": {}", self.key)?;
        }
        Ok(())
    }
}

/// One thing wrong with a file, in one line: `FILE:LINE: KEY: what is wrong; what to do`.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {fault}")]
pub(crate) struct Problem {
    pub(crate) place: Place,
    #[source]
    pub(crate) fault: Fault,
}

impl Problem {
    /// The file that has to be corrected.
    pub(crate) fn file(&self) -> PathBuf {
        match &self.fault {
            Fault::File { path, .. } | Fault::FileUnreadable { path, .. } => path.clone(),
            _ => self.place.file.to_path_buf(),
        }
    }
}

/// Everything that is wrong, as it is found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Problems(Rc<RefCell<Vec<Problem>>>);

impl Problems {
    pub(crate) fn push(&self, problem: Problem) {
        self.0.borrow_mut().push(problem);
    }

    /// What became of a value that may be wrong.
    pub(crate) fn take<T>(&self, place: &Place, result: Result<T, Fault>) -> Option<T> {
        result.map_err(|fault| self.push(place.problem(fault))).ok()
    }

    /// The value, if nothing is wrong with it or with anything else.
    ///
    /// # Errors
    /// All problems, in the order of their lines, the one file after the other.
    pub(crate) fn settle<T>(&self, value: Option<T>) -> Result<T, Vec<Problem>> {
        let mut problems = std::mem::take(&mut *self.0.borrow_mut());
        match value {
            Some(value) if problems.is_empty() => Ok(value),
            _ => {
                let files: Vec<PathBuf> = problems.iter().map(|p| p.place.file.to_path_buf()).collect();
                let first = |problem: &Problem| files.iter().position(|file| *file == *problem.place.file);
                problems.sort_by_key(|problem| (first(problem), problem.place.line));
                Err(problems)
            }
        }
    }
}
