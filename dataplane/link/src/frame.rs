use serde::Serialize;
use serde::de::DeserializeOwned;

/// A snapshot with a large catalog is the largest message.
pub const MAX_FRAME_BYTES: usize = 64 << 20;

#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    #[error("a frame of {0} bytes is longer than {MAX_FRAME_BYTES}")]
    TooLong(usize),
    #[error("a frame is not the message expected here (line {line}, column {column})")]
    Malformed { line: usize, column: usize },
}

/// Appends one frame to `out`.
pub fn encode<T: Serialize>(message: &T, out: &mut Vec<u8>) -> Result<(), FrameError> {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    serde_json::to_writer(&mut *out, message).map_err(malformed)?;
    let length = out.len() - start - 4;
    let header = u32::try_from(length)
        .ok()
        .filter(|_| length <= MAX_FRAME_BYTES)
        .ok_or(FrameError::TooLong(length))?;
    out[start..start + 4].copy_from_slice(&header.to_be_bytes());
    Ok(())
}

/// Reads one frame from the front of `input`: the message and how many bytes it took, or `None`
/// while it is incomplete.
pub fn decode<T: DeserializeOwned>(input: &[u8]) -> Result<Option<(T, usize)>, FrameError> {
    let Some((header, rest)) = input.split_first_chunk::<4>() else {
        return Ok(None);
    };
    let length = u32::from_be_bytes(*header) as usize;
    if length > MAX_FRAME_BYTES {
        return Err(FrameError::TooLong(length));
    }
    let Some(body) = rest.get(..length) else {
        return Ok(None);
    };
    let message = serde_json::from_slice(body).map_err(malformed)?;
    Ok(Some((message, 4 + length)))
}

/// serde_json's own message may quote the input, and the input may hold a secret.
fn malformed(error: serde_json::Error) -> FrameError {
    FrameError::Malformed { line: error.line(), column: error.column() }
}
