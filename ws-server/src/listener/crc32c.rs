//! The checksum CRC-32C (Castagnoli; RFC 3720 appendix B.4).

const TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        #[expect(clippy::cast_possible_truncation, reason = "it is below 256")]
        let mut value = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            value = if value & 1 == 1 { (value >> 1) ^ 0x82f6_3b78 } else { value >> 1 };
            bit += 1;
        }
        table[byte] = value;
        byte += 1;
    }
    table
};

/// The checksum of the parts one after another.
pub(super) fn crc32c<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> u32 {
    let bytes = parts.into_iter().flatten();
    !bytes.fold(u32::MAX, |sum, byte| (sum >> 8) ^ TABLE[usize::from(sum.to_le_bytes()[0] ^ byte)])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    // RFC 3720 B.4: the examples.
    #[test]
    fn known_sums() {
        let ascending: Vec<u8> = (0..32).collect();
        for (bytes, sum) in [
            (&[0; 32][..], 0x8a91_36aa),
            (&[0xff; 32], 0x62a8_ab43),
            (&ascending, 0x46dd_794e),
            (b"123456789", 0xe306_9283),
            (b"", 0),
        ] {
            assert_eq!(crc32c([bytes]), sum);
        }
    }

    proptest! {
        /// The oracle divides polynomials bit by bit.
        #[test]
        fn agrees_with_long_division(first in any::<Vec<u8>>(), second in any::<Vec<u8>>()) {
            let mut sum = u32::MAX;
            for byte in first.iter().chain(&second) {
                for bit in 0..8 {
                    let carry = (sum ^ (u32::from(*byte) >> bit)) & 1;
                    sum = (sum >> 1) ^ if carry == 1 { 0x82f6_3b78 } else { 0 };
                }
            }
            prop_assert_eq!(crc32c([&first[..], &second[..]]), !sum);
        }
    }
}
