//! What the payload alone would cost.

use std::hint::black_box;

/// Copies the payload.
pub(crate) fn copy(payload: &[u8]) -> impl FnMut() -> usize + use<> {
    let from = payload.to_vec();
    let mut into = vec![0; from.len()];
    move || {
        into.copy_from_slice(black_box(&from));
        black_box(&mut into).len()
    }
}

/// Masks the payload in place, byte by byte as RFC 6455 5.3 has it, four at a time.
pub(crate) fn xor(payload: &[u8]) -> impl FnMut() -> usize + use<> {
    let mut bytes = payload.to_vec();
    move || {
        let key = black_box([0x37, 0xfa, 0x21, 0x3d]);
        for word in bytes.chunks_mut(4) {
            for (byte, key) in word.iter_mut().zip(key) {
                *byte ^= key;
            }
        }
        black_box(&mut bytes).len()
    }
}
