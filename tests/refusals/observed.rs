//! The table in the documentation that is made from what was observed.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Deref;
use std::path::Path;

use ws_core::refusal::{Cause, Disclosure};

use crate::ends::Ended;
use crate::expected::MinimalBodies;
use crate::scene::Told;
use crate::setup::Way;

/// What was observed of all causes.
#[derive(Debug)]
pub(crate) struct Observed {
    pub(crate) rows: BTreeMap<ByPlace, Row>,
    pub(crate) minimal: MinimalBodies,
}

/// A cause, in the order of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ByPlace(pub(crate) Cause);

impl Ord for ByPlace {
    fn cmp(&self, other: &Self) -> Ordering {
        let place = |cause: &Self| Cause::ALL.iter().position(|one| *one == cause.0);
        place(self).cmp(&place(other))
    }
}

impl PartialOrd for ByPlace {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Deref for ByPlace {
    type Target = Cause;

    fn deref(&self) -> &Cause {
        &self.0
    }
}

/// What was observed of one cause, in the words of the table.
#[derive(Debug, Default)]
pub(crate) struct Row {
    /// At the level `standard`.
    told: BTreeMap<Way, String>,
    /// What the Close frame says, at the level `standard`.
    reason: String,
    fields: String,
    members: String,
    /// Whether the checks were told at the level `full`.
    trace: bool,
}

impl Row {
    pub(crate) fn add(&mut self, disclosure: Disclosure, way: Way, told: &Told) {
        match (disclosure, told) {
            (Disclosure::Full, Told::Http(answer)) => {
                self.trace |= answer.body.windows(8).any(|window| window == b"\"trace\":");
            }
            (Disclosure::Standard, told) => {
                if let (Way::Http, Told::Http(answer)) = (way, told) {
                    self.describe(answer);
                }
                // The first that provokes a cause is the one that is shown; all of them are compared.
                if let (Told::Frame(_, _, reason), true) = (told, self.reason.is_empty()) {
                    self.reason = without_time(reason);
                }
                self.told.entry(way).or_insert_with(|| shown(told));
            }
            _ => {}
        }
    }

    fn describe(&mut self, answer: &tests::wire::Answer) {
        const COMMON: [&str; 6] =
            ["Content-Type", "Content-Length", "Cache-Control", "X-Request-Id", "Refused-By", "Date"];
        if self.told.contains_key(&Way::Http) {
            return;
        }
        let fields = answer.fields().into_iter().filter(|(name, _)| !COMMON.contains(&&**name));
        let shown = fields.map(|(name, value)| match &*name {
            "Retry-After" => "`Retry-After`".to_owned(),
            _ => format!("`{name}: {value}`"),
        });
        self.fields = shown.collect::<Vec<_>>().join("<br>");
        let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        let extra = ["retry_after", "required_scope", "supported"];
        let there = extra.into_iter().filter(|name| body.get(name).is_some());
        self.members = there.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    }
}

/// The time to come back is different for each client.
fn without_time(reason: &str) -> String {
    let waits = reason.split_once("retry after ");
    waits.map_or_else(|| reason.to_owned(), |(code, _)| format!("{code}retry after … s"))
}

fn shown(told: &Told) -> String {
    match told {
        Told::Http(answer) => answer.head.status().to_string(),
        Told::Frame(_, code, _) => format!("**{code}**"),
        Told::Nothing => "closed".to_owned(),
    }
}

/// Fails where the documentation says something else; `WS_TESTS_REWRITE=1` has it say the same.
pub(crate) fn compare(observed: &Observed, ended: &Ended) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../REFUSALS-OBSERVED.md");
    let (now, before) = (page(observed, ended), std::fs::read_to_string(&path).unwrap_or_default());
    if std::env::var_os("WS_TESTS_REWRITE").is_some() {
        std::fs::write(&path, now).unwrap();
    } else {
        let line = now.lines().zip(before.lines()).find(|(now, before)| now != before);
        assert!(
            now == before,
            "REFUSALS-OBSERVED.md is not what was observed: {line:?}; WS_TESTS_REWRITE=1 rewrites it"
        );
    }
}

fn page(observed: &Observed, ended: &Ended) -> String {
    let mut page = String::from(INTRODUCTION);
    page += "\n## Before the upgrade\n\n";
    page += "| code | `http` | `close-frame` | `auto` | `auto`, allowed origin | fields over HTTP | members | trace | reason |\n";
    page += "|---|---|---|---|---|---|---|---|---|\n";
    for (cause, row) in &observed.rows {
        let told = |way| row.told.get(&way).map_or("–", String::as_str);
        let _ = writeln!(
            page,
            "| `{}` | {} | {} | {} | {} | {} | {} | {} | {} |",
            cause.code(),
            told(Way::Http),
            told(Way::CloseFrame),
            told(Way::Auto),
            told(Way::AutoWithOrigin),
            row.fields,
            row.members,
            if row.trace { "yes" } else { "" },
            if row.reason.is_empty() { String::new() } else { format!("`{}`", row.reason) },
        );
    }
    page += "\n## After the upgrade\n\n| code | occasion | close code | reason |\n|---|---|---|---|\n";
    for (cause, when, code, reason) in ended {
        let reason = without_time(reason);
        let _ = writeln!(page, "| `{}` | {when} | {code} | `{reason}` |", cause.code());
    }
    page += "\n## At the level minimal\n\nThe whole body, for every cause of a status:\n\n| status | body |\n|---|---|\n";
    for (status, body) in &observed.minimal {
        let _ = writeln!(page, "| {status} | `{}` |", String::from_utf8_lossy(body));
    }
    page
}

const INTRODUCTION: &str = "\
# What was observed

This page is made by a test (`cargo test -p tests --test refusals`), which provokes every cause of the
[contract](REFUSALS-CONTRACT.md) over a real socket, at each level of disclosure and in each way of delivery, compares what comes
with the catalogue, and fails where it is not what stands here.

The columns are the ways of delivery, to a client that sends no `Origin` and, in the fourth, to a browser from an allowed
one. A number is the status of an HTTP answer; a bold one is a close code, whose reason at the level standard is in the last
column; \"closed\" stands for the end of the connection without a word, and a dash where the fault itself is the origin. Beside the fields
shown, every HTTP answer has `Content-Type`, `Content-Length`, `Cache-Control`, `X-Request-Id`, `Refused-By` and `Date`;
beside the members shown, its body has `type`, `title`, `status`, `detail`, `code` and `request_id`. At the level full the
body has the checks that were made in `trace`, where there were any.
";
