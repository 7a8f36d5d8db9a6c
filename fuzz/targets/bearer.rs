//! See `ws_fuzz::bearer`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ws_fuzz::bearer::check;

fuzz_target!(|data: &[u8]| check(data));
