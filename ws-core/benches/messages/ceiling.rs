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

/// Masks the payload in place (RFC 6455 5.3), a key's length at a time, as the compiler vectorises it.
pub(crate) fn xor(payload: &[u8]) -> impl FnMut() -> usize + use<> {
    let mut bytes = payload.to_vec();
    move || {
        let key = u32::from_ne_bytes(black_box([0x37, 0xfa, 0x21, 0x3d]));
        let (words, rest) = bytes.as_chunks_mut::<4>();
        for word in words {
            *word = (u32::from_ne_bytes(*word) ^ key).to_ne_bytes();
        }
        for (byte, key) in rest.iter_mut().zip(key.to_ne_bytes()) {
            *byte ^= key;
        }
        black_box(&mut bytes).len()
    }
}
