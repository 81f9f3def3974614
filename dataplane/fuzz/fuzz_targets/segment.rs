//! Whatever lies in a segment file: no panic, no record outside of the file, and sequences without
//! holes.
//!
//! Checksums would stop nearly every mutation at the first frame, so they are put right before the
//! segment is read: what is tried is what an attacker could write.

#![no_main]

use lazaret_audit::{SegmentImage, SegmentReader, check_segment};

const HEADER_BYTES: usize = 4096;
const HEADER_CRC_AT: usize = 144;
const SALT: std::ops::Range<usize> = 48..64;
const FRAME_HEADER_BYTES: usize = 48;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut bytes = bytes.to_vec();
    repair(&mut bytes);
    let image = SegmentImage::from_bytes(&bytes);
    let checked = check_segment(&image);
    let Ok(reader) = SegmentReader::new(&image) else {
        assert!(checked.is_err());
        return;
    };
    let mut sequences = Vec::new();
    for record in reader {
        let Ok(record) = record else { break };
        let end = record.offset + u64::from(record.header.length);
        assert!(end <= bytes.len() as u64);
        let _ = record.view();
        sequences.push(record.header.sequence);
    }
    assert!(sequences.is_sorted_by(|one, next| one + 1 == *next));
    if let Ok(contents) = checked {
        assert_eq!(contents.records, sequences.len() as u64);
    }
});

/// Puts the checksums of the header and of all frames that have a length right.
fn repair(bytes: &mut [u8]) {
    if bytes.len() < HEADER_BYTES {
        return;
    }
    let crc = crc32c::crc32c(&bytes[..HEADER_CRC_AT]);
    bytes[HEADER_CRC_AT..HEADER_CRC_AT + 4].copy_from_slice(&crc.to_le_bytes());
    let salt = crc32c::crc32c(&bytes[SALT]);
    let mut rest = &mut bytes[HEADER_BYTES..];
    while let Some(length) = rest.first_chunk().map(|field| u32::from_le_bytes(*field) as usize) {
        if length < FRAME_HEADER_BYTES || length > rest.len() {
            return;
        }
        let (frame, behind) = rest.split_at_mut(length);
        let seeded = crc32c::crc32c_append(salt, &frame[16..24]);
        let crc = crc32c::crc32c_append(seeded, &frame[8..]);
        frame[4..8].copy_from_slice(&crc.to_le_bytes());
        rest = behind;
    }
}
