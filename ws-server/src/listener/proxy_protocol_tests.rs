use proptest::prelude::*;

use super::*;

type Read = Result<Option<(ProxyHeader, usize)>, ProxyHeaderError>;

fn read(bytes: impl AsRef<[u8]>) -> Read {
    ProxyProtocol::Any.read(bytes.as_ref())
}

fn from(source: &str) -> ProxyHeader {
    ProxyHeader { source: Some(source.parse().unwrap()), secure: None }
}

/// A header of version 2 with this block.
fn v2(command: u8, family: u8, block: &[u8]) -> Vec<u8> {
    let mut header = SIGNATURE.to_vec();
    header.extend([0x20 | command, family]);
    header.extend(u16::try_from(block.len()).unwrap().to_be_bytes());
    header.extend(block);
    header
}

fn tcp4() -> Vec<u8> {
    let mut block = vec![192, 0, 2, 1, 10, 0, 0, 1];
    block.extend([4711_u16.to_be_bytes(), 443_u16.to_be_bytes()].concat());
    block
}

fn tcp6() -> Vec<u8> {
    let addresses = ["2001:db8::1", "2001:db8::2"].map(|text| text.parse::<Ipv6Addr>().unwrap().octets());
    [addresses.concat(), 4711_u16.to_be_bytes().to_vec(), 443_u16.to_be_bytes().to_vec()].concat()
}

fn field(kind: u8, value: &[u8]) -> Vec<u8> {
    let mut field = vec![kind];
    field.extend(u16::try_from(value.len()).unwrap().to_be_bytes());
    field.extend(value);
    field
}

// Section 2.1: the worst case of each kind is given in the standard.
#[test]
fn lines() {
    for (line, header) in [
        ("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", from("255.255.255.255:65535")),
        ("PROXY TCP4 192.0.2.1 10.0.0.1 0 443\r\n", from("192.0.2.1:0")),
        (
            "PROXY TCP6 ffff:f:f:f:f:f:f:ffff ffff:f:f:f:f:f:f:ffff 65535 65535\r\n",
            from("[ffff:f:f:f:f:f:f:ffff]:65535"),
        ),
        (
            "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
            from("[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535"),
        ),
        ("PROXY TCP6 2001:db8::1 ::1 4711 443\r\n", from("[2001:db8::1]:4711")),
        ("PROXY UNKNOWN\r\n", ProxyHeader::default()),
        ("PROXY UNKNOWN whatever 1.2.3 \x01\r\n", ProxyHeader::default()),
        (&format!("PROXY UNKNOWN {}\r\n", "f".repeat(91)), ProxyHeader::default()),
    ] {
        let with_request = format!("{line}GET / HTTP/1.1\r\n\r\n");
        assert_eq!(read(&with_request), Ok(Some((header, line.len()))), "{line}");
        assert_eq!(ProxyProtocol::V1.read(with_request.as_bytes()), read(&with_request));
        assert_eq!(ProxyProtocol::V2.read(line.as_bytes()), Err(ProxyHeaderError::Missing("2")));
    }
}

