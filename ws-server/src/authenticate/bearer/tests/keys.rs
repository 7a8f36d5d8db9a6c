use super::{super::*, pem};

#[test]
fn public_keys_are_read_from_pem() {
    for (algorithm, name) in [
        (Algorithm::Rs256, "rsa_public"),
        (Algorithm::Ps512, "rsa_public"),
        (Algorithm::Es256, "p256_public"),
        (Algorithm::Es384, "p384_public"),
        (Algorithm::EdDsa, "ed25519_public"),
    ] {
        assert_eq!(Key::public_pem(algorithm, &pem(name)).unwrap().algorithm(), algorithm);
    }
}

// RFC 8725 3.1: an algorithm and a key that do not belong together never meet.
#[test]
fn a_key_takes_no_other_algorithm() {
    for algorithm in Algorithm::ALL {
        for name in ["rsa_public", "p256_public", "p384_public", "ed25519_public"] {
            let fits = match algorithm {
                Algorithm::Es256 => name == "p256_public",
                Algorithm::Es384 => name == "p384_public",
                Algorithm::EdDsa => name == "ed25519_public",
                Algorithm::Hs256 | Algorithm::Hs384 | Algorithm::Hs512 => false,
                _ => name == "rsa_public",
            };
            let made = Key::public_pem(algorithm, &pem(name)).map(|key| key.algorithm());
            assert_eq!(
                made,
                if fits { Ok(algorithm) } else { Err(KeyError::WrongKind(algorithm)) },
                "{name}"
            );
        }
        let hmac = algorithm.name().starts_with("HS");
        let secret = Key::secret(algorithm, &[7; 64]).map(|key| key.algorithm());
        assert_eq!(secret, if hmac { Ok(algorithm) } else { Err(KeyError::NotForSecrets(algorithm)) });
    }
}

// RFC 7518 3.2: a key of the same size as the hash output or larger must be used.
#[test]
fn secrets_are_as_long_as_the_digest() {
    for (algorithm, needed) in [(Algorithm::Hs256, 32), (Algorithm::Hs384, 48), (Algorithm::Hs512, 64)] {
        assert!(Key::secret(algorithm, &vec![1; needed]).is_ok());
        assert_eq!(
            Key::secret(algorithm, &vec![1; needed - 1]).unwrap_err(),
            KeyError::SecretTooShort { algorithm, needed, actual: needed - 1 }
        );
    }
}

#[test]
fn keys_that_are_not_fit_are_refused() {
    for (algorithm, name, error) in [
        (Algorithm::Rs256, "rsa1024_public", KeyError::ModulusSize(1024)),
        (Algorithm::Rs256, "rsa", KeyError::PrivateKey),
        (Algorithm::Es256, "secp256k1_public", KeyError::UnsupportedKind),
        (Algorithm::Es256, "p256_compressed_public", KeyError::Point),
    ] {
        assert_eq!(Key::public_pem(algorithm, &pem(name)).unwrap_err(), error, "{name}");
    }
    assert_eq!(Key::secret(Algorithm::Hs256, &pem("rsa_public")).unwrap_err(), KeyError::SecretIsPem);
}

#[test]
fn a_point_off_its_curve_is_refused() {
    let mut der = super::super::pem::public_key(&pem("p256_public")).unwrap();
    assert!(Key::public_der(Algorithm::Es256, &der).is_ok());
    *der.last_mut().unwrap() ^= 1;
    assert_eq!(Key::public_der(Algorithm::Es256, &der).unwrap_err(), KeyError::Point);
}

