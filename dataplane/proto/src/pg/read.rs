//! Reads the parts of a message's body, one error per malformation.

use super::Format;

/// What is wrong with a message's body. Whoever sent the message is to blame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    #[error("unknown message type 0x{0:02x}")]
    UnknownTag(u8),
    #[error("message ends too early")]
    Truncated,
    #[error("message has {0} bytes too many")]
    TrailingBytes(usize),
    #[error("string without a terminator")]
    UnterminatedString,
    #[error("invalid length {0}")]
    Length(i32),
    #[error("invalid format code {0}")]
    Format(i16),
    #[error("invalid code 0x{0:02x}")]
    Code(u8),
    #[error("{formats} format codes for {values} values")]
    FormatCount { formats: usize, values: usize },
}

/// A cursor over a message's body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8], MessageError> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(MessageError::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], MessageError> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(MessageError::Truncated)?;
        self.rest = rest;
        Ok(*taken)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, MessageError> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(crate) fn i16(&mut self) -> Result<i16, MessageError> {
        self.array().map(i16::from_be_bytes)
    }

    pub(crate) fn i32(&mut self) -> Result<i32, MessageError> {
        self.array().map(i32::from_be_bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, MessageError> {
        self.array().map(u32::from_be_bytes)
    }

    /// A count of the protocol: PostgreSQL itself reads its Int16 as unsigned.
    pub(crate) fn count(&mut self) -> Result<usize, MessageError> {
        self.array().map(u16::from_be_bytes).map(usize::from)
    }

    pub(crate) fn format(&mut self) -> Result<Format, MessageError> {
        let code = self.i16()?;
        Format::from_code(code).ok_or(MessageError::Format(code))
    }

    /// A string without its terminating zero byte.
    pub(crate) fn string(&mut self) -> Result<&'a [u8], MessageError> {
        let end = memchr::memchr(0, self.rest).ok_or(MessageError::UnterminatedString)?;
        let string = self.take(end)?;
        self.take(1)?;
        Ok(string)
    }

    /// A value with its length before it; `None` for NULL (length -1).
    pub(crate) fn value(&mut self) -> Result<Option<&'a [u8]>, MessageError> {
        let length = self.i32()?;
        if length == -1 {
            return Ok(None);
        }
        let count = usize::try_from(length).map_err(|_| MessageError::Length(length))?;
        self.take(count).map(Some)
    }

    /// All that is left.
    pub(crate) fn remainder(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.rest)
    }

    /// The body ends here.
    pub(crate) fn finish(self) -> Result<(), MessageError> {
        match self.rest.len() {
            0 => Ok(()),
            count => Err(MessageError::TrailingBytes(count)),
        }
    }

    /// The bytes that were read since `start`, a copy of this reader made earlier.
    pub(crate) fn since(&self, start: Reader<'a>) -> &'a [u8] {
        let count = start.rest.len() - self.rest.len();
        start.rest.get(..count).unwrap_or_default()
    }
}
