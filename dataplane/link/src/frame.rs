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

#[cfg(test)]
mod tests {
    use crate::{FromDataplane, MAX_FRAME_BYTES, decode, encode};

    #[test]
    fn a_frame_is_incomplete_until_its_last_byte() {
        let mut bytes = Vec::new();
        let message =
            FromDataplane::Hello { protocol: crate::PROTOCOL, pid: 7, boot: None, shards: 2 };
        encode(&message, &mut bytes).unwrap();
        for end in 0..bytes.len() {
            assert!(decode::<FromDataplane>(&bytes[..end]).unwrap().is_none());
        }
        bytes.extend_from_slice(b"the next one");
        let (read, taken) = decode::<FromDataplane>(&bytes).unwrap().unwrap();
        assert!(matches!(read, FromDataplane::Hello { pid: 7, boot: None, shards: 2, .. }));
        assert_eq!(&bytes[taken..], b"the next one");
    }

    #[test]
    fn a_length_beyond_the_limit_is_refused_before_anything_is_read() {
        let header = u32::try_from(MAX_FRAME_BYTES + 1).unwrap().to_be_bytes();
        assert!(decode::<FromDataplane>(&header).is_err());
    }

    #[test]
    fn a_malformed_frame_is_not_quoted() {
        let body = br#"{"type":"admit","token":"hunter2""#;
        let mut bytes = u32::try_from(body.len()).unwrap().to_be_bytes().to_vec();
        bytes.extend_from_slice(body);
        let Err(error) = decode::<FromDataplane>(&bytes) else { panic!("accepted") };
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}
