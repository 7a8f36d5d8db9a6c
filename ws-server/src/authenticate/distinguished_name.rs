//! Distinguished names as text (RFC 4514): such that two different names are never the same text.

use std::fmt::Write as _;

use x509_parser::asn1_rs::{Any, BmpString, Tag, ToDer};
use x509_parser::objects::{oid_registry, oid2abbrev};
use x509_parser::x509::{AttributeTypeAndValue, X509Name};

use super::CertificateFault;

/// The name in the order of the certificate, with `, ` between its parts and ` + ` between attributes of one part.
pub(super) fn text_of(name: &X509Name<'_>) -> Result<String, CertificateFault> {
    let parts = name.iter_rdn().map(|part| {
        let attributes = part.iter().map(attribute).collect::<Result<Vec<_>, _>>()?;
        Ok(attributes.join(" + "))
    });
    Ok(parts.collect::<Result<Vec<_>, _>>()?.join(", "))
}

/// RFC 4514 2.3: the type, an equals sign, and the value.
fn attribute(attribute: &AttributeTypeAndValue<'_>) -> Result<String, CertificateFault> {
    let oid = attribute.attr_type();
    let name = oid2abbrev(oid, oid_registry()).map_or_else(|_| oid.to_id_string(), str::to_owned);
    let value = match string(attribute.attr_value()) {
        Some(value) => escaped(&value),
        None => encoded(attribute.attr_value())?,
    };
    Ok(format!("{name}={value}"))
}

/// RFC 4514 2.4: a value that is no string is its BER encoding in hexadecimal digits, after a number sign.
fn encoded(value: &Any<'_>) -> Result<String, CertificateFault> {
    let ber = value.to_der_vec().map_err(|_| CertificateFault::Malformed)?;
    Ok(ber.iter().fold("#".to_owned(), |text, byte| text + &format!("{byte:02X}")))
}

fn string(value: &Any<'_>) -> Option<String> {
    match value.tag() {
        Tag::Utf8String | Tag::PrintableString | Tag::NumericString | Tag::VisibleString | Tag::Ia5String => {
            str::from_utf8(value.data).ok().map(str::to_owned)
        }
        Tag::BmpString => BmpString::try_from(value.clone()).ok().map(|value| value.string()),
        _ => None,
    }
}

/// RFC 4514 2.4: what would end a value, or be taken for something else, has a backslash before it. Controls, which may
/// be written so too, are in hexadecimal digits: a name begins no line of a log.
fn escaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for (at, character) in value.char_indices() {
        let (first, last) = (at == 0, at + character.len_utf8() == value.len());
        match character {
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' => text.extend(['\\', character]),
            '#' if first => text.push_str("\\#"),
            ' ' if first || last => text.push_str("\\ "),
            control if control.is_control() => {
                for byte in control.encode_utf8(&mut [0; 4]).bytes() {
                    // Writing to a string does not fail.
                    let _ = write!(text, "\\{byte:02X}");
                }
            }
            other => text.push(other),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rcgen::{CertificateParams, DistinguishedName, DnType, DnValue, KeyPair};
    use x509_parser::parse_x509_certificate;

    use super::*;

    fn text(parts: impl IntoIterator<Item = (DnType, DnValue)>) -> String {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        for (kind, value) in parts {
            params.distinguished_name.push(kind, value);
        }
        let signed = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        let (_, certificate) = parse_x509_certificate(signed.der()).unwrap();
        text_of(certificate.subject()).unwrap()
    }

    fn common_name(name: &str) -> (DnType, DnValue) {
        (DnType::CommonName, name.into())
    }

    fn organization(name: &str) -> (DnType, DnValue) {
        (DnType::OrganizationName, name.into())
    }

    #[test]
    fn a_name_is_text() {
        assert_eq!(text([common_name("ann"), organization("Example")]), "CN=ann, O=Example");
        assert_eq!(text([]), "");
        let bmp = DnValue::BmpString("Grüße".try_into().unwrap());
        assert_eq!(text([(DnType::CommonName, bmp)]), "CN=Grüße");
        let other = DnType::CustomDnType(vec![1, 3, 6, 1, 4, 1, 99999, 1]);
        assert_eq!(text([(other, "x".into())]), "1.3.6.1.4.1.99999.1=x");
    }

    // RFC 4514 2.4: whoever may choose a part of a name chooses nothing but that part.
    #[test]
    fn no_value_is_taken_for_more_than_one() {
        assert_ne!(
            text([common_name("ann, O=Example")]),
            text([common_name("ann"), organization("Example")])
        );
        for (value, written) in [
            ("ann, O=Example", r"ann\, O=Example"),
            ("a + O=b", r"a \+ O=b"),
            (r#"a"b\c;d<e>f"#, r#"a\"b\\c\;d\<e\>f"#),
            ("#0403", r"\#0403"),
            ("a#b=c", "a#b=c"),
            (" a b ", r"\ a b\ "),
            (" ", r"\ "),
            ("a\r\nb\0", r"a\0D\0Ab\00"),
            ("a\u{85}b", r"a\C2\85b"),
        ] {
            assert_eq!(escaped(value), written);
        }
    }

    // T.61 with a byte that is not UTF-8: no string of ours, and still not the same as another.
    #[test]
    fn what_is_no_string_is_its_encoding() {
        let teletex = |name: &str| DnValue::TeletexString(name.try_into().unwrap());
        assert_eq!(text([(DnType::CommonName, teletex("ab"))]), "CN=#14026162");
        assert_ne!(text([(DnType::CommonName, teletex("ab"))]), text([(DnType::CommonName, teletex("ac"))]));
    }

    proptest! {
        #[test]
        fn escaping_can_be_undone(value in "[ -~\u{0}-\u{9f}é😀]{0,12}") {
            let (text, mut bytes) = (escaped(&value), Vec::new());
            let mut rest = text.as_bytes();
            while let [first, after @ ..] = rest {
                rest = match (first, after) {
                    (b'\\', [high, low, after @ ..]) if high.is_ascii_hexdigit() => {
                        let pair = [*high, *low];
                        bytes.push(u8::from_str_radix(str::from_utf8(&pair).unwrap(), 16).unwrap());
                        after
                    }
                    (b'\\', [escaped, after @ ..]) => {
                        bytes.push(*escaped);
                        after
                    }
                    (plain, after) => {
                        prop_assert!(!b",+".contains(plain));
                        bytes.push(*plain);
                        after
                    }
                };
            }
            prop_assert_eq!(String::from_utf8(bytes).unwrap(), value);
        }
    }
}
