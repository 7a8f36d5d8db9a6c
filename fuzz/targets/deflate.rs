//! See `ws_fuzz::protocol::deflate`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ws_fuzz::protocol::deflate::check;

fuzz_target!(|data: &[u8]| check(data));
