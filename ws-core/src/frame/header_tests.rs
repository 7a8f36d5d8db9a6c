use proptest::prelude::*;

use super::*;

/// RFC 6455 5.2, read straight off the figure: one bit at a time, no shortcuts.
fn naive(bytes: &[u8]) -> Result<Option<(Header, usize)>, FrameError> {
    let bit = |index: usize| bytes.get(index / 8).map(|byte| byte >> (7 - index % 8) & 1 == 1);
    let number = |from: usize, bits: usize| -> Option<u128> {
        (from..from + bits).try_fold(0u128, |sum, index| Some(sum * 2 + u128::from(bit(index)?)))
    };
    let Some(fin) = bit(0) else { return Ok(None) };
    if bit(2) == Some(true) || bit(3) == Some(true) {
        return Err(FrameError::ReservedBits);
    }
    let code = u8::try_from(number(4, 4).unwrap()).unwrap();
    let opcode = match code {
        0 => OpCode::Continuation,
        1 => OpCode::Text,
        2 => OpCode::Binary,
        8 => OpCode::Close,
        9 => OpCode::Ping,
        10 => OpCode::Pong,
        _ => return Err(FrameError::ReservedOpcode(code)),
    };
    if code >= 8 && !fin {
        return Err(FrameError::ControlFragmented);
    }
    let (Some(masked), Some(short)) = (bit(8), number(9, 7)) else { return Ok(None) };
    if code >= 8 && short > 125 {
        return Err(FrameError::ControlTooLong);
    }
    let (bits, floor) = match short {
        126 => (16, 126),
        127 => (64, 65_536),
        _ => (0, 0),
    };
    let length = if bits == 0 { Some(short) } else { number(16, bits) };
    let Some(length) = length else { return Ok(None) };
    if length >= 1 << 63 {
        return Err(FrameError::LengthTopBit);
    }
    if length < floor {
        return Err(FrameError::LengthNotMinimal);
    }
    let at = 2 + bits / 8;
    let key = if masked {
        let Some(key) = bytes.get(at..at + 4) else { return Ok(None) };
        Some([key[0], key[1], key[2], key[3]])
    } else {
        None
    };
    let size = at + if masked { 4 } else { 0 };
    let rsv1 = bit(1).unwrap();
    Ok(Some((Header { fin, rsv1, opcode, mask: key, length: u64::try_from(length).unwrap() }, size)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn agrees_with_the_naive_reader(bytes in proptest::collection::vec(any::<u8>(), 0..16)) {
        prop_assert_eq!(Header::parse(&bytes), naive(&bytes));
    }

    #[test]
    fn what_is_written_is_read_back(
        fin: bool, rsv1: bool, opcode in 0usize..3, mask: Option<[u8; 4]>,
        length in prop_oneof![0u64..200, 65_000u64..66_000, 0u64..1 << 63],
    ) {
        let opcode = [OpCode::Continuation, OpCode::Text, OpCode::Binary][opcode];
        let header = Header { fin, rsv1, opcode, mask, length };
        let mut out = [0; MAX_HEADER];
        let size = header.encode(&mut out);
        prop_assert_eq!(Header::parse(&out[..size]), Ok(Some((header, size))));
        for cut in 0..size {
            prop_assert_eq!(Header::parse(&out[..cut]), Ok(None));
        }
    }
}

/// RFC 6455 5.2: every two-byte start of a frame, with all that may follow it.
#[test]
fn every_start_agrees_with_the_naive_reader() {
    for start in 0..=u16::MAX {
        for tail in [0x00, 0x7E, 0x80, 0xFF] {
            let mut bytes = [tail; 14];
            bytes[..2].copy_from_slice(&start.to_be_bytes());
            assert_eq!(Header::parse(&bytes), naive(&bytes), "{bytes:02x?}");
            assert_eq!(Header::parse(&bytes[..2]), naive(&bytes[..2]), "{bytes:02x?}");
        }
        let one = [start.to_be_bytes()[0]];
        assert_eq!(Header::parse(&one), naive(&one));
    }
}

/// Trusted or overflowing lengths (CVE-2022-35922, CVE-2020-27813): the borders, each minus and plus one.
#[test]
fn lengths_at_their_borders() {
    let read = |bytes: &[u8]| Header::parse(bytes).map(|header| header.map(|(header, _)| header.length));
    let long = |length: u64| {
        let mut bytes = vec![0x82, 127];
        bytes.extend(length.to_be_bytes());
        bytes
    };
    assert_eq!(read(&[0x82, 125]), Ok(Some(125)));
    assert_eq!(read(&[0x82, 126, 0, 125]), Err(FrameError::LengthNotMinimal));
    assert_eq!(read(&[0x82, 126, 0, 126]), Ok(Some(126)));
    assert_eq!(read(&[0x82, 126, 0xFF, 0xFF]), Ok(Some(65_535)));
    assert_eq!(read(&long(65_535)), Err(FrameError::LengthNotMinimal));
    assert_eq!(read(&long(65_536)), Ok(Some(65_536)));
    for power in [31, 53, 63] {
        for length in [(1u64 << power) - 1, 1 << power, (1 << power) + 1] {
            let expected = if length >= 1 << 63 { Err(FrameError::LengthTopBit) } else { Ok(Some(length)) };
            assert_eq!(read(&long(length)), expected);
        }
    }
}