#[test]
fn what_is_no_line() {
    for (line, error) in [
        ("PROXY TCP5 192.0.2.1 10.0.0.1 4711 443\r\n", ProxyHeaderError::Line),
        ("PROXY TCP4\r\n", ProxyHeaderError::Line),
        ("PROXY \r\n", ProxyHeaderError::Line),
        ("PROXY tcp4 192.0.2.1 10.0.0.1 4711 443\r\n", ProxyHeaderError::Line),
        ("PROXY UNKNOWN2\r\n", ProxyHeaderError::Line),
        ("PROXY TCP4 192.0.2.1 10.0.0.1 4711\r\n", ProxyHeaderError::Line),
        ("PROXY TCP4 192.0.2.1 10.0.0.1 4711 443 \r\n", ProxyHeaderError::Line),
        ("PROXY TCP4  192.0.2.1 10.0.0.1 4711 443\r\n", ProxyHeaderError::Line),
        ("PROXY TCP4 192.0.2.1 10.0.0.1 4711 443\t1\r\n", ProxyHeaderError::LinePort),
        ("PROXY TCP4 192.0.2.01 10.0.0.1 4711 443\r\n", ProxyHeaderError::LineAddress),
        ("PROXY TCP4 192.0.2.1 10.0.0.256 4711 443\r\n", ProxyHeaderError::LineAddress),
        ("PROXY TCP4 2001:db8::1 2001:db8::1 4711 443\r\n", ProxyHeaderError::LineAddress),
        ("PROXY TCP6 192.0.2.1 10.0.0.1 4711 443\r\n", ProxyHeaderError::LineAddress),
        ("PROXY TCP4 192.0.2.1 10.0.0.1 65536 443\r\n", ProxyHeaderError::LinePort),
        ("PROXY TCP4 192.0.2.1 10.0.0.1 4711 0443\r\n", ProxyHeaderError::LinePort),
        ("PROXY TCP4 192.0.2.1 10.0.0.1 +711 443\r\n", ProxyHeaderError::LinePort),
        ("PROXY TCP4 192.0.2.1 10.0.0.1  443\r\n", ProxyHeaderError::LinePort),
        (&format!("PROXY UNKNOWN {}\r\n", "f".repeat(92)), ProxyHeaderError::LineTooLong),
        (&"PROXY UNKNOWN\n".repeat(10), ProxyHeaderError::LineTooLong),
    ] {
        assert_eq!(read(line), Err(error), "{line}");
    }
    assert_eq!(read(b"PROXY UNKNOWN \xff\r\n"), Err(ProxyHeaderError::Line));
}

#[test]
fn what_does_not_begin_like_a_header_is_seen_with_the_first_byte() {
    for bytes in
        ["GET / HTTP/1.1\r\n\r\n", "\x16\x03\x01", "\r\n\r\n\0\r\nQUIT\r", "PROXYTCP4", "proxy TCP4", "\n"]
    {
        assert_eq!(read(bytes), Err(ProxyHeaderError::Missing("1 or 2")), "{bytes:?}");
    }
    assert_eq!(ProxyProtocol::V1.read(SIGNATURE), Err(ProxyHeaderError::Missing("1")));
    assert_eq!(ProxyProtocol::V1.read(b"G"), Err(ProxyHeaderError::Missing("1")));
    assert_eq!(read(""), Ok(None));
}

#[test]
fn binary_headers() {
    for (header, told) in [
        (v2(1, 0x11, &tcp4()), from("192.0.2.1:4711")),
        (v2(1, 0x21, &tcp6()), from("[2001:db8::1]:4711")),
        (v2(1, 0x00, &[]), ProxyHeader::default()),
        (v2(1, 0x31, &[b'x'; 216]), ProxyHeader::default()),
        // LOCAL: what follows is discarded, whatever it is.
        (v2(0, 0x00, &[]), ProxyHeader::default()),
        (v2(0, 0x11, &tcp4()), ProxyHeader::default()),
        (v2(0, 0xff, &[1, 2, 3]), ProxyHeader::default()),
    ] {
        let mut bytes = header.clone();
        bytes.extend(b"GET /");
        assert_eq!(read(&bytes), Ok(Some((told, header.len()))));
        assert_eq!(ProxyProtocol::V2.read(&bytes), read(&bytes));
    }
}

#[test]
fn what_is_no_binary_header() {
    let mut version = v2(1, 0x11, &tcp4());
    version[12] = 0x11;
    let mut long = v2(1, 0x11, &tcp4());
    long[14..16].copy_from_slice(&4081_u16.to_be_bytes());
    for (header, error) in [
        (version, ProxyHeaderError::Version(1)),
        (v2(2, 0x11, &tcp4()), ProxyHeaderError::Command(2)),
        (v2(1, 0x12, &tcp4()), ProxyHeaderError::Family(0x12)),
        (v2(1, 0x41, &tcp4()), ProxyHeaderError::Family(0x41)),
        (v2(1, 0x13, &tcp4()), ProxyHeaderError::Family(0x13)),
        (v2(1, 0x11, &tcp4()[..11]), ProxyHeaderError::TooShort),
        (v2(1, 0x21, &tcp6()[..35]), ProxyHeaderError::TooShort),
        (v2(1, 0x31, &[0; 215]), ProxyHeaderError::TooShort),
        (long, ProxyHeaderError::TooLong(4097)),
        (v2(1, 0x11, &[tcp4(), vec![4, 0]].concat()), ProxyHeaderError::Field),
        (v2(1, 0x11, &[tcp4(), vec![4, 0, 2, 1]].concat()), ProxyHeaderError::Field),
    ] {
        assert_eq!(read(header), Err(error));
    }
    let whole = v2(1, 0x11, &[tcp4(), field(4, &[0; 4096 - 16 - 12 - 3])].concat());
    assert_eq!(read(&whole), Ok(Some((from("192.0.2.1:4711"), 4096))));
}

