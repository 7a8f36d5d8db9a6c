//! See `ws_fuzz::protocol::frames`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ws_fuzz::protocol::frames::check;

fuzz_target!(|data: &[u8]| check(data));
