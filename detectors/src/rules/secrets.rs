//! Secrets, by the prefixes that their issuers give them, and encoded images and documents.

use std::ops::Range;

use super::{Found, Run, RunKind};
use crate::Identifier;
use crate::bytes::{ALNUM, HEX};
use crate::window::Window;

/// How much must follow the magic of an image for it to be one: fewer bytes show nothing.
const IMAGE_BYTES: usize = 32;

/// So many digits of zeros stand before DICOM's magic at least.
const DICOM_ZEROS: usize = 128;

/// A token that begins with the hit and has `least` more characters.
pub(super) fn prefixed(w: &Window<'_>, hit: Range<usize>, least: u8, found: &mut Found) {
    let end = w.skip_while(hit.end, |byte| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
    });
    let opens = !w.is_before(hit.start, ALNUM);
    if opens && end - hit.end >= usize::from(least) {
        found.push(w.found(Identifier::UniqueCode, hit.start..end, 90, "secret"));
    }
}

/// `-----BEGIN ... PRIVATE KEY-----` and all that is encoded behind it; and the line that ends it.
pub(super) fn private_key(w: &Window<'_>, hit: Range<usize>, found: &mut Found) {
    let words = w.skip_while(hit.end, |byte| byte == b' ' || byte.is_ascii_alphanumeric());
    let is_key = w.slice(hit.end..words).to_ascii_uppercase().ends_with(b"KEY");
    if is_key && w.starts_with(words, b"-----") {
        let identifier = Identifier::UniqueCode;
        if w.slice(hit.clone()).eq_ignore_ascii_case(b"-----end ") {
            let end = words + 5;
            return found.push(w.found(identifier, hit.start..end, 95, "private key"));
        }
        let run = Run { kind: RunKind::Encoded, identifier, score: 95, why: "private key" };
        found.push_run(w, hit.start, run, words);
    }
}

/// A file as a data URI, in base64 or in hexadecimal digits, covered to its end.
pub(super) fn image(w: &Window<'_>, hit: Range<usize>, identifier: Identifier, found: &mut Found) {
    let is_uri = w.starts_with(hit.start, b"data:");
    let from = if is_uri {
        let comma = w.skip_while(hit.end, |byte| !b",\"' \n".contains(&byte));
        if w.byte(comma) == b',' { comma + 1 } else { return }
    } else {
        hit.end
    };
    // Of DICOM, 128 bytes of anything stand before its magic: of zeros, mostly.
    let zeros = w.skip_back_over(hit.start, w.byte(hit.start));
    let is_dicom = hit.start - zeros > DICOM_ZEROS;
    let start = if is_dicom { zeros } else { hit.start };
    let is_hex = !is_uri && w.is(hit.start, HEX) && w.is(hit.start + 1, HEX);
    let opens = is_uri || !w.is_before(start, ALNUM) || is_hex && w.before(start) == b'x';
    let body = w.skip_while(from, |byte| byte.is_ascii_alphanumeric() || b"+/=_-".contains(&byte));
    if opens && body - from >= IMAGE_BYTES {
        let run = Run { kind: RunKind::Encoded, identifier, score: 90, why: "encoded file" };
        found.push_run(w, start, run, from);
    }
}