// X.690 10.1: DER has one encoding of a value. Whatever byte is changed, added or dropped, nothing but the key
// itself may differ in a key that is still read.
#[test]
fn der_is_strict() {
    for (algorithm, name, key_starts) in [
        (Algorithm::Rs256, "rsa_public", 32),
        (Algorithm::Es256, "p256_public", 27),
        (Algorithm::EdDsa, "ed25519_public", 12),
    ] {
        let der = super::super::pem::public_key(&pem(name)).unwrap();
        for length in 0..der.len() {
            assert!(Key::public_der(algorithm, &der[..length]).is_err(), "{name} cut to {length}");
        }
        assert!(Key::public_der(algorithm, &[&der[..], &[0]].concat()).is_err(), "{name} and a byte");
        for place in 0..key_starts {
            for bit in 0..8 {
                let mut changed = der.clone();
                changed[place] ^= 1 << bit;
                assert!(Key::public_der(algorithm, &changed).is_err(), "{name}, byte {place}, bit {bit}");
            }
        }
    }
}

#[test]
fn long_forms_of_short_lengths_are_refused() {
    let der = super::super::pem::public_key(&pem("ed25519_public")).unwrap();
    let long = [&[0x30, 0x81, der[1]], &der[2..]].concat();
    assert_eq!(Key::public_der(Algorithm::EdDsa, &long).unwrap_err(), KeyError::Der);
    let indefinite = [&[0x30, 0x80], &der[2..], &[0, 0]].concat();
    assert_eq!(Key::public_der(Algorithm::EdDsa, &indefinite).unwrap_err(), KeyError::Der);
}

#[test]
fn secrets_are_not_shown() {
    let secret = b"correct horse battery staple, 32";
    let shown =
        format!("{:?} {:?}", Key::secret(Algorithm::Hs256, secret).unwrap(), Signer::hs256(secret).unwrap());
    assert_eq!(shown, "Key { id: None, algorithm: Hs256, .. } Signer { id: None, algorithm: Hs256, .. }");
}

/// One element of DER.
fn element(tag: u8, contents: &[u8]) -> Vec<u8> {
    let length = u16::try_from(contents.len()).unwrap();
    let [high, low] = length.to_be_bytes();
    let length = match length {
        0..=0x7f => vec![low],
        0x80..=0xff => vec![0x81, low],
        _ => vec![0x82, high, low],
    };
    [vec![tag], length, contents.to_vec()].concat()
}

fn rsa(modulus: &[u8], exponent: &[u8]) -> Result<Algorithm, KeyError> {
    let numbers = element(0x30, &[element(0x02, modulus), element(0x02, exponent)].concat());
    let rsa_encryption = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
    let algorithm = element(0x30, &[element(0x06, &rsa_encryption), element(0x05, &[])].concat());
    let key = element(0x03, &[&[0], &numbers[..]].concat());
    let der = element(0x30, &[algorithm, key].concat());
    Key::public_der(Algorithm::Rs256, &der).map(|key| key.algorithm())
}

// RFC 8017 3.1: the modulus and the exponent are positive, and with primes of this size both are odd.
#[test]
fn the_numbers_of_an_rsa_key_make_sense() {
    let modulus = |bytes: usize| [&[0x00, 0x80][..], &vec![0x01; bytes - 1]].concat();
    assert_eq!(rsa(&modulus(256), &[1, 0, 1]), Ok(Algorithm::Rs256));
    assert_eq!(rsa(&modulus(256), &[3]), Ok(Algorithm::Rs256));
    for exponent in [&[1][..], &[2], &[0], &[0, 3], &[0x81], &[]] {
        assert_eq!(rsa(&modulus(256), exponent), Err(KeyError::Der), "{exponent:?}");
    }
    let even = [&modulus(255)[..], &[2]].concat();
    for modulus in [&modulus(256)[1..], &[&[0], &modulus(256)[..]].concat(), &even, &[0], &[]] {
        assert_eq!(rsa(modulus, &[1, 0, 1]), Err(KeyError::Der), "{modulus:?}");
    }
    assert_eq!(rsa(&modulus(255), &[1, 0, 1]), Err(KeyError::ModulusSize(2040)));
    assert_eq!(rsa(&[&[0x7f][..], &[1; 255]].concat(), &[3]), Err(KeyError::ModulusSize(2047)));
    assert_eq!(rsa(&modulus(1024), &[3]), Ok(Algorithm::Rs256));
    assert_eq!(rsa(&modulus(1025), &[3]), Err(KeyError::ModulusSize(8200)));
}