/// A header with a checksum at the end of its fields, right or not.
fn summed(flip: usize, length: usize) -> Vec<u8> {
    let fields = [field(4, b"padding"), field(3, &vec![0; length]), field(5, b"id")].concat();
    let mut header = v2(1, 0x11, &[tcp4(), fields].concat());
    let sum = crc32c([&header[..]]).to_be_bytes();
    let at = FIXED + 12 + 10 + 3;
    header[at..at + length].copy_from_slice(&sum[..length]);
    if let Some(byte) = header.get_mut(flip) {
        *byte ^= 0x01;
    }
    header
}

// Section 2.2.3: a receiver that finds a wrong checksum MUST drop the connection.
#[test]
fn a_checksum_is_verified_where_there_is_one() {
    assert_eq!(read(summed(usize::MAX, 4)).unwrap().unwrap().0, from("192.0.2.1:4711"));
    for flip in [16, 20, 24, 31, 41, 42, 44, 48] {
        assert_eq!(read(summed(flip, 4)), Err(ProxyHeaderError::Checksum), "{flip}");
    }
    assert_eq!(read(summed(usize::MAX, 3)), Err(ProxyHeaderError::Checksum));
}

#[test]
fn a_proxy_may_tell_of_its_tls() {
    let secure = |value: &[u8]| {
        let header = v2(1, 0x11, &[tcp4(), field(0x01, b"h2"), field(0x20, value)].concat());
        read(header).unwrap().unwrap().0.secure
    };
    assert_eq!(secure(&[0x01, 0, 0, 0, 0]), Some(true));
    assert_eq!(secure(&[0x07, 0, 0, 0, 0, 0x21, 0, 1, b'x']), Some(true));
    assert_eq!(secure(&[0x00, 0, 0, 0, 1]), Some(false));
    assert_eq!(secure(&[]), None);
}

fn header() -> impl Strategy<Value = Vec<u8>> {
    let mutated = |header: Vec<u8>| (Just(header), any::<prop::sample::Index>(), any::<u8>(), any::<bool>());
    prop_oneof![
        Just(b"PROXY TCP4 192.0.2.1 10.0.0.1 4711 443\r\n".to_vec()),
        Just(b"PROXY TCP6 2001:db8::1 ::1 4711 443\r\n".to_vec()),
        Just(v2(1, 0x11, &tcp4())),
        Just(v2(1, 0x21, &[tcp6(), field(0x20, &[1, 0, 0, 0, 0])].concat())),
        Just(summed(usize::MAX, 4)),
        Just(v2(0, 0, &[])),
    ]
    .prop_flat_map(mutated)
    .prop_map(|(mut header, at, byte, mutate)| {
        let at = at.index(header.len());
        if mutate {
            header[at] = byte;
        }
        header
    })
}

proptest! {
    /// However the bytes are cut, what is said at last is what is said of all at once, and nothing is said too early.
    #[test]
    fn the_cut_does_not_matter(header in header(), rest in any::<Vec<u8>>()) {
        let whole: Vec<u8> = header.iter().chain(&rest).copied().collect();
        let expected = read(&whole);
        for cut in 0..=whole.len() {
            match read(&whole[..cut]) {
                Ok(None) => {}
                told => {
                    prop_assert_eq!(told, expected);
                    break;
                }
            }
        }
        if let Ok(Some((_, length))) = expected {
            prop_assert!(length <= whole.len());
            prop_assert_eq!(read(&whole[..length - 1]), Ok(None));
        }
    }

    #[test]
    fn nothing_panics(bytes in any::<Vec<u8>>(), signed in any::<bool>()) {
        let bytes = if signed { [&SIGNATURE[..], &bytes].concat() } else { bytes };
        for protocol in [ProxyProtocol::V1, ProxyProtocol::V2, ProxyProtocol::Any] {
            let _ = protocol.read(&bytes);
        }
    }
}
