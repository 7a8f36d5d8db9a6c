//! How a fuzz input is read: a few bytes that choose, then the bytes that are checked.

/// A fuzz input of which the front has been used up. Whatever is missing reads as zero.
pub(super) struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    pub(super) const fn new(data: &'a [u8]) -> Self {
        Self(data)
    }

    pub(super) fn byte(&mut self) -> u8 {
        let Some((byte, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *byte
    }

    /// One byte of which the low three bits are a count, and that many bytes of lengths.
    pub(super) fn cuts(&mut self) -> Cuts {
        let count = usize::from(self.byte() & 7);
        Cuts((0..count).map(|_| usize::from(self.byte()).max(1)).collect())
    }

    pub(super) const fn rest(&self) -> &'a [u8] {
        self.0
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next `length` bytes, or what there is.
    pub(super) fn take(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        taken
    }
}

/// Where a stream is cut: lengths that are used in turn; none cuts it into single bytes.
pub(super) struct Cuts(Vec<usize>);

impl Cuts {
    pub(super) fn pieces<'a>(&self, mut bytes: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
        let mut lengths = self.0.iter().copied().cycle();
        std::iter::from_fn(move || {
            let (piece, rest) = bytes.split_at(lengths.next().unwrap_or(1).min(bytes.len()));
            bytes = rest;
            (!piece.is_empty()).then_some(piece)
        })
    }
}
