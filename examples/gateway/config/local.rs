//! `[basic]`, `[api_key]`, `[cookie]`, `[ticket]`: credentials that are judged by what lies in files here.

use std::time::Duration;

use super::units::Time;
use super::value::Word;
use super::{At, Fault, FilePath, Section};

/// A user and a password.
#[derive(Debug)]
pub(crate) struct Basic {
    pub(crate) htpasswd: At<FilePath>,
}

/// A key in a header field.
#[derive(Debug)]
pub(crate) struct ApiKey {
    pub(crate) header: At<Token>,
    pub(crate) keys: At<FilePath>,
}

/// A signed cookie.
#[derive(Debug)]
pub(crate) struct Cookie {
    pub(crate) name: At<Token>,
    pub(crate) secret: At<FilePath>,
}

/// A signed parameter of the query, good for one connection.
#[derive(Debug)]
pub(crate) struct Ticket {
    pub(crate) parameter: At<Token>,
    pub(crate) secret: At<FilePath>,
    pub(crate) lifetime: Duration,
}

/// A name of a header field, a cookie or a parameter (RFC 9110 5.6.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token(pub(crate) String);

impl Word for Token {
    const WHAT: &'static str = "a name";
    const EXAMPLE: &'static str = "it in quotes";

    fn parse(text: &str) -> Result<Self, Fault> {
        let valid = !text.is_empty()
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        if valid {
            Ok(Self(text.to_owned()))
        } else {
            Err(Fault::Name { given: text.to_owned(), what: "header, cookie or parameter" })
        }
    }
}

impl Basic {
    pub(super) fn read(section: &Section<'_>) -> Option<Self> {
        Some(Self { htpasswd: section.require("htpasswd_file", "htpasswd_file = \"users.htpasswd\"")? })
    }
}

impl ApiKey {
    pub(super) fn read(section: &Section<'_>) -> Option<Self> {
        let header = named(section, "header", "X-Api-Key");
        let keys = section.require("keys_file", "keys_file = \"keys.toml\"");
        Some(Self { header, keys: keys? })
    }
}

impl Cookie {
    pub(super) fn read(section: &Section<'_>) -> Option<Self> {
        let name = named(section, "name", "session");
        let secret = section.require("secret_file", "secret_file = \"cookie.key\"");
        Some(Self { name, secret: secret? })
    }
}

impl Ticket {
    pub(super) fn read(section: &Section<'_>) -> Option<Self> {
        let parameter = named(section, "parameter", "ticket");
        let lifetime = section.get_or("lifetime", Time(Duration::from_secs(30))).0;
        let secret = section.require("secret_file", "secret_file = \"ticket.key\"");
        Some(Self { parameter, secret: secret?, lifetime })
    }
}

fn named(section: &Section<'_>, key: &'static str, default: &str) -> At<Token> {
    section.get(key).unwrap_or_else(|| At { value: Token(default.to_owned()), place: section.place(key) })
}
