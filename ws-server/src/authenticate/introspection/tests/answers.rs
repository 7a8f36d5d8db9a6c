use std::{collections::HashSet, time::Duration};

use bytes::Bytes;
use proptest::prelude::*;
use tokio::time::Instant;

use super::super::answers::{Answer, Answers, Times};
use crate::authenticate::digest::{Digest, digest_of};

const SECOND: Duration = Duration::from_secs(1);
const TIMES: Times = Times { active: Duration::from_secs(30), inactive: Duration::from_secs(5) };

fn token(number: usize) -> Digest {
    digest_of(number.to_string().as_bytes())
}

#[test]
fn answers_hold_for_their_time() {
    let (answers, now) = (Answers::new(10), Instant::now());
    let body = Bytes::from_static(b"{}");
    let known = |number, at| answers.get(&token(number), now + at);
    assert_eq!(known(1, SECOND), None);
    assert_eq!(answers.put(token(1), Some(body.clone()), TIMES, now), Answer::Active(body.clone()));
    assert_eq!(answers.put(token(2), None, TIMES, now), Answer::Inactive(None));
    assert_eq!(known(1, 29 * SECOND), Some(Answer::Active(body.clone())));
    assert_eq!(known(1, 30 * SECOND), None);
    assert_eq!(known(2, 4 * SECOND), Some(Answer::Inactive(None)));
    assert_eq!(known(2, 5 * SECOND), None);
    // What was said of it while it was active is still known.
    let later = now + 30 * SECOND;
    assert_eq!(answers.put(token(1), None, TIMES, later), Answer::Inactive(Some(body.clone())));
    assert_eq!(known(1, 34 * SECOND), Some(Answer::Inactive(Some(body.clone()))));
    assert_eq!(known(1, 35 * SECOND), None);
    assert_eq!(answers.put(token(1), Some(body.clone()), TIMES, now), Answer::Active(body));
}

#[test]
fn bad_tokens_do_not_drive_out_good_ones() {
    let (answers, now) = (Answers::new(10), Instant::now());
    answers.put(token(0), Some(Bytes::new()), TIMES, now);
    for bad in 1..1000 {
        answers.put(token(bad), None, TIMES, now);
    }
    assert_eq!(answers.get(&token(0), now), Some(Answer::Active(Bytes::new())));
    let remembered = (1..1000).filter(|bad| answers.get(&token(*bad), now).is_some()).count();
    assert!((1..=10).contains(&remembered), "{remembered}");
}

#[test]
fn without_room_nothing_is_remembered() {
    let (answers, now) = (Answers::new(0), Instant::now());
    answers.put(token(0), Some(Bytes::new()), TIMES, now);
    answers.put(token(1), None, TIMES, now);
    assert_eq!((answers.get(&token(0), now), answers.get(&token(1), now)), (None, None));
}

proptest! {
    // No more than the capacity, and always the last half of it.
    #[test]
    fn the_memory_is_bounded(capacity in 1_usize..12, uses in prop::collection::vec((0_usize..20, any::<bool>()), 0..200)) {
        let (answers, now) = (Answers::new(capacity), Instant::now());
        let mut recent: Vec<usize> = Vec::new();
        for (number, put) in uses {
            if put {
                answers.put(token(number), Some(Bytes::new()), TIMES, now);
            } else if answers.get(&token(number), now).is_none() {
                prop_assert!(!recent.iter().rev().take(capacity.div_ceil(2)).any(|used| *used == number));
                continue;
            }
            recent.retain(|used| *used != number);
            recent.push(number);
        }
        let held: HashSet<usize> = (0..20).filter(|number| answers.get(&token(*number), now).is_some()).collect();
        prop_assert!(held.len() <= capacity.next_multiple_of(2), "{held:?}");
    }
}
