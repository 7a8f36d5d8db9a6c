//! See `ws_fuzz::protocol::handshake_response`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ws_fuzz::protocol::handshake_response::check;

fuzz_target!(|data: &[u8]| check(data));
