use bytes::{BufMut as _, BytesMut};
use flate2::{Compress, FlushCompress};

use super::TAIL;
use super::pool::{self, Compressing};
use super::stored::store;

/// Compresses the messages that one side sends (RFC 7692 7.2.1).
///
/// Its memory is allocated with the first message; without context it belongs to the thread, and an
/// idle connection has none.
///
/// ```
/// use bytes::BytesMut;
/// use ws_core::deflate::{Compressor, Inflater};
///
/// let (mut compressor, mut inflater) = (Compressor::new(12, true, 6), Inflater::new(true));
/// let (mut sent, mut received) = (BytesMut::new(), BytesMut::new());
/// compressor.compress(b"hello hello hello hello", &mut sent);
/// assert!(sent.len() < 23);
/// inflater.inflate(&sent, true, &mut received, 1024)?;
/// assert_eq!(received, "hello hello hello hello");
/// # Ok::<(), ws_core::deflate::InflateError>(())
/// ```
pub struct Compressor {
    window_bits: u8,
    level: u8,
    keeps_context: bool,
    state: Option<Compressing>,
}

/// zlib did not do what it does by its contract.
struct Broken;

impl Compressor {
    /// A compressor that looks back 2 to the power of `window_bits` bytes at most, 8 to 15, and
    /// forgets each message before the next one if there is no context takeover. The level is from
    /// 0 (stored) to 9 (small).
    ///
    /// zlib cannot do 8 bits: with fewer than 9, and at level 0, messages become stored blocks. So no
    /// more than what was agreed is ever asked of the peer.
    pub fn new(window_bits: u8, no_context_takeover: bool, level: u8) -> Self {
        Self {
            window_bits: window_bits.min(15),
            level: level.min(9),
            keeps_context: !no_context_takeover,
            state: None,
        }
    }

    /// Appends one message, compressed, with the last four bytes `00 00 ff ff` taken off.
    pub fn compress(&mut self, message: &[u8], out: &mut BytesMut) {
        // RFC 7692 7.2.3.6: zlib puts out nothing for an empty message.
        if message.is_empty() || self.window_bits < 9 || self.level == 0 {
            return store(message, out);
        }
        let mut compressing =
            self.state.take().unwrap_or_else(|| pool::take_compressing(self.window_bits, self.level));
        let start = out.len();
        let result = pool::with_block(|block| deflate(&mut compressing.state, message, block, out));
        if result.is_err() || !out[start..].ends_with(&TAIL) {
            // The broken state is dropped. The next one knows of no context, so it refers to none.
            out.truncate(start);
            return store(message, out);
        }
        out.truncate(out.len() - TAIL.len());
        if self.keeps_context {
            self.state = Some(compressing);
        } else {
            pool::give_compressing(compressing);
        }
    }

    /// Whether the connection holds memory for compression at the moment.
    pub fn is_idle(&self) -> bool {
        self.state.is_none()
    }
}

/// RFC 7692 7.2.1: all of the message, up to an empty stored block at a byte boundary.
fn deflate(
    state: &mut Compress,
    mut input: &[u8],
    block: &mut [u8],
    out: &mut BytesMut,
) -> Result<(), Broken> {
    loop {
        let (consumed, produced) = (state.total_in(), state.total_out());
        state.compress(input, block, FlushCompress::Sync).map_err(|_| Broken)?;
        let read = usize::try_from(state.total_in() - consumed).map_err(|_| Broken)?;
        let written = usize::try_from(state.total_out() - produced).map_err(|_| Broken)?;
        out.put_slice(block.get(..written).ok_or(Broken)?);
        input = input.get(read..).ok_or(Broken)?;
        if input.is_empty() && written < block.len() {
            return Ok(());
        }
        if read == 0 && written == 0 {
            return Err(Broken);
        }
    }
}

impl std::fmt::Debug for Compressor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Compressor")
            .field("window_bits", &self.window_bits)
            .field("level", &self.level)
            .field("keeps_context", &self.keeps_context)
            .finish_non_exhaustive()
    }
}
