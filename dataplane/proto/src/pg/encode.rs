//! Appends the parts of messages to a byte vector.
//!
//! A length or count that the protocol can't express is a broken invariant of the caller and
//! panics: everything that is encoded here was bounded when it was read.

use super::Format;

/// Appends a frame whose body `fill` writes.
pub(crate) fn frame(out: &mut Vec<u8>, tag: u8, fill: impl FnOnce(&mut Vec<u8>)) {
    out.push(tag);
    packet(out, fill);
}

/// Appends a packet without a type byte, as a connection's first ones are.
pub(crate) fn packet(out: &mut Vec<u8>, fill: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    fill(out);
    let len = i32::try_from(out.len() - start).expect("a message is below 2 GiB");
    if let Some(place) = out.get_mut(start..).and_then(|packet| packet.first_chunk_mut()) {
        *place = len.to_be_bytes();
    }
}

/// Appends a zero-terminated string. It ends at a zero byte of its own, so that no text can
/// reach into the next field; no string that was read from a message holds one.
pub(crate) fn string(out: &mut Vec<u8>, text: &[u8]) {
    out.extend(text.iter().take_while(|&&byte| byte != 0));
    out.push(0);
}

pub(crate) fn count(out: &mut Vec<u8>, count: usize) {
    let count = u16::try_from(count).expect("a list has at most 65,535 entries");
    out.extend_from_slice(&count.to_be_bytes());
}

pub(crate) fn formats(out: &mut Vec<u8>, formats: impl ExactSizeIterator<Item = Format>) {
    count(out, formats.len());
    for format in formats {
        out.extend_from_slice(&format.code().to_be_bytes());
    }
}

/// Appends a value with its length, NULL for `None`.
pub(crate) fn value(out: &mut Vec<u8>, value: Option<&[u8]>) {
    let Some(bytes) = value else {
        out.extend_from_slice(&(-1_i32).to_be_bytes());
        return;
    };
    let len = i32::try_from(bytes.len()).expect("a value is below 2 GiB");
    out.extend_from_slice(&len.to_be_bytes());
    out.extend_from_slice(bytes);
}
