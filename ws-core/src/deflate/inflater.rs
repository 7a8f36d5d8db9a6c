use bytes::{BufMut as _, BytesMut};
use flate2::{Decompress, FlushDecompress, Status};

use super::pool;
use super::{InflateError, TAIL};

/// Inflates the messages that one side receives, piece by piece (RFC 7692 7.2.2).
///
/// The output grows as it comes and never gets larger than the limit; zlib writes 16 KiB at a time,
/// and stops with the first byte too many. Memory is allocated with the first piece of a message;
/// without context it goes back to the thread at the message's end.
///
/// ```
/// use bytes::BytesMut;
/// use ws_core::deflate::Inflater;
///
/// // The example of RFC 7692 7.2.3.1, in two pieces.
/// let (mut inflater, mut message) = (Inflater::new(false), BytesMut::new());
/// inflater.inflate(&[0xf2, 0x48, 0xcd], false, &mut message, 1024)?;
/// inflater.inflate(&[0xc9, 0xc9, 0x07, 0x00], true, &mut message, 1024)?;
/// assert_eq!(message, "Hello");
/// # Ok::<(), ws_core::deflate::InflateError>(())
/// ```
pub struct Inflater {
    keeps_context: bool,
    max_ratio: Option<u32>,
    state: Option<Decompress>,
    message: Message,
    failed: Option<InflateError>,
}

/// How far the current message is.
#[derive(Default)]
struct Message {
    read: usize,
    written: usize,
    /// Whether anything was read since the last point at which a message may end as it is.
    open: bool,
}

/// Up to here the ratio is not looked at: small messages of one repeated byte are no attack.
const RATIO_FROM: usize = 1024 * 1024;

impl Inflater {
    /// An inflater for a peer that forgets each message before the next one if there is no context
    /// takeover.
    ///
    /// The peer may look back as far as DEFLATE can, 32 KiB, whatever window was agreed: zlib's memory is
    /// the same for each window, and a peer that looks farther back than it said harms nobody.
    pub fn new(no_context_takeover: bool) -> Self {
        Self {
            keeps_context: !no_context_takeover,
            max_ratio: None,
            state: None,
            message: Message::default(),
            failed: None,
        }
    }

    /// Allows a message that is over 1 MiB no more than so many times its compressed size.
    #[must_use]
    pub fn max_ratio(self, max_ratio: Option<u32>) -> Self {
        Self { max_ratio, ..self }
    }

    /// Inflates the next piece of the current message and appends what comes of it; with
    /// `end_of_message` the message is complete. `limit` is for the whole message, in bytes.
    ///
    /// `out` never has more than `limit` bytes of this message, nor, if it was empty at the start,
    /// room for more.
    ///
    /// # Errors
    /// The message is too large or damaged. The connection has to be failed: every further call
    /// returns the same error. What was inflated before the fault is in `out`.
    pub fn inflate(
        &mut self,
        piece: &[u8],
        end_of_message: bool,
        out: &mut BytesMut,
        limit: usize,
    ) -> Result<(), InflateError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let result = self.inflate_piece(piece, end_of_message, out, limit);
        if let Err(error) = result {
            self.failed = Some(error);
            self.state = None;
        }
        result
    }

    /// Whether the connection holds no memory for inflating at the moment.
    pub fn is_idle(&self) -> bool {
        self.state.is_none()
    }

    fn inflate_piece(
        &mut self,
        piece: &[u8],
        end_of_message: bool,
        out: &mut BytesMut,
        limit: usize,
    ) -> Result<(), InflateError> {
        if !piece.is_empty() {
            let state = self.state.get_or_insert_with(pool::take_inflating);
            let bounds = Bounds { limit, max_ratio: self.max_ratio };
            pool::with_block(|block| feed(state, &mut self.message, piece, block, out, &bounds))?;
        }
        if end_of_message {
            self.end_message()?;
        }
        Ok(())
    }

    fn end_message(&mut self) -> Result<(), InflateError> {
        let message = std::mem::take(&mut self.message);
        let Some(mut state) = self.state.take() else { return Ok(()) };
        if message.open {
            end_block(&mut state, self.keeps_context)?;
        }
        if self.keeps_context {
            self.state = Some(state);
        } else {
            pool::give_inflating(state);
        }
        Ok(())
    }
}

/// What a message may grow to.
struct Bounds {
    limit: usize,
    max_ratio: Option<u32>,
}

