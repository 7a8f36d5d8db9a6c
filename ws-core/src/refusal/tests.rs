//! The users' page about refusals and the catalogue say the same.

use std::collections::HashMap;

use super::{Cause, FieldValue};

const PAGE: &str = include_str!("../../../REFUSALS.md");

#[test]
fn the_first_table_has_every_http_answer_once() {
    let rows = table("## Before the upgrade", 4);
    let told = Cause::ALL.iter().filter(|cause| cause.status().is_some() || cause.closes());
    assert_eq!(rows.len(), told.clone().count());
    for cause in told {
        let cells = &rows[cause.code()];
        let status = cause.status().map_or_else(|| "none".to_owned(), |status| status.to_string());
        assert_eq!(cells[2], status, "{cause}");
        assert_eq!(sorted(quoted(cells[3])), sorted(carried(*cause)), "{cause}");
    }
}

#[test]
fn the_second_table_has_every_close_frame_once() {
    let rows = table("## After the upgrade", 3);
    let told = Cause::ALL.iter().filter(|cause| cause.close_code().is_some());
    assert_eq!(rows.len(), told.clone().count());
    for cause in told {
        assert_eq!(rows[cause.code()][2], cause.close_code().unwrap().to_string(), "{cause}");
    }
}

/// A heading is the target of a link that ends in `#` and the code, as a problem's `type` does.
#[test]
fn every_cause_has_its_section() {
    let (_, sections) = PAGE.split_once("## Each cause\n").unwrap();
    let mut sections = sections.split("\n### ").skip(1);
    for cause in Cause::ALL {
        let expected = format!(
            "{}\n\n**{}.** {}\n\n*What to do:* {} ({})\n",
            cause.code(),
            cause.title(),
            cause.summary(),
            cause.remedy(),
            cause.section()
        );
        assert_eq!(sections.next().unwrap(), expected);
    }
    assert_eq!(sections.next(), None);
}

/// The cells of each row by its code; no code may have two rows.
fn table(heading: &str, columns: usize) -> HashMap<&'static str, Vec<&'static str>> {
    let (_, rest) = PAGE.split_once(heading).unwrap();
    let rest = rest.split("\n## ").next().unwrap();
    let mut rows = HashMap::new();
    for line in rest.lines().filter(|line| line.starts_with("| [")) {
        let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
        assert_eq!(cells.len(), columns, "{line}");
        let code = quoted(cells[0])[0];
        assert_eq!(cells[0], format!("[`{code}`](#{code})"));
        assert!(rows.insert(code, cells).is_none(), "{code} twice");
    }
    rows
}

/// What stands between backticks.
fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

fn carried(cause: Cause) -> Vec<String> {
    let field = |(name, value): &(&str, FieldValue)| match value {
        FieldValue::Fixed(value) => format!("{name}: {value}"),
        FieldValue::Challenges | FieldValue::Seconds => (*name).to_owned(),
    };
    let mut carried: Vec<_> = cause.required_fields().iter().map(field).collect();
    carried.extend(cause.oauth_error().map(|error| format!("error=\"{error}\"")));
    if cause.oauth_error() == Some("insufficient_scope") {
        carried.push("scope".to_owned());
    }
    carried
}

fn sorted<T: Into<String>>(words: Vec<T>) -> Vec<String> {
    let mut words: Vec<_> = words.into_iter().map(Into::into).collect();
    words.sort();
    words
}
