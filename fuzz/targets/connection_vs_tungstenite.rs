//! See `ws_fuzz::protocol::connection_vs_tungstenite`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ws_fuzz::protocol::connection_vs_tungstenite::check;

fuzz_target!(|data: &[u8]| check(data));
