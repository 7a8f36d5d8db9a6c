//! The checks of the frames over valid and damaged streams, at every split.

use proptest::{collection::vec, prelude::*};

use super::{protocol, streams::stream};

/// A byte that chooses, of whose bits only `mask` are taken; bit 0 is the role.
fn choice(mask: u8) -> impl Strategy<Value = u8> {
    any::<u8>().prop_map(move |byte| byte & mask)
}

fn cuts() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..=7).prop_map(|cuts| {
        let count = u8::try_from(cuts.len()).unwrap_or_default();
        [vec![count], cuts].concat()
    })
}

/// A stream that the role which the first byte chooses receives.
fn chosen(mask: u8) -> impl Strategy<Value = (u8, Vec<u8>)> {
    choice(mask).prop_flat_map(|choice| (Just(choice), stream(choice & 1 == 0)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// RFC 6455 5, 8.1: the same events and the same error at every split, and they are the oracle's.
    #[test]
    fn every_split_gives_the_same((choice, stream) in chosen(0b11), cuts in cuts()) {
        protocol::frames::check(&[vec![choice], cuts, stream].concat());
    }

    /// RFC 7692 6: the same where compression was agreed, for messages that do not use it.
    #[test]
    fn every_split_gives_the_same_where_compression_was_agreed(
        (choice, stream) in chosen(0b1_1111), cuts in cuts(),
    ) {
        protocol::frames::check(&[vec![choice | 4], cuts, stream].concat());
    }

    /// The verdict is tungstenite's, but for the decisions that the check lists.
    #[test]
    fn the_verdict_is_that_of_tungstenite((choice, stream) in chosen(1)) {
        protocol::connection_vs_tungstenite::check(&[vec![choice], stream].concat());
    }

    /// What we send tungstenite receives, and the other way round.
    #[test]
    fn a_conversation_with_tungstenite(role in 0u8..2, script in vec(any::<u8>(), 0..60)) {
        protocol::connection_vs_tungstenite::check(&[vec![2 | role], script].concat());
    }
}
