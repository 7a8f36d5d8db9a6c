//! The route table: from the path of a request to its route and parameters.

use std::sync::Arc;

use super::segment;
use crate::authenticate::Params;

/// Why a path cannot be a route.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RouteError {
    /// A path begins with a slash.
    #[error("the route {path:?} does not begin with '/'")]
    NoLeadingSlash {
        /// The route as it was given.
        path: String,
    },
    /// A brace without its partner, or a parameter without a name.
    #[error(
        "the route {path:?} has an unnamed parameter or a brace without its partner ('{{{{' is a plain brace)"
    )]
    InvalidParameter {
        /// The route as it was given.
        path: String,
    },
    /// The name stands in the path twice.
    #[error("the route {path:?} names the parameter {name:?} twice")]
    RepeatedParameter {
        /// The route as it was given.
        path: String,
        /// The name.
        name: String,
    },
    /// One segment holds one parameter at most.
    #[error("the route {path:?} has two parameters in one segment")]
    TwoParametersInSegment {
        /// The route as it was given.
        path: String,
    },
    /// `{*rest}` takes everything that is left, so nothing can follow it.
    #[error("the route {path:?} goes on after a catch-all parameter, or has text before it in the segment")]
    CatchAllNotLast {
        /// The route as it was given.
        path: String,
    },
    /// `%` stands before two hexadecimal digits.
    #[error("the route {path:?} has a '%' without two hexadecimal digits")]
    InvalidEscape {
        /// The route as it was given.
        path: String,
    },
    /// A query or a fragment is no part of a path.
    #[error("the route {path:?} has a query or a fragment; only the path is matched")]
    NotOnlyPath {
        /// The route as it was given.
        path: String,
    },
    /// Both would take the same requests.
    #[error("the route {path:?} takes the same requests as {other:?}")]
    Conflict {
        /// The route as it was given.
        path: String,
        /// The one that was there before.
        other: String,
    },
}

/// Routes of one kind, found by path.
#[derive(Clone, Debug)]
pub(super) struct Table<T> {
    router: matchit::Router<usize>,
    routes: Vec<Entry<T>>,
}

#[derive(Clone, Debug)]
struct Entry<T> {
    path: String,
    names: Vec<Arc<str>>,
    value: T,
}

impl<T> Table<T> {
    pub(super) fn new() -> Self {
        Self { router: matchit::Router::new(), routes: Vec::new() }
    }

    /// Adds a route; its path has parameters in the form `{name}`, or `{*name}` as its end.
    pub(super) fn insert(&mut self, path: &str, value: T) -> Result<(), RouteError> {
        let Pattern { text, names } = Pattern::parse(path)?;
        self.router.insert(text, self.routes.len()).map_err(|error| self.describe(path, error))?;
        self.routes.push(Entry { path: path.to_owned(), names, value });
        Ok(())
    }

    /// The route for the path of a request, as it stands in the request: still percent-encoded.
    pub(crate) fn find(&self, path: &str) -> Option<(&T, Params)> {
        let path = segment::canonical(path)?;
        let found = self.router.at(&path).ok()?;
        let entry = self.routes.get(*found.value)?;
        let values = found.params.iter().map(|(_, value)| segment::decode(value));
        let pairs = entry.names.iter().cloned().zip(values).map(|(name, value)| Some((name, value?)));
        Some((&entry.value, pairs.collect::<Option<Params>>()?))
    }

    fn describe(&self, path: &str, error: matchit::InsertError) -> RouteError {
        let path = path.to_owned();
        match error {
            matchit::InsertError::Conflict { with } => {
                let other = self
                    .routes
                    .iter()
                    .find(|entry| Pattern::parse(&entry.path).is_ok_and(|pattern| pattern.text == with));
                let other = other.map_or(with, |entry| entry.path.clone());
                RouteError::Conflict { path, other }
            }
            matchit::InsertError::InvalidParamSegment => RouteError::TwoParametersInSegment { path },
            matchit::InsertError::InvalidCatchAll => RouteError::CatchAllNotLast { path },
            _ => RouteError::InvalidParameter { path },
        }
    }
}

/// A route's path in the form that the router compares: literal text in its canonical spelling.
struct Pattern {
    text: String,
    names: Vec<Arc<str>>,
}

impl Pattern {
    fn parse(path: &str) -> Result<Self, RouteError> {
        let given = || path.to_owned();
        if !path.starts_with('/') {
            return Err(RouteError::NoLeadingSlash { path: given() });
        }
        if path.contains(['?', '#']) {
            return Err(RouteError::NotOnlyPath { path: given() });
        }
        let mut pattern = Self { text: String::with_capacity(path.len()), names: Vec::new() };
        let mut rest = path;
        loop {
            let brace = rest.find(['{', '}']).unwrap_or(rest.len());
            let (literal, tail) = rest.split_at(brace);
            pattern.literal(literal).ok_or_else(|| RouteError::InvalidEscape { path: given() })?;
            if tail.is_empty() {
                return Ok(pattern);
            }
            rest = if let Some(after) = tail.strip_prefix("{{").or_else(|| tail.strip_prefix("}}")) {
                pattern.text.push_str(if tail.starts_with('{') { "%7B" } else { "%7D" });
                after
            } else {
                let (name, after) = tail
                    .strip_prefix('{')
                    .and_then(|tail| tail.split_once('}'))
                    .ok_or_else(|| RouteError::InvalidParameter { path: given() })?;
                pattern.parameter(path, name)?;
                after
            };
        }
    }

