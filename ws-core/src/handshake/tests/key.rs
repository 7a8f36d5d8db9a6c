//! `Sec-WebSocket-Key` and `Sec-WebSocket-Accept`.

use proptest::prelude::*;

use super::super::{Key, KeyError, accept_value};
use super::{ACCEPT, KEY, NONCE};

/// RFC 6455 1.3, 4.2.2: the example.
#[test]
fn the_example_of_the_rfc() {
    let key = Key::parse(KEY.as_bytes()).unwrap();
    assert_eq!(key, Key::from_bytes(*NONCE));
    assert_eq!(key.encode(), KEY.as_bytes());
    assert_eq!(key.accept(), ACCEPT.as_bytes());
    assert_eq!(accept_value(KEY), ACCEPT.as_bytes());
    assert_eq!(format!("{key:?}"), "Key(..)");
}

/// RFC 6455 4.2.1: base64 of 16 bytes; RFC 4648 3.5: written the one canonical way.
#[test]
fn values_that_are_no_key() {
    for (value, error) in [
        (&b""[..], KeyError::Length(0)),
        (b"dGhlIHNhbXBsZSBub25jZQ=", KeyError::Length(23)),
        (b"dGhlIHNhbXBsZSBub25jZQ", KeyError::Length(22)),
        (b"dGhlIHNhbXBsZSBub25jZQ===", KeyError::Length(25)),
        (b"dGhlIHNhbXBsZSBub25jZSBhbmQgbW9yZQ==", KeyError::Length(36)),
        // 17 and 18 bytes.
        (b"dGhlIHNhbXBsZSBub25jZSE=", KeyError::Base64),
        (b"dGhlIHNhbXBsZSBub25jZSEh", KeyError::Base64),
        // The URL-safe alphabet, a space, padding inside, a byte that is no character.
        (b"_GhlIHNhbXBsZSBub25jZQ==", KeyError::Base64),
        (b"dGhlIHNh XBsZSBub25jZQ==", KeyError::Base64),
        (b"dGhlIHNhbXBs==Bub25jZQ==", KeyError::Base64),
        (b"dGhlIHNhbXBsZSBub25jZ===", KeyError::Base64),
        (b"\xffGhlIHNhbXBsZSBub25jZQ==", KeyError::Base64),
        // The same 16 bytes with bits left over.
        (b"dGhlIHNhbXBsZSBub25jZR==", KeyError::NotCanonical),
        (b"dGhlIHNhbXBsZSBub25jZf==", KeyError::NotCanonical),
    ] {
        assert_eq!(Key::parse(value), Err(error), "{}", value.escape_ascii());
    }
}

/// RFC 6455 4.1: the nonce MUST be selected randomly for each connection.
#[test]
fn keys_are_fresh() {
    let keys: Vec<_> = (0..100).map(|_| Key::generate().unwrap().encode()).collect();
    assert!(keys.iter().enumerate().all(|(index, key)| !keys[..index].contains(key)));
}

proptest! {
    #[test]
    fn every_key_is_read_back(bytes in any::<[u8; 16]>()) {
        let key = Key::from_bytes(bytes);
        let text = String::from_utf8(key.encode().to_vec()).unwrap();
        prop_assert_eq!(Key::parse(text.as_bytes()), Ok(key));
        // The same computation by other hands.
        let theirs = tungstenite::handshake::derive_accept_key(text.as_bytes());
        prop_assert_eq!(&key.accept()[..], theirs.as_bytes());
        prop_assert_eq!(&accept_value(&text)[..], theirs.as_bytes());
    }

    /// One text for one key: what is read is what would be written.
    #[test]
    fn only_canonical_text_is_read(value in "[A-Za-z0-9+/]{22}==") {
        if let Ok(key) = Key::parse(value.as_bytes()) {
            prop_assert_eq!(&key.encode()[..], value.as_bytes());
        }
    }
}
