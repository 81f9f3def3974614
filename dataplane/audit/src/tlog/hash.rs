//! SHA-256, and the two hashes of an RFC 6962 tree.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use sha2::block_api::compress256;

use super::key::{Hex, parse_hex};

/// A SHA-256 hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest(pub [u8; 32]);

impl Digest {
    pub fn of(bytes: &[u8]) -> Self {
        Self::of_parts(&[bytes])
    }

    /// Of the parts as one.
    pub(crate) fn of_parts(parts: &[&[u8]]) -> Self {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        // Most of what is hashed here is a block or two long.
        match (length + PADDING_BYTES).div_ceil(BLOCK_BYTES) {
            1 => padded::<1>(parts, length),
            2 => padded::<2>(parts, length),
            3..=8 => padded::<8>(parts, length),
            _ => {
                let mut context = digest::Context::new(&digest::SHA256);
                parts.iter().for_each(|part| context.update(part));
                Self(context.finish().as_ref().try_into().expect("SHA-256 has 32 bytes"))
            }
        }
    }

    /// Of an entry, as a leaf of the tree (RFC 6962, 2.1).
    pub(crate) fn leaf(entry: &[u8]) -> Self {
        Self::of_parts(&[&[0], entry])
    }

    /// Of two neighbours in the tree (RFC 6962, 2.1).
    pub(crate) fn node(left: &Self, right: &Self) -> Self {
        Self::of_parts(&[&[1], &left.0, &right.0])
    }

    pub(crate) fn to_base64(self) -> String {
        BASE64_STANDARD.encode(self.0)
    }

    pub(crate) fn from_base64(text: &str) -> Option<Self> {
        BASE64_STANDARD.decode(text).ok()?.try_into().ok().map(Self)
    }
}

const BLOCK_BYTES: usize = 64;

/// A one and the length, behind what is hashed.
const PADDING_BYTES: usize = 9;

/// FIPS 180-4, 5.3.3.
const INITIAL: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// SHA-256 of what fills at most `N` blocks with its padding (FIPS 180-4, 5.1.1).
fn padded<const N: usize>(parts: &[&[u8]], length: usize) -> Digest {
    let mut blocks = [[0; BLOCK_BYTES]; N];
    let bytes = blocks.as_flattened_mut();
    let mut at = 0;
    for part in parts {
        bytes[at..at + part.len()].copy_from_slice(part);
        at += part.len();
    }
    bytes[length] = 0x80;
    let used = (length + PADDING_BYTES).div_ceil(BLOCK_BYTES);
    let bits = 8 * length as u64;
    bytes[used * BLOCK_BYTES - 8..used * BLOCK_BYTES].copy_from_slice(&bits.to_be_bytes());
    let mut state = INITIAL;
    compress256(&mut state, &blocks[..used]);
    let mut hash = [0; 32];
    for (out, word) in hash.as_chunks_mut().0.iter_mut().zip(state) {
        *out = word.to_be_bytes();
    }
    Digest(hash)
}

impl fmt::Display for Digest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        Hex(&self.0).fmt(out)
    }
}

impl FromStr for Digest {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse_hex(text).map(Self).ok_or("a hash has 64 hexadecimal digits, in small letters")
    }
}

impl TryFrom<String> for Digest {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_of_all_lengths_are_those_of_the_library() {
        let bytes: Vec<u8> = (0..1_200_u32).map(|at| (at * 7 % 251) as u8).collect();
        for length in 0..=bytes.len() {
            let expected = digest::digest(&digest::SHA256, &bytes[..length]);
            let (front, back) = bytes[..length].split_at(length / 3);
            assert_eq!(Digest::of(&bytes[..length]).0, *expected.as_ref(), "{length} bytes");
            assert_eq!(Digest::of_parts(&[front, back]).0, *expected.as_ref(), "{length} bytes");
        }
    }
}