/// Inflates until the piece is read and all that it brings is written.
fn feed(
    state: &mut Decompress,
    message: &mut Message,
    mut piece: &[u8],
    block: &mut [u8],
    out: &mut BytesMut,
    bounds: &Bounds,
) -> Result<(), InflateError> {
    loop {
        // One byte past the limit tells that there is more.
        let left = bounds.limit.saturating_sub(message.written);
        let room = block.len().min(left.saturating_add(1));
        let step = Step::take(state, piece, &mut block[..room])?;
        message.read = message.read.saturating_add(step.read);
        message.written = message.written.saturating_add(step.written);
        // What came before a fault is told as well: it may have a fault of its own.
        let wanted = step.written.min(left);
        reserve(out, wanted, left);
        out.put_slice(&block[..wanted]);
        if step.written > left {
            return Err(InflateError::TooLarge);
        }
        if step.is_corrupt {
            return Err(InflateError::Corrupt);
        }
        check_ratio(message, bounds.max_ratio)?;
        piece = &piece[step.read..];
        message.open |= step.read > 0;
        if step.is_end {
            // RFC 7692 7.2.3.4, 7.2.3.5: after a block with BFINAL set, the next block follows. A
            // sender makes such a block by ending its stream, so that it does not look back beyond it.
            state.reset(false);
            message.open = false;
        } else if step.read == 0 && step.written == 0 && !piece.is_empty() {
            return Err(InflateError::Corrupt);
        }
        if piece.is_empty() && step.written < room {
            return Ok(());
        }
    }
}

/// RFC 7692 7.2.2: puts the tail back that the sender has taken off, which completes an empty block.
///
/// Another empty block goes with it. At the end of a block it means nothing; in the midst of one,
/// where the message was cut, it shows by output, by an error, or by an end that does not come. Only
/// where context is kept there can be no end, and a cut in a block's header shows in the next message.
fn end_block(state: &mut Decompress, keeps_context: bool) -> Result<(), InflateError> {
    let is_final = !keeps_context;
    let mut tail = [0; 9];
    tail[..4].copy_from_slice(&TAIL);
    tail[4] = u8::from(is_final);
    tail[5..].copy_from_slice(&TAIL);
    let step = Step::take(state, &tail, &mut [0; 16])?;
    if step.read == tail.len() && step.written == 0 && step.is_end == is_final && !step.is_corrupt {
        Ok(())
    } else {
        Err(InflateError::Incomplete)
    }
}

/// What one call to zlib has done.
struct Step {
    read: usize,
    written: usize,
    is_end: bool,
    is_corrupt: bool,
}

impl Step {
    fn take(state: &mut Decompress, input: &[u8], output: &mut [u8]) -> Result<Self, InflateError> {
        let (consumed, produced) = (state.total_in(), state.total_out());
        let status = state.decompress(input, output, FlushDecompress::Sync);
        let since = |now: u64, before| usize::try_from(now - before).map_err(|_| InflateError::Corrupt);
        let read = since(state.total_in(), consumed)?.min(input.len());
        let written = since(state.total_out(), produced)?.min(output.len());
        Ok(Self {
            read,
            written,
            is_end: matches!(status, Ok(Status::StreamEnd)),
            is_corrupt: status.is_err(),
        })
    }
}

fn check_ratio(message: &Message, max_ratio: Option<u32>) -> Result<(), InflateError> {
    let Some(ratio) = max_ratio.filter(|_| message.written > RATIO_FROM) else { return Ok(()) };
    let allowed = usize::try_from(ratio).unwrap_or(usize::MAX).saturating_mul(message.read);
    if message.written > allowed { Err(InflateError::RatioExceeded) } else { Ok(()) }
}

/// Makes room for `more` bytes where `left` bytes may still come: as much as is needed, or up to
/// twice that, along halves of the whole. A buffer so grown doubles, and ends up at the limit exactly.
fn reserve(out: &mut BytesMut, more: usize, left: usize) {
    let needed = out.len() + more;
    if needed > out.capacity() {
        let mut target = out.len().saturating_add(left).max(needed);
        while target / 2 >= needed {
            target /= 2;
        }
        out.reserve(target - out.len());
    }
}

impl std::fmt::Debug for Inflater {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inflater")
            .field("keeps_context", &self.keeps_context)
            .field("failed", &self.failed)
            .finish_non_exhaustive()
    }
}
