//! Bytes of a fixed number, in hexadecimal digits on the link.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A keyed digest of a value that the vault has a token for, or is to make one.
pub type ValueDigest = Hex<32>;

/// What the vault made at random for one value.
pub type VaultToken = Hex<16>;

/// It has no Debug and no Display: a digest stands for a value.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hex<const N: usize>(pub [u8; N]);

impl<const N: usize> Hex<N> {
    pub fn from_digits(digits: &str) -> Option<Self> {
        if digits.len() != 2 * N || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        let mut bytes = [0; N];
        for (byte, at) in bytes.iter_mut().zip((0..).step_by(2)) {
            *byte = u8::from_str_radix(digits.get(at..at + 2)?, 16).ok()?;
        }
        Some(Self(bytes))
    }

    pub fn to_digits(self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl<const N: usize> Serialize for Hex<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_digits())
    }
}

impl<'de, const N: usize> Deserialize<'de> for Hex<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let digits = String::deserialize(deserializer)?;
        Self::from_digits(&digits).ok_or_else(|| D::Error::custom("no hexadecimal digits"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_digits_on_the_link_and_nothing_else_is_taken_for_them() {
        let token = Hex([0, 1, 0xfe, 0xff]);
        let text = serde_json::to_string(&token).unwrap();
        assert_eq!(text, "\"0001feff\"");
        assert!(serde_json::from_str::<Hex<4>>(&text).unwrap() == token);
        for text in ["\"0001fef\"", "\"0001feff00\"", "\"+001feff\"", "\"0001fegg\"", "7"] {
            assert!(serde_json::from_str::<Hex<4>>(text).is_err(), "{text}");
        }
    }
}
