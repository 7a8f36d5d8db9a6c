//! Every row of the catalogue, at every level and in every way of delivery, over a real socket.

use std::collections::{BTreeMap, BTreeSet};

use tokio::sync::OnceCell;
use ws_core::refusal::{Cause, Disclosure};

use crate::ends;
use crate::expected::{self, MinimalBodies};
use crate::fault::{self, Fault};
use crate::observed::{self, Observed};
use crate::scene::{Told, play};
use crate::setup::Way;

const LEVELS: [Disclosure; 3] = [Disclosure::Full, Disclosure::Standard, Disclosure::Minimal];

#[tokio::test]
async fn every_row_is_what_the_catalogue_says() {
    let observed = run().await;
    let seen: BTreeSet<_> = observed.rows.keys().map(|cause| cause.code()).collect();
    let before = Cause::ALL.iter().filter(|cause| cause.status().is_some() || cause.closes());
    assert_eq!(seen, before.map(|cause| cause.code()).collect(), "no row is forgotten");
    for (status, body) in &observed.minimal {
        let title = &String::from_utf8_lossy(body);
        assert!(
            title.starts_with(r#"{"type":"about:blank","title":""#)
                && title.ends_with(&format!("{status}}}"))
        );
    }
}

#[tokio::test]
async fn the_documentation_has_what_was_observed() {
    observed::compare(run().await, ends::run().await);
}

/// Plays all faults, once for all tests.
pub(crate) async fn run() -> &'static Observed {
    static OBSERVED: OnceCell<Observed> = OnceCell::const_new();
    OBSERVED.get_or_init(play_all).await
}

async fn play_all() -> Observed {
    let (mut rows, mut minimal) = (BTreeMap::new(), MinimalBodies::new());
    let faults = fault::all();
    // Eight at a time: some of them wait for what has to take too long.
    for faults in faults.chunks(8) {
        for fault_rows in futures_util::future::join_all(faults.iter().map(play_fault)).await {
            for (cause, disclosure, way, in_frame, outcome) in fault_rows {
                expected::check(cause, disclosure, way, in_frame, &outcome, &mut minimal);
                let row: &mut observed::Row = rows.entry(observed::ByPlace(cause)).or_default();
                row.add(disclosure, way, &outcome.told);
            }
        }
    }
    Observed { rows, minimal }
}

type Played = (Cause, Disclosure, Way, bool, crate::scene::Outcome);

async fn play_fault(fault: &Fault) -> Vec<Played> {
    let cause = Cause::from_code(fault.code).unwrap();
    let mut played = Vec::new();
    for disclosure in LEVELS {
        for way in Way::ALL {
            // A request whose fault is its origin has no allowed one.
            if way == Way::AutoWithOrigin && fault.touches == ["origin"] {
                continue;
            }
            let outcome = play(&[fault], disclosure, way).await;
            let in_frame = matches!(way, Way::CloseFrame | Way::AutoWithOrigin)
                && cause.close_code().is_some()
                && !matches!(outcome.told, Told::Nothing);
            played.push((cause, disclosure, way, in_frame, outcome));
        }
    }
    played
}
