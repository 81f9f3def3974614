//! Cuts a byte stream into frames: a type byte, then a length that counts itself and the body.
//!
//! A header can be read before its body has arrived, so that a row larger than any buffer can be
//! recognised and handled in pieces.

/// Bytes of a frame before its body: the type and the length.
pub const HEADER_BYTES: usize = 5;

/// No frame is longer: its length, which leaves out the type, is a signed 32-bit number.
pub const MAX_BYTES: usize = i32::MAX as usize + 1;

/// The stream is not what the protocol says; where the next frame begins can't be told any more.
/// Whoever sent it is to blame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    #[error("message of type 0x{tag:02x} states the impossible length {length}")]
    Length { tag: u8, length: i32 },
    #[error("message of type 0x{tag:02x} has {len} bytes, more than the {max_len} allowed")]
    TooLong { tag: u8, len: usize, max_len: usize },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameHeader {
    pub tag: u8,
    /// Bytes of the whole frame, header included.
    pub len: usize,
}

impl FrameHeader {
    pub fn body_len(&self) -> usize {
        self.len - HEADER_BYTES
    }

    /// The body, from bytes that begin with this frame; `None` until it has all arrived.
    pub fn body<'a>(&self, bytes: &'a [u8]) -> Option<&'a [u8]> {
        bytes.get(HEADER_BYTES..self.len)
    }
}

/// Reads the header at the start of `bytes`; `None` until it has all arrived. A frame of more
/// than `max_len` bytes, header included, is an error.
pub fn peek(bytes: &[u8], max_len: usize) -> Result<Option<FrameHeader>, FrameError> {
    let Some(&[tag, ref length @ ..]) = bytes.first_chunk::<HEADER_BYTES>() else {
        return Ok(None);
    };
    let length = i32::from_be_bytes(*length);
    let len = match usize::try_from(length) {
        Ok(counted) if counted >= 4 => counted + 1,
        _ => return Err(FrameError::Length { tag, length }),
    };
    if len > max_len {
        return Err(FrameError::TooLong { tag, len, max_len });
    }
    Ok(Some(FrameHeader { tag, len }))
}

/// A whole frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    pub tag: u8,
    pub body: &'a [u8],
    /// Bytes of the whole frame, header included.
    pub len: usize,
}

/// Reads the whole frame at the start of `bytes`; `None` until it has all arrived.
pub fn whole(bytes: &[u8], max_len: usize) -> Result<Option<Frame<'_>>, FrameError> {
    let Some(header) = peek(bytes, max_len)? else {
        return Ok(None);
    };
    Ok(header.body(bytes).map(|body| Frame { tag: header.tag, body, len: header.len }))
}
