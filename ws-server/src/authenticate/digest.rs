//! The SHA-256 of a credential, by which it is kept and looked up: all take the same room, and none can be read there.

use ring::digest::{SHA256, SHA256_OUTPUT_LEN, digest};

pub(super) type Digest = [u8; SHA256_OUTPUT_LEN];

pub(super) fn digest_of(credential: &[u8]) -> Digest {
    let mut bytes = [0; SHA256_OUTPUT_LEN];
    bytes.copy_from_slice(digest(&SHA256, credential).as_ref());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    // FIPS 180-4: the example of one block.
    #[test]
    fn it_is_sha_256() {
        assert_eq!(digest_of(b"abc")[..4], [0xba, 0x78, 0x16, 0xbf]);
    }
}
