//! One PEM block (RFC 7468), read strictly.

use base64::{Engine, engine::general_purpose::STANDARD};

use super::key::KeyError;

const BEGIN: &str = "-----BEGIN PUBLIC KEY-----";
const END: &str = "-----END PUBLIC KEY-----";

/// The DER inside the only block of `pem`, which must be a `PUBLIC KEY` (RFC 7468 13).
pub(super) fn public_key(pem: &[u8]) -> Result<Vec<u8>, KeyError> {
    let text = str::from_utf8(pem).map_err(|_| KeyError::NotPem)?.trim_ascii();
    let Some(rest) = text.strip_prefix(BEGIN) else {
        return Err(match text.strip_prefix("-----BEGIN ") {
            Some(label) if label.contains("PRIVATE KEY-----") => KeyError::PrivateKey,
            Some(_) => KeyError::NotAPublicKey,
            None => KeyError::NotPem,
        });
    };
    let body = rest.strip_suffix(END).ok_or(KeyError::NotPem)?;
    // A body that begins or ends on the line of its boundary is not the form of RFC 7468 3.
    if !body.starts_with(['\r', '\n']) || !body.ends_with('\n') {
        return Err(KeyError::NotPem);
    }
    let base64: String = body.split_ascii_whitespace().collect();
    STANDARD.decode(base64).map_err(|_| KeyError::NotPem)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(label: &str, body: &str) -> String {
        format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
    }

    #[test]
    fn reads_one_block() {
        for body in ["AAEC", "AA\nEC", "AA\r\nEC\r"] {
            assert_eq!(public_key(block("PUBLIC KEY", body).as_bytes()), Ok(vec![0, 1, 2]), "{body:?}");
        }
        assert_eq!(
            public_key(format!("\n\n{}\n", block("PUBLIC KEY", "AAEC")).as_bytes()),
            Ok(vec![0, 1, 2])
        );
    }

    #[test]
    fn says_what_else_it_is() {
        for label in ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY"] {
            assert_eq!(public_key(block(label, "AAEC").as_bytes()), Err(KeyError::PrivateKey), "{label}");
        }
        for label in ["CERTIFICATE", "RSA PUBLIC KEY"] {
            assert_eq!(public_key(block(label, "AAEC").as_bytes()), Err(KeyError::NotAPublicKey), "{label}");
        }
        let two = block("PUBLIC KEY", "AAEC").repeat(2);
        for text in [
            "",
            "AAEC",
            BEGIN,
            "-----BEGIN PUBLIC KEY-----AAEC-----END PUBLIC KEY-----",
            "-----BEGIN PUBLIC KEY-----\nAAEC\n-----END CERTIFICATE-----",
            "-----BEGIN PUBLIC KEY-----\nAAE\n-----END PUBLIC KEY-----",
            "-----BEGIN PUBLIC KEY-----\nAA-_\n-----END PUBLIC KEY-----",
            &two,
        ] {
            assert_eq!(public_key(text.as_bytes()), Err(KeyError::NotPem), "{text:?}");
        }
    }
}
