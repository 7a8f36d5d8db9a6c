//! The order of the checks, cause by cause: of two things that are wrong, the first is told. All pairs that one request
//! can have; `checks` does the same check by check, and with everything wrong at once.

use futures_util::future::join_all;
use ws_core::refusal::{Cause, Disclosure};

use crate::fault::{self, Fault};
use crate::scene::play;
use crate::setup::Way;

#[tokio::test]
async fn of_two_faults_the_first_in_the_order_is_told() {
    let faults = fault::all();
    let mut pairs = Vec::new();
    for first in &faults {
        pairs.extend(
            faults
                .iter()
                .filter(|second| first.stage < second.stage && first.combines(second))
                .map(|second| (first, second)),
        );
    }
    assert!(pairs.len() > 800, "{}", pairs.len());
    for pairs in pairs.chunks(8) {
        join_all(pairs.iter().map(|(first, second)| check(first, second))).await;
    }
}

async fn check(first: &Fault, second: &Fault) {
    let cause = Cause::from_code(first.code).unwrap();
    let outcome = play(&[first, second], Disclosure::Standard, Way::Http).await;
    let told: Vec<_> = outcome.reports.iter().map(|report| (report.cause, report.status)).collect();
    assert_eq!(told, [(cause, cause.status())], "{} before {}: {outcome:#?}", first.code, second.code);
    // The check that refused is the last, and says so.
    let checks = &outcome.reports[0].checks;
    assert!(checks.is_empty() || checks.ends_with(&format!("={cause}")), "{checks}");
}
