//! DEFLATE read bit by bit, straight from RFC 1951: slow, plain, and with an eye on what it sees.

use std::collections::HashMap;

/// The whole of a message, its tail put back, after `history`.
pub(super) struct Inflated {
    pub(super) message: Vec<u8>,
    /// How far back the message has looked at most (RFC 1951 3.2.5).
    pub(super) farthest: usize,
}

/// Inflates blocks until the data ends at the end of one; `None` for anything else.
pub(super) fn inflate(data: &[u8], history: &[u8]) -> Option<Inflated> {
    let mut bits = Bits { data, at: 0 };
    let mut out = Inflated { message: history.to_vec(), farthest: 0 };
    while bits.at < data.len() * 8 {
        let is_final = bits.take(1)? == 1;
        match bits.take(2)? {
            0 => stored_block(&mut bits, &mut out)?,
            1 => {
                let lengths: Vec<u8> = (0..288)
                    .map(|symbol| match symbol {
                        144..256 => 9,
                        256..280 => 7,
                        _ => 8,
                    })
                    .collect();
                coded_block(&mut bits, &mut out, &Code::new(&lengths), &Code::new(&[5; 30]))?;
            }
            2 => {
                let (literals, distances) = codes(&mut bits)?;
                coded_block(&mut bits, &mut out, &literals, &distances)?;
            }
            _ => return None,
        }
        if is_final {
            bits.align();
        }
    }
    out.message.drain(..history.len());
    Some(out)
}

struct Bits<'a> {
    data: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    /// RFC 1951 3.1.1: a number, its lowest bit first.
    fn take(&mut self, count: usize) -> Option<usize> {
        (0..count).try_fold(0, |number, position| Some(number | self.bit()? << position))
    }

    fn bit(&mut self) -> Option<usize> {
        let bit = self.data.get(self.at / 8)? >> (self.at % 8) & 1;
        self.at += 1;
        Some(bit.into())
    }

    fn align(&mut self) {
        self.at = self.at.next_multiple_of(8);
    }
}

/// RFC 1951 3.2.2: the canonical code that follows from the lengths of its words.
struct Code {
    /// The symbol of a word of so many bits.
    symbols: HashMap<(u8, usize), usize>,
}

impl Code {
    fn new(lengths: &[u8]) -> Self {
        let mut symbols = HashMap::new();
        let mut next = 0;
        for length in 1..=15 {
            next <<= 1;
            for symbol in (0..lengths.len()).filter(|symbol| lengths[*symbol] == length) {
                symbols.insert((length, next), symbol);
                next += 1;
            }
        }
        Self { symbols }
    }

    /// The next symbol; a code's word comes with its highest bit first.
    fn symbol(&self, bits: &mut Bits<'_>) -> Option<usize> {
        let mut word = 0;
        for length in 1..=15 {
            word = word << 1 | bits.bit()?;
            if let Some(symbol) = self.symbols.get(&(length, word)) {
                return Some(*symbol);
            }
        }
        None
    }
}

/// RFC 1951 3.2.4.
fn stored_block(bits: &mut Bits<'_>, out: &mut Inflated) -> Option<()> {
    bits.align();
    let length = bits.take(16)?;
    if bits.take(16)? != !length & 0xffff {
        return None;
    }
    for _ in 0..length {
        let byte = bits.take(8)?;
        out.message.push(u8::try_from(byte).ok()?);
    }
    Some(())
}

/// RFC 1951 3.2.7.
fn codes(bits: &mut Bits<'_>) -> Option<(Code, Code)> {
    const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
    let (literals, distances) = (bits.take(5)? + 257, bits.take(5)? + 1);
    let mut lengths = [0; 19];
    for position in &ORDER[..bits.take(4)? + 4] {
        lengths[*position] = u8::try_from(bits.take(3)?).ok()?;
    }
    let code = Code::new(&lengths);
    let mut lengths: Vec<u8> = Vec::new();
    while lengths.len() < literals + distances {
        let (value, times) = match code.symbol(bits)? {
            16 => (*lengths.last()?, 3 + bits.take(2)?),
            17 => (0, 3 + bits.take(3)?),
            18 => (0, 11 + bits.take(7)?),
            length => (u8::try_from(length).ok()?, 1),
        };
        lengths.resize(lengths.len() + times, value);
    }
    (lengths.len() == literals + distances)
        .then(|| (Code::new(&lengths[..literals]), Code::new(&lengths[literals..])))
}

/// RFC 1951 3.2.5.
fn coded_block(bits: &mut Bits<'_>, out: &mut Inflated, literals: &Code, distances: &Code) -> Option<()> {
    loop {
        match literals.symbol(bits)? {
            literal @ 0..256 => out.message.push(u8::try_from(literal).ok()?),
            256 => return Some(()),
            symbol @ 257..=285 => {
                let length = length(symbol - 257, bits)?;
                let distance = distance(distances.symbol(bits)?, bits)?;
                out.farthest = out.farthest.max(distance);
                for _ in 0..length {
                    let from = out.message.len().checked_sub(distance)?;
                    out.message.push(out.message[from]);
                }
            }
            _ => return None,
        }
    }
}

fn length(symbol: usize, bits: &mut Bits<'_>) -> Option<usize> {
    match symbol {
        0..8 => Some(symbol + 3),
        28 => Some(258),
        _ => {
            let extra = symbol / 4 - 1;
            Some(((4 + symbol % 4) << extra) + 3 + bits.take(extra)?)
        }
    }
}

fn distance(symbol: usize, bits: &mut Bits<'_>) -> Option<usize> {
    match symbol {
        0..4 => Some(symbol + 1),
        4..30 => {
            let extra = symbol / 2 - 1;
            Some(((2 + symbol % 2) << extra) + 1 + bits.take(extra)?)
        }
        _ => None,
    }
}