    fn literal(&mut self, text: &str) -> Option<()> {
        self.text.push_str(&segment::canonical(text)?);
        Some(())
    }

    fn parameter(&mut self, path: &str, name: &str) -> Result<(), RouteError> {
        let bare = name.strip_prefix('*').unwrap_or(name);
        if bare.is_empty() || bare.contains(['{', '/', '*']) {
            return Err(RouteError::InvalidParameter { path: path.to_owned() });
        }
        if self.names.iter().any(|known| **known == *bare) {
            return Err(RouteError::RepeatedParameter { path: path.to_owned(), name: bare.to_owned() });
        }
        self.text.extend(["{", name, "}"]);
        self.names.push(bare.into());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(paths: &[&'static str]) -> Table<&'static str> {
        let mut table = Table::new();
        for path in paths {
            table.insert(path, *path).unwrap();
        }
        table
    }

    fn find(table: &Table<&'static str>, path: &str) -> Option<(&'static str, Vec<String>)> {
        let (route, params) = table.find(path)?;
        Some((*route, params.iter().map(|(name, value)| format!("{name}={value}")).collect()))
    }

    fn refused(paths: &[&str]) -> RouteError {
        let mut table = Table::new();
        for path in paths {
            if let Err(error) = table.insert(path, ()) {
                return error;
            }
        }
        panic!("no error for {paths:?}")
    }

    #[test]
    fn parameters_are_found_and_decoded() {
        let table = table(&["/rooms/{room}", "/rooms/{room}/users/{user}", "/files/{*path}", "/"]);
        let expect = |path: &str, route: &'static str, params: &[&str]| {
            let params = params.iter().map(|&param| param.to_owned()).collect();
            assert_eq!(find(&table, path), Some((route, params)), "{path}");
        };
        expect("/rooms/lobby", "/rooms/{room}", &["room=lobby"]);
        expect("/rooms/caf%C3%A9", "/rooms/{room}", &["room=café"]);
        expect("/%72ooms/a/users/b", "/rooms/{room}/users/{user}", &["room=a", "user=b"]);
        expect("/files/a/b", "/files/{*path}", &["path=a/b"]);
        expect("/", "/", &[]);
        for absent in ["/rooms", "/rooms/", "/rooms/a/", "/rooms/a/users", "//", "", "*", "/Rooms/a"] {
            assert_eq!(find(&table, absent), None, "{absent}");
        }
    }

    #[test]
    fn an_escaped_slash_separates_nothing() {
        let table = table(&["/rooms/{room}", "/rooms/{room}/admin"]);
        let found = find(&table, "/rooms/a%2Fadmin");
        assert_eq!(found, Some(("/rooms/{room}", vec!["room=a/admin".to_owned()])));
        assert_eq!(find(&table, "/rooms%2Fa"), None);
    }

    #[test]
    fn control_characters_may_be_escaped_and_broken_escapes_match_nothing() {
        let table = table(&["/rooms/{room}"]);
        assert_eq!(find(&table, "/rooms/%00%0d").map(|found| found.1), Some(vec!["room=\0\r".to_owned()]));
        for broken in ["/rooms/%", "/rooms/%4", "/rooms/%zz", "/rooms/%ff"] {
            assert_eq!(find(&table, broken), None, "{broken}");
        }
    }

    #[test]
    fn literal_text_matches_in_every_spelling() {
        let table = table(&["/café/{x}", "/a%20b", "/{{x}}"]);
        for path in ["/caf%C3%A9/1", "/caf%c3%a9/1", "/c%61f%C3%A9/1", "/café/1"] {
            assert_eq!(find(&table, path).map(|found| found.0), Some("/café/{x}"), "{path}");
        }
        assert!(find(&table, "/a%20b").is_some());
        assert!(find(&table, "/{x}").is_some() && find(&table, "/%7Bx%7d").is_some());
    }

    #[test]
    fn each_fault_of_a_route_has_its_own_error() {
        let path = |text: &str| text.to_owned();
        assert_eq!(refused(&["rooms"]), RouteError::NoLeadingSlash { path: path("rooms") });
        assert_eq!(refused(&[""]), RouteError::NoLeadingSlash { path: path("") });
        assert_eq!(refused(&["/{}"]), RouteError::InvalidParameter { path: path("/{}") });
        assert_eq!(refused(&["/{a"]), RouteError::InvalidParameter { path: path("/{a") });
        assert_eq!(refused(&["/a}"]), RouteError::InvalidParameter { path: path("/a}") });
        assert_eq!(refused(&["/{*}"]), RouteError::InvalidParameter { path: path("/{*}") });
        let repeated = RouteError::RepeatedParameter { path: path("/{a}/{a}"), name: path("a") };
        assert_eq!(refused(&["/{a}/{a}"]), repeated);
        assert_eq!(refused(&["/{a}{b}"]), RouteError::TwoParametersInSegment { path: path("/{a}{b}") });
        assert_eq!(refused(&["/{*a}/b"]), RouteError::CatchAllNotLast { path: path("/{*a}/b") });
        assert_eq!(refused(&["/%4"]), RouteError::InvalidEscape { path: path("/%4") });
        assert_eq!(refused(&["/a?b"]), RouteError::NotOnlyPath { path: path("/a?b") });
        let conflict = RouteError::Conflict { path: path("/r/{b}"), other: path("/r/{a}") };
        assert_eq!(refused(&["/r/{a}", "/r/{b}"]), conflict);
        let spelled = RouteError::Conflict { path: path("/%61"), other: path("/a") };
        assert_eq!(refused(&["/a", "/%61"]), spelled);
    }
}
