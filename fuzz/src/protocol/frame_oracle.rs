//! RFC 6455 section 5 read slowly: the whole stream is there, each frame is copied, and each message is
//! judged from its first byte again whenever a frame adds to it.

use bytes::BytesMut;
use ws_core::{
    connection::{Config, Event, Limits, ProtocolError, Role},
    deflate::{InflateError, Inflater},
    frame::FrameError,
    message::{CloseCode, CloseFrame, CloseFrameError, Message},
};

use super::outcome::Outcome;

/// What a stream says of which this much has come.
pub(super) fn read_slowly(config: &Config, stream: &[u8]) -> Outcome {
    let mut outcome = Outcome::default();
    outcome.error = Reader::new(config).read(stream, &mut outcome.events).err();
    outcome
}

struct Reader {
    role: Role,
    limits: Limits,
    inflater: Option<Inflater>,
    message: Option<Unfinished>,
}

struct Unfinished {
    text: bool,
    compressed: bool,
    frames: usize,
    on_the_wire: usize,
    content: Vec<u8>,
}

struct Frame {
    fin: bool,
    rsv1: bool,
    code: u8,
    masked: bool,
    length: u64,
    /// What of the payload is there.
    payload: Vec<u8>,
}

impl Reader {
    fn new(config: &Config) -> Self {
        let inflater = config.deflate.as_ref().map(|(agreed, _)| {
            Inflater::new(match config.role {
                Role::Server => agreed.client_no_context_takeover,
                Role::Client => agreed.server_no_context_takeover,
            })
        });
        Self { role: config.role, limits: config.limits, inflater, message: None }
    }

    fn read(&mut self, mut stream: &[u8], events: &mut Vec<Event>) -> Result<(), ProtocolError> {
        while let Some((frame, size)) = frame_at(stream)? {
            self.judge(&frame)?;
            let whole = frame.payload.len() as u64 == frame.length;
            if frame.code >= 8 {
                if !whole {
                    return Ok(());
                }
                events.push(match frame.code {
                    8 => Event::Close(close_frame(&frame.payload)?),
                    9 => Event::Ping(frame.payload.into()),
                    _ => Event::Pong(frame.payload.into()),
                });
                if frame.code == 8 {
                    return Ok(());
                }
            } else {
                events.extend(self.add(&frame, whole)?.map(Event::Message));
                if !whole {
                    return Ok(());
                }
            }
            stream = &stream[size..];
        }
        Ok(())
    }

    /// The rules for a header, in the order in which they are told.
    fn judge(&self, frame: &Frame) -> Result<(), ProtocolError> {
        let Limits { frame: longest_frame, message: longest, fragments, .. } = self.limits;
        let (control, continues) = (frame.code >= 8, frame.code == 0);
        let started = self.message.as_ref();
        // RFC 6455 5.1
        refuse(self.role == Role::Server && !frame.masked, ProtocolError::MaskMissing)?;
        refuse(self.role == Role::Client && frame.masked, ProtocolError::MaskUnexpected)?;
        // RFC 6455 5.2, RFC 7692 6
        let may_be_compressed = self.inflater.is_some() && !control && !continues;
        refuse(frame.rsv1 && !may_be_compressed, ProtocolError::CompressionUnexpected)?;
        let too_big = ProtocolError::FrameTooBig { limit: longest_frame };
        refuse(u128::from(frame.length) > longest_frame as u128, too_big)?;
        if control {
            return Ok(());
        }
        // RFC 6455 5.4
        refuse(continues && started.is_none(), ProtocolError::ContinuationUnexpected)?;
        refuse(!continues && started.is_some(), ProtocolError::ContinuationExpected)?;
        if let Some(message) = started {
            let allowed = fragments as u128 + message.on_the_wire as u128 / 64;
            refuse(message.frames as u128 + 1 > allowed, ProtocolError::TooManyFragments)?;
        } else if frame.rsv1 || !frame.fin {
            refuse(fragments == 0, ProtocolError::TooManyFragments)?;
        }
        let compressed = started.map_or(frame.rsv1, |message| message.compressed);
        let before = started.map_or(0, |message| message.content.len());
        let too_big = ProtocolError::MessageTooBig { limit: longest };
        refuse(!compressed && before as u128 + u128::from(frame.length) > longest as u128, too_big)
    }

