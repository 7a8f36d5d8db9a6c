//! The check of the fuzz target for bearer tokens on stable, over its corpus.

#[path = "../../fuzz/src/bearer.rs"]
pub mod bearer;
#[path = "../../fuzz/src/replay.rs"]
pub mod replay;

#[test]
fn bearer_corpus() {
    replay::replay("bearer", bearer::check);
}
