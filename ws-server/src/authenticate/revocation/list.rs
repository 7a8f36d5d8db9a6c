//! What is revoked, to be looked up by name.

use std::collections::{HashMap, HashSet};
use std::time::SystemTime;

use super::revocation::{Revocation, What};
use crate::authenticate::Identity;

/// Revocations by credential and by subject.
#[derive(Debug, Default)]
pub(super) struct List {
    credentials: Names,
    subjects: Names,
    /// How many both have.
    named: usize,
    /// Credentials of each file, by its number.
    files: Vec<HashSet<Box<str>>>,
}

type Names = HashMap<Box<str>, Vec<Terms>>;

#[derive(Debug, PartialEq, Eq)]
struct Terms {
    issuer: Option<Box<str>>,
    until: Option<SystemTime>,
}

impl List {
    pub(super) fn contains(&self, who: &Identity, now: SystemTime) -> bool {
        let holds = |names: &Names, name: &str| {
            names.get(name).is_some_and(|terms| terms.iter().any(|terms| terms.hold(who, now)))
        };
        let credential = who.credential_id().is_some_and(|id| {
            holds(&self.credentials, id) || self.files.iter().any(|file| file.contains(id))
        });
        credential || who.subject().is_some_and(|subject| holds(&self.subjects, subject))
    }

    /// Whether there is one of these terms, whenever it holds.
    pub(super) fn has(&self, revocation: &Revocation) -> bool {
        let (names, name) = match &revocation.what {
            What::Credential(id) => (&self.credentials, id),
            What::Subject(subject) => (&self.subjects, subject),
        };
        names.get(name).is_some_and(|terms| terms.iter().any(|terms| terms.issuer == revocation.issuer))
    }

    /// Adds one. The same again changes until when it holds.
    pub(super) fn insert(&mut self, revocation: Revocation) {
        let Revocation { what, issuer, until } = revocation;
        let terms = match what {
            What::Credential(id) => self.credentials.entry(id).or_default(),
            What::Subject(subject) => self.subjects.entry(subject).or_default(),
        };
        if let Some(terms) = terms.iter_mut().find(|terms| terms.issuer == issuer) {
            terms.until = until;
        } else {
            terms.push(Terms { issuer, until });
            self.named += 1;
        }
    }

    /// Takes one back. False: there was none.
    pub(super) fn remove(&mut self, revocation: &Revocation) -> bool {
        let (names, name) = match &revocation.what {
            What::Credential(id) => (&mut self.credentials, id),
            What::Subject(subject) => (&mut self.subjects, subject),
        };
        let Some(terms) = names.get_mut(name) else { return false };
        let before = terms.len();
        terms.retain(|terms| terms.issuer != revocation.issuer);
        let removed = before - terms.len();
        if terms.is_empty() {
            names.remove(name);
        }
        self.named -= removed;
        removed > 0
    }

    /// Forgets what does not hold any more.
    pub(super) fn purge(&mut self, now: SystemTime) {
        for names in [&mut self.credentials, &mut self.subjects] {
            names.retain(|_, terms| {
                terms.retain(|terms| terms.until.is_none_or(|until| now < until));
                !terms.is_empty()
            });
        }
        self.named = self.credentials.values().chain(self.subjects.values()).map(Vec::len).sum();
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.named + self.files.iter().map(HashSet::len).sum::<usize>()
    }

    /// The number of one more file.
    pub(super) fn add_file(&mut self, credentials: HashSet<Box<str>>) -> usize {
        self.files.push(credentials);
        self.files.len() - 1
    }

    /// What the file says now. What it said before is given back, to be dropped where nobody waits for that.
    pub(super) fn set_file(&mut self, number: usize, credentials: HashSet<Box<str>>) -> HashSet<Box<str>> {
        match self.files.get_mut(number) {
            Some(file) => std::mem::replace(file, credentials),
            None => credentials,
        }
    }

    /// How many the file has.
    pub(super) fn len_of_file(&self, number: usize) -> usize {
        self.files.get(number).map_or(0, HashSet::len)
    }
}

impl Terms {
    fn hold(&self, who: &Identity, now: SystemTime) -> bool {
        let issuer = self.issuer.as_deref().is_none_or(|issuer| who.issuer() == Some(issuer));
        issuer && self.until.is_none_or(|until| now < until)
    }
}