    /// Adds what is there of a data frame, and gives the message that it ends.
    fn add(&mut self, frame: &Frame, whole: bool) -> Result<Option<Message>, ProtocolError> {
        let (text, compressed) = (frame.code == 1, frame.rsv1);
        let mut message = self.message.take().unwrap_or(Unfinished {
            text,
            compressed,
            frames: 0,
            on_the_wire: 0,
            content: Vec::new(),
        });
        message.frames += 1;
        message.on_the_wire += frame.payload.len();
        let ends = frame.fin && whole;
        let mut compression = Ok(());
        match &mut self.inflater {
            Some(agreed) if message.compressed => {
                let mut content = BytesMut::from(&message.content[..]);
                compression = agreed.inflate(&frame.payload, ends, &mut content, self.limits.message);
                message.content = content.into();
            }
            _ => message.content.extend_from_slice(&frame.payload),
        }
        // RFC 6455 8.1: text fails at the first byte that no valid text could hold.
        if message.text
            && let Err(error) = std::str::from_utf8(&message.content)
        {
            let cut = error.error_len().is_none();
            refuse(!cut || (ends && compression.is_ok()), ProtocolError::InvalidUtf8)?;
        }
        match compression {
            Ok(()) => {}
            Err(InflateError::TooLarge) => {
                return Err(ProtocolError::MessageTooBig { limit: self.limits.message });
            }
            Err(_) => return Err(ProtocolError::CompressionCorrupt),
        }
        if !ends {
            self.message = Some(message);
            return Ok(None);
        }
        Ok(Some(match String::from_utf8(message.content) {
            Ok(content) if message.text => Message::text(content),
            Ok(content) => Message::binary(content.into_bytes()),
            Err(error) => Message::binary(error.into_bytes()),
        }))
    }
}

fn refuse(wrong: bool, error: ProtocolError) -> Result<(), ProtocolError> {
    if wrong { Err(error) } else { Ok(()) }
}

/// The frame at the front of `bytes` with its size, or `None` where its header has not come whole.
fn frame_at(bytes: &[u8]) -> Result<Option<(Frame, usize)>, FrameError> {
    let [first, rest @ ..] = bytes else { return Ok(None) };
    let (fin, rsv1, code) = (first & 0x80 != 0, first & 0x40 != 0, first & 0x0F);
    if first & 0x30 != 0 {
        return Err(FrameError::ReservedBits);
    }
    if !matches!(code, 0 | 1 | 2 | 8 | 9 | 10) {
        return Err(FrameError::ReservedOpcode(code));
    }
    if code >= 8 && !fin {
        return Err(FrameError::ControlFragmented);
    }
    let [second, rest @ ..] = rest else { return Ok(None) };
    let masked = second & 0x80 != 0;
    let (width, least) = match second & 0x7F {
        126 => (2, 126),
        127 => (8, 65_536),
        _ => (0, 0),
    };
    if code >= 8 && width > 0 {
        return Err(FrameError::ControlTooLong);
    }
    if rest.len() < width {
        return Ok(None);
    }
    let (number, rest) = rest.split_at(width);
    let length = match width {
        0 => u64::from(second & 0x7F),
        _ => number.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)),
    };
    if length > i64::MAX.cast_unsigned() {
        return Err(FrameError::LengthTopBit);
    }
    if length < least {
        return Err(FrameError::LengthNotMinimal);
    }
    let key_size = if masked { 4 } else { 0 };
    if rest.len() < key_size {
        return Ok(None);
    }
    let (key, rest) = rest.split_at(key_size);
    let there = usize::try_from(length).unwrap_or(usize::MAX).min(rest.len());
    let unmasked = |(index, byte): (usize, &u8)| if masked { byte ^ key[index % 4] } else { *byte };
    let payload = rest[..there].iter().enumerate().map(unmasked).collect();
    let size = 2 + width + key_size + there;
    Ok(Some((Frame { fin, rsv1, code, masked, length, payload }, size)))
}

/// RFC 6455 5.5.1 and 7.4.
fn close_frame(payload: &[u8]) -> Result<Option<CloseFrame>, CloseFrameError> {
    match payload {
        [] => Ok(None),
        [_] => Err(CloseFrameError::OneByte),
        [high, low, reason @ ..] => {
            let number = u16::from(*high) * 256 + u16::from(*low);
            let sendable = matches!(number, 1000..1004 | 1007..1015 | 3000..5000);
            let code = CloseCode::new(number).filter(|_| sendable).ok_or(CloseFrameError::Code(number))?;
            let reason = String::from_utf8(reason.to_vec()).map_err(|_| CloseFrameError::Reason)?;
            Ok(Some(CloseFrame::new(code, reason)))
        }
    }
}
