//! The contract's two tables and the catalogue say the same, in both directions.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::{Cause, FieldValue};

const CONTRACT: &str = include_str!("../../../REFUSALS-CONTRACT.md");

/// What the first table says of a code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Http {
    status: Option<u16>,
    fields: BTreeSet<String>,
    oauth_error: Option<String>,
}

#[test]
fn every_http_answer_is_that_of_the_contract() {
    let contract = http();
    let catalogue = Cause::ALL.iter().filter(|cause| cause.status().is_some() || cause.closes());
    let catalogue: BTreeMap<_, _> = catalogue.map(|cause| (cause.code(), ours(*cause))).collect();
    assert_eq!(contract.keys().collect::<Vec<_>>(), catalogue.keys().collect::<Vec<_>>());
    for (code, http) in contract {
        assert_eq!(http, catalogue[code], "{code}");
    }
}

#[test]
fn every_close_code_is_that_of_the_contract() {
    let contract = closes();
    let catalogue = Cause::ALL.iter().filter_map(|cause| Some((cause.code(), cause.close_code()?)));
    assert_eq!(contract, catalogue.collect::<BTreeMap<_, _>>());
}

#[test]
fn every_cause_stands_in_the_contract() {
    let (http, closes) = (http(), closes());
    let contract: BTreeSet<_> = http.keys().chain(closes.keys()).copied().collect();
    assert_eq!(contract, Cause::ALL.iter().map(|cause| cause.code()).collect());
}

/// What the catalogue says, in the contract's words.
fn ours(cause: Cause) -> Http {
    let field = |(name, value): &(&str, FieldValue)| match value {
        FieldValue::Fixed(value) => format!("{name}: {value}"),
        FieldValue::Challenges | FieldValue::Seconds => (*name).to_owned(),
    };
    Http {
        status: cause.status(),
        fields: cause.required_fields().iter().map(field).collect(),
        oauth_error: cause.oauth_error().map(str::to_owned),
    }
}

fn http() -> BTreeMap<&'static str, Http> {
    let mut table = BTreeMap::new();
    // "as above" is meant of the last row with the same status.
    let mut above = BTreeMap::new();
    for cells in
        rows("## Before the upgrade (HTTP answers)").chain(rows("## Before the upgrade, added later"))
    {
        let [code, _, status, carried] = cells[..] else { panic!("{cells:?}") };
        let statuses: Vec<_> = status.split(" / ").collect();
        let mut http = if carried == "as above" { Http::clone(&above[status]) } else { carries(carried) };
        for (nth, code) in codes(code).into_iter().enumerate() {
            let status = statuses.get(nth).or(statuses.first()).unwrap();
            http.status =
                if status.starts_with("none: closed") { None } else { Some(status.parse().unwrap()) };
            let mut http = http.clone();
            // The sentence before the tables.
            if matches!(http.status, Some(414 | 421 | 505)) || code.split('-').any(|word| word == "host") {
                http.fields.insert("Connection: close".to_owned());
            }
            assert!(table.insert(code, http).is_none(), "{code} twice");
        }
        above.insert(status, http);
    }
    table
}

/// The fourth column: what stands between backticks, and `challenges`.
fn carries(cell: &str) -> Http {
    let mut http = Http::default();
    if cell.contains("challenges") {
        http.fields.insert("WWW-Authenticate".to_owned());
    }
    let (absent, without) =
        (cell.contains("`Sec-WebSocket-Protocol` is absent"), cell.contains("no `error`"));
    for word in quoted(cell) {
        let error = word.split_once("error=\"").and_then(|(_, error)| error.split('"').next());
        if word.starts_with("WWW-Authenticate") || error.is_some() {
            http.fields.insert("WWW-Authenticate".to_owned());
            http.oauth_error = error.map(str::to_owned);
        } else if !(absent && word == "Sec-WebSocket-Protocol" || without && word == "error") {
            http.fields.insert(word.to_owned());
        }
    }
    http
}

fn closes() -> BTreeMap<&'static str, u16> {
    let mut table = BTreeMap::new();
    let (mut seen, mut violations) = (HashSet::new(), false);
    for cells in rows("## After the upgrade") {
        let [code, _, number] = cells[..] else { panic!("{cells:?}") };
        if code == "protocol violations" {
            // RFC 6455 7.4.1: they are no causes of the catalogue.
            violations = true;
            continue;
        }
        let (number, or) = number.split_once(' ').unwrap_or((number, ""));
        let number = number.parse().unwrap();
        for code in codes(code) {
            seen.insert(code);
            // Some stand in two rows, for two occasions.
            assert_eq!(*table.entry(code).or_insert(number), number, "{code}");
            assert_eq!(or.starts_with("(1012"), code == Cause::ServerDraining.code(), "{code}");
        }
    }
    assert!(violations && seen.len() == table.len());
    table
}

/// The cells of each row of the table below this heading.
fn rows(heading: &str) -> impl Iterator<Item = Vec<&'static str>> {
    let (_, rest) = CONTRACT.split_once(heading).unwrap();
    let table = rest.split("\n## ").next().unwrap();
    let rows = table.lines().filter(|line| line.starts_with('|')).skip(2);
    rows.map(|line| {
        line.strip_prefix('|').unwrap().strip_suffix('|').unwrap().split('|').map(str::trim).collect()
    })
}

/// The codes of a first column, a range with all that stand between in the order of the catalogue.
fn codes(cell: &'static str) -> Vec<&'static str> {
    if let Some((first, last)) = cell.split_once(" … ") {
        let place = |cell| Cause::ALL.iter().position(|cause| [cause.code()] == quoted(cell)[..]).unwrap();
        return Cause::ALL[place(first)..=place(last)].iter().map(|cause| cause.code()).collect();
    }
    quoted(cell)
}

/// What stands between backticks.
fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}
