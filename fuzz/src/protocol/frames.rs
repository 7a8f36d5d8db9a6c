//! Any bytes as a stream of frames: however they are cut, the same events and the same error, and those
//! are the ones of the naive oracle; an error is told at the first byte that shows it.

use ws_core::{
    connection::{Config, Limits, Role},
    deflate::{DeflateConfig, DeflateParams},
};

use super::{
    frame_oracle::read_slowly,
    input::Input,
    outcome::{Outcome, Reception},
};

/// Streams up to this length are read anew for each of their prefixes.
const EVERY_PREFIX: usize = 100;

/// The input: one byte that chooses role, limits and compression, where to cut, and the stream.
pub fn check(data: &[u8]) {
    let mut input = Input::new(data);
    let (config, cuts) = (config(input.byte()), input.cuts());
    let stream = input.rest();

    let expected = read_slowly(&config, stream);
    assert_eq!(Reception::whole(&config, stream), expected, "in one piece");
    assert_eq!(Reception::pieces(&config, cuts.pieces(stream)), expected, "in pieces");
    if stream.len() <= EVERY_PREFIX {
        check_prefixes(&config, stream, &expected);
    }
}

/// Byte by byte: after each, what the oracle makes of the bytes so far.
fn check_prefixes(config: &Config, stream: &[u8], expected: &Outcome) {
    let mut reception = Reception::new(config);
    for (index, byte) in stream.iter().enumerate() {
        reception.push(&[*byte]);
        assert_eq!(reception.outcome, read_slowly(config, &stream[..=index]), "after byte {index}");
    }
    assert_eq!(&reception.outcome, expected, "byte by byte");
}

/// Bit 0: the role. Bit 1: tight limits. Bits 2 to 4: permessage-deflate, context takeover, window.
fn config(choice: u8) -> Config {
    let role = if choice & 1 == 0 { Role::Server } else { Role::Client };
    let limits = if choice & 2 == 0 {
        Limits { frame: 1 << 16, message: 1 << 17, fragments: 64, output: 0 }
    } else {
        Limits { frame: 130, message: 200, fragments: 3, output: 0 }
    };
    let (no_takeover, bits) = (choice & 8 != 0, if choice & 16 == 0 { 15 } else { 9 });
    let params = DeflateParams {
        server_no_context_takeover: no_takeover,
        client_no_context_takeover: no_takeover,
        server_max_window_bits: bits,
        client_max_window_bits: bits,
    };
    let deflate = (choice & 4 != 0).then(|| (params, DeflateConfig::default()));
    Config { limits, deflate, ..Config::new(role) }
}
