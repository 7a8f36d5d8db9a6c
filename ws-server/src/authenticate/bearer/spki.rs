//! `SubjectPublicKeyInfo` (RFC 5280 4.1.2.7) in DER, as strict as DER is: one encoding for one key.

use super::key::KeyError;

/// A public key, its parts still as they stood in the DER.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum PublicKey<'a> {
    /// `RSAPublicKey` (RFC 8017 A.1.1) with the number of bits of its modulus.
    Rsa { der: &'a [u8], modulus_bits: usize },
    /// An uncompressed point on P-256, 65 bytes.
    P256(&'a [u8]),
    /// An uncompressed point on P-384, 97 bytes.
    P384(&'a [u8]),
    /// 32 bytes.
    Ed25519(&'a [u8]),
}

const SEQUENCE: u8 = 0x30;
const OBJECT_IDENTIFIER: u8 = 0x06;
const BIT_STRING: u8 = 0x03;
const INTEGER: u8 = 0x02;
const NULL: [u8; 2] = [0x05, 0x00];

const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];
const PRIME256V1: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const SECP384R1: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];

/// Parses one `SubjectPublicKeyInfo` that fills `der`.
pub(super) fn parse(der: &[u8]) -> Result<PublicKey<'_>, KeyError> {
    let mut outer = Der(der);
    let mut info = Der(outer.value(SEQUENCE)?);
    outer.end()?;
    let mut algorithm = Der(info.value(SEQUENCE)?);
    let key = info.value(BIT_STRING)?;
    info.end()?;
    // The first byte counts unused bits; a key has none.
    let [0, key @ ..] = key else { return Err(KeyError::Der) };

    match algorithm.value(OBJECT_IDENTIFIER)? {
        RSA_ENCRYPTION => {
            // RFC 3279 2.3.1: the parameters are NULL.
            if algorithm.0 != NULL {
                return Err(KeyError::Der);
            }
            Ok(PublicKey::Rsa { der: key, modulus_bits: modulus_bits(key)? })
        }
        EC_PUBLIC_KEY => {
            // RFC 5480 2.1.1: the parameters name the curve; other forms must not be used.
            let curve = algorithm.value(OBJECT_IDENTIFIER)?;
            algorithm.end()?;
            let (length, point) = match curve {
                PRIME256V1 => (65, PublicKey::P256(key)),
                SECP384R1 => (97, PublicKey::P384(key)),
                _ => return Err(KeyError::UnsupportedKind),
            };
            // RFC 5480 2.2: 0x04 is the uncompressed form, the only one taken here.
            if key.len() == length && key.first() == Some(&0x04) { Ok(point) } else { Err(KeyError::Point) }
        }
        ED25519 => {
            // RFC 8410 3: the parameters are absent.
            algorithm.end()?;
            if key.len() == 32 { Ok(PublicKey::Ed25519(key)) } else { Err(KeyError::Der) }
        }
        _ => Err(KeyError::UnsupportedKind),
    }
}

/// The `RSAPublicKey` (RFC 8017 A.1.1) of two numbers, big-endian and without leading zeros.
pub(super) fn rsa_public_key(modulus: &[u8], exponent: &[u8]) -> Result<Vec<u8>, KeyError> {
    let numbers = [integer(modulus)?, integer(exponent)?].concat();
    element(SEQUENCE, &numbers)
}

fn integer(number: &[u8]) -> Result<Vec<u8>, KeyError> {
    match number.first() {
        None | Some(0) => Err(KeyError::Der),
        // X.690 8.3.3: two's complement, so that a set first bit would make it negative.
        Some(0x80..) => element(INTEGER, &[&[0], number].concat()),
        Some(_) => element(INTEGER, number),
    }
}

fn element(tag: u8, value: &[u8]) -> Result<Vec<u8>, KeyError> {
    let [high, low] = u16::try_from(value.len()).map_err(|_| KeyError::Der)?.to_be_bytes();
    let head: &[u8] = match (high, low) {
        (0, 0..=0x7f) => &[tag, low],
        (0, _) => &[tag, 0x81, low],
        _ => &[tag, 0x82, high, low],
    };
    Ok([head, value].concat())
}

/// The bits of the modulus of an `RSAPublicKey`; both of its numbers are positive and odd.
pub(super) fn modulus_bits(der: &[u8]) -> Result<usize, KeyError> {
    let mut outer = Der(der);
    let mut numbers = Der(outer.value(SEQUENCE)?);
    outer.end()?;
    let modulus = numbers.positive_integer()?;
    let exponent = numbers.positive_integer()?;
    numbers.end()?;
    let odd = |number: &[u8]| number.last().is_some_and(|last| last & 1 == 1);
    if !odd(modulus) || !odd(exponent) || exponent == [1] {
        return Err(KeyError::Der);
    }
    let leading_zeros = modulus.first().map_or(0, |first| first.leading_zeros() as usize);
    Ok(modulus.len() * 8 - leading_zeros)
}

/// What is left to read of some DER (X.690 10).
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    /// The contents of the next element, which must have `tag`.
    fn value(&mut self, tag: u8) -> Result<&'a [u8], KeyError> {
        let [found, length, rest @ ..] = self.0 else { return Err(KeyError::Der) };
        if *found != tag {
            return Err(KeyError::Der);
        }
        // X.690 10.1: the definite form with the fewest octets. Two octets are more than any key needs.
        let (length, rest) = match (*length, rest) {
            (short @ 0..=0x7f, rest) => (usize::from(short), rest),
            (0x81, [long @ 0x80..=0xff, rest @ ..]) => (usize::from(*long), rest),
            (0x82, [high @ 1..=0xff, low, rest @ ..]) => (usize::from(*high) << 8 | usize::from(*low), rest),
            _ => return Err(KeyError::Der),
        };
        let (value, rest) = rest.split_at_checked(length).ok_or(KeyError::Der)?;
        self.0 = rest;
        Ok(value)
    }

    /// The big-endian bytes of the next INTEGER, without the zero that makes it positive.
    fn positive_integer(&mut self) -> Result<&'a [u8], KeyError> {
        match self.value(INTEGER)? {
            // X.690 8.3.2: a leading zero only where the next bit is set.
            [0, rest @ ..] if rest.first().is_some_and(|first| *first >= 0x80) => Ok(rest),
            value @ [1..=0x7f, ..] => Ok(value),
            _ => Err(KeyError::Der),
        }
    }

    fn end(&self) -> Result<(), KeyError> {
        if self.0.is_empty() { Ok(()) } else { Err(KeyError::Der) }
    }
}
