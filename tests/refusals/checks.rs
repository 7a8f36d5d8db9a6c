//! When several causes apply at once, the first in the order of the checks is the answer.

mod documented;
mod fault;
mod request;
mod world;

use std::collections::BTreeSet;

use ws_server::gate::Check;

use fault::{Fault, ROWS, Row};
use request::{Way, request};
use world::World;

/// Whoever adds a check says in the rows how it is failed.
#[test]
fn each_check_can_be_failed() {
    let checks: Vec<Check> = ROWS.iter().filter_map(|row| row.check).collect();
    assert!(checks.is_sorted(), "{checks:?}");
    let checks: BTreeSet<Check> = checks.into_iter().collect();
    assert_eq!(checks, Check::ALL.into());
}

#[tokio::test]
async fn no_fault_is_let_in() {
    let world = World::with(&[]).await;
    for (way, status) in [(Way::Handshake, 101), (Way::DryRun, 200)] {
        let (answer, told) = world.ask(&request(&[], way)).await;
        assert_eq!((answer.head.status(), told.is_some()), (status, false), "{answer:?}");
    }
}

#[tokio::test]
async fn each_fault_alone_is_found() {
    for row in &ROWS {
        first_wins(row, &[row.fault]).await;
    }
}

/// All pairs, none left out: there are no two faults that cannot come together.
#[tokio::test]
async fn of_any_two_faults_the_first_is_the_answer() {
    for (position, row) in ROWS.iter().enumerate() {
        for later in &ROWS[position + 1..] {
            first_wins(row, &[row.fault, later.fault]).await;
        }
    }
}

/// Everything is wrong at first, and one thing after another is repaired: none of the faults hides another.
#[tokio::test]
async fn of_all_faults_the_first_is_the_answer() {
    for (position, row) in ROWS.iter().enumerate() {
        let faults: Vec<Fault> = ROWS[position..].iter().map(|row| row.fault).collect();
        first_wins(row, &faults).await;
    }
}

/// A handshake with these faults is refused for the first of them, and so is a dry run; nothing is checked after it.
async fn first_wins(first: &Row, faults: &[Fault]) {
    let world = World::with(faults).await;
    for way in [Way::Handshake, Way::DryRun] {
        if way == Way::DryRun && !first.rehearsed {
            continue;
        }
        let request = request(faults, way);
        let (answer, told) = world.ask(&request).await;
        let refused_by = answer.field("Refused-By").unwrap_or_default();
        let code = refused_by.split("; ").find_map(|part| part.strip_prefix("code="));
        assert_eq!(code, Some(first.code), "{faults:?}\n{request}\n{answer:?}");
        let told = told.unwrap_or_else(|| panic!("{faults:?}: not reported"));
        let checks = first.check.map_or(&[][..], |check| &Check::ALL[..=check as usize]);
        assert_eq!((told.cause.code(), &*told.checks), (first.code, checks), "{faults:?}\n{request}");
        assert_eq!(told.refused, Vec::from_iter(first.check), "{faults:?}\n{request}");
    }
}
