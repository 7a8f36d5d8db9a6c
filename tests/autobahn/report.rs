//! Autobahn's report of a run, and the table made of all of them.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde_json::Value;

/// How one case ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// The case's number, such as `12.1.3`.
    pub(crate) case: String,
    /// Whether compression was switched on.
    pub(crate) compression: bool,
    /// Autobahn's word on what the case tests.
    pub(crate) behavior: String,
    /// Autobahn's word on how the connection closed.
    pub(crate) close: String,
}

impl Outcome {
    fn verdict(&self) -> Verdict {
        match (self.behavior.as_str(), self.close.as_str()) {
            ("OK", "OK") => Verdict::Ok,
            ("OK" | "INFORMATIONAL", "OK" | "INFORMATIONAL") => Verdict::Informational,
            _ => Verdict::Other,
        }
    }

    fn group(&self) -> u32 {
        self.case.split('.').next().and_then(|group| group.parse().ok()).unwrap_or_default()
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Ok,
    Informational,
    Other,
}

/// Reads what Autobahn wrote into `index.json`: for each agent, for each case, its outcome.
pub(crate) fn read(index: &Path, compression: bool) -> Result<Vec<Outcome>, String> {
    let text = std::fs::read(index).map_err(|error| format!("no report {}: {error}", index.display()))?;
    parse(&text, compression).ok_or_else(|| format!("{} is not a report of Autobahn", index.display()))
}

fn parse(text: &[u8], compression: bool) -> Option<Vec<Outcome>> {
    let report: Value = serde_json::from_slice(text).ok()?;
    let mut outcomes = Vec::new();
    for cases in report.as_object()?.values() {
        for (case, outcome) in cases.as_object()? {
            outcomes.push(Outcome {
                case: case.clone(),
                compression,
                behavior: outcome.get("behavior")?.as_str()?.to_owned(),
                close: outcome.get("behaviorClose")?.as_str()?.to_owned(),
            });
        }
    }
    Some(outcomes)
}

/// The outcomes by group: with and without compression, how many cases, and how they ended.
pub(crate) struct Table<'a> {
    outcomes: &'a [Outcome],
}

impl<'a> Table<'a> {
    pub(crate) fn new(outcomes: &'a [Outcome]) -> Self {
        Self { outcomes }
    }

    /// How many different cases ran.
    pub(crate) fn cases(&self, compression: bool) -> usize {
        let mut cases: Vec<&str> = self
            .outcomes
            .iter()
            .filter(|outcome| outcome.compression == compression)
            .map(|outcome| outcome.case.as_str())
            .collect();
        cases.sort_unstable();
        cases.dedup();
        cases.len()
    }

    /// A line for each case that did not pass.
    pub(crate) fn faults(&self) -> Vec<String> {
        self.outcomes
            .iter()
            .filter(|outcome| outcome.verdict() == Verdict::Other)
            .map(|Outcome { case, compression, behavior, close }| {
                let with = if *compression { "with" } else { "without" };
                format!("{case} {with} compression: {behavior}, closing {close}")
            })
            .collect()
    }
}

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rows: BTreeMap<(bool, u32), [usize; 3]> = BTreeMap::new();
        for outcome in self.outcomes {
            let row = rows.entry((!outcome.compression, outcome.group())).or_default();
            row[match outcome.verdict() {
                Verdict::Ok => 0,
                Verdict::Informational => 1,
                Verdict::Other => 2,
            }] += 1;
        }
        writeln!(f, "| compression | group | cases | OK | informational | other |")?;
        writeln!(f, "|---|---:|---:|---:|---:|---:|")?;
        for compression in [true, false] {
            let word = if compression { "on" } else { "off" };
            let mut sum = [0; 3];
            for (&(_, group), row) in rows.range((!compression, 0)..=(!compression, u32::MAX)) {
                line(f, word, group, *row)?;
                sum = std::array::from_fn(|column| sum[column] + row[column]);
            }
            line(f, word, "all", sum)?;
        }
        Ok(())
    }
}

fn line(
    f: &mut fmt::Formatter<'_>,
    compression: &str,
    group: impl fmt::Display,
    row: [usize; 3],
) -> fmt::Result {
    let [ok, informational, other] = row;
    let cases = ok + informational + other;
    writeln!(f, "| {compression} | {group} | {cases} | {ok} | {informational} | {other} |")
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &[u8] = br#"{"agent": {
        "1.1.1": {"behavior": "OK", "behaviorClose": "OK", "duration": 1},
        "2.1": {"behavior": "OK", "behaviorClose": "INFORMATIONAL"},
        "2.2": {"behavior": "NON-STRICT", "behaviorClose": "OK"},
        "2.3": {"behavior": "OK", "behaviorClose": "UNCLEAN"},
        "12.1.1": {"behavior": "UNIMPLEMENTED", "behaviorClose": "OK"}}}"#;

    #[test]
    fn nothing_but_ok_and_informational_passes() {
        let outcomes = parse(REPORT, true).expect("a report");
        let table = Table::new(&outcomes);
        assert_eq!(table.cases(true), 5);
        assert_eq!(table.cases(false), 0);
        let faults = table.faults();
        assert_eq!(faults.len(), 3, "{faults:?}");
        for case in ["2.2", "2.3", "12.1.1"] {
            assert!(faults.iter().any(|fault| fault.starts_with(case)), "{case} in {faults:?}");
        }
    }

    #[test]
    fn a_case_that_ran_twice_counts_once() {
        let mut outcomes = parse(REPORT, true).expect("a report");
        outcomes.extend(parse(REPORT, true).expect("a report"));
        assert_eq!(Table::new(&outcomes).cases(true), 5);
    }

    #[test]
    fn the_table_has_a_line_a_group_and_a_sum() {
        let outcomes = parse(REPORT, true).expect("a report");
        let table = Table::new(&outcomes).to_string();
        assert!(table.contains("| on | 2 | 3 | 0 | 1 | 2 |"), "{table}");
        assert!(table.contains("| on | all | 5 | 1 | 1 | 3 |"), "{table}");
        assert!(table.contains("| off | all | 0 | 0 | 0 | 0 |"), "{table}");
    }

    #[test]
    fn what_is_no_report_is_refused() {
        assert_eq!(parse(b"[]", true), None);
        assert_eq!(parse(br#"{"agent": {"1.1.1": {"behavior": "OK"}}}"#, true), None);
    }
}
