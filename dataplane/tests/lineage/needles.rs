//! The ways in which a value can be written, and where one of them stands.

use std::collections::HashMap;
use std::fmt::Write;

/// Shorter ones stand in innocent bytes, too.
const SHORTEST: usize = 6;

pub(crate) struct Needles {
    /// By their first bytes.
    by_start: HashMap<[u8; SHORTEST], Vec<(&'static str, Vec<u8>)>>,
}

impl Needles {
    pub(crate) fn of<'d>(secrets: &[String], digests: impl Iterator<Item = &'d str>) -> Self {
        let mut by_start: HashMap<_, Vec<_>> = HashMap::new();
        let digests = digests.map(|digest| ("as a digest", digest.as_bytes().to_vec()));
        for (how, needle) in secrets.iter().flat_map(|secret| written(secret)).chain(digests) {
            if let Some(start) = needle.first_chunk() {
                by_start.entry(*start).or_default().push((how, needle));
            }
        }
        Self { by_start }
    }

    /// How the first value that stands in these bytes is written, and the value.
    pub(crate) fn find(&self, bytes: &[u8]) -> Option<(&'static str, String)> {
        let at = |at| {
            let rest: &[u8] = &bytes[at..];
            let start: [u8; SHORTEST] = *rest.first_chunk()?;
            let found = self.by_start.get(&start)?.iter().find(|(_, of)| rest.starts_with(of))?;
            Some((found.0, String::from_utf8_lossy(&found.1).into_owned()))
        };
        (0..bytes.len()).find_map(at)
    }
}

fn written(secret: &str) -> Vec<(&'static str, Vec<u8>)> {
    let digits: String = secret.chars().filter(char::is_ascii_digit).collect();
    let moved = |from: u32| -> String {
        let digit = |c: char| c.to_digit(10).and_then(|digit| char::from_u32(from + digit));
        secret.chars().map(|c| digit(c).unwrap_or(c)).collect()
    };
    let mut ways = vec![
        ("plain", secret.as_bytes().to_vec()),
        ("in upper case", secret.to_uppercase().into_bytes()),
        ("backwards", secret.chars().rev().collect::<String>().into_bytes()),
        ("in hex", hex(secret)),
        ("translated", moved('a' as u32).into_bytes()),
        ("full-width", moved('\u{ff10}' as u32).into_bytes()),
        ("in Arabic digits", moved('\u{660}' as u32).into_bytes()),
    ];
    for (padding, skipped) in [("", 0), ("x", 2), ("xx", 3)] {
        let all = base64(format!("{padding}{secret}").as_bytes());
        // The last characters depend on what follows.
        let end = all.len().saturating_sub(4);
        ways.push(("in base64", all[skipped..end].to_vec()));
    }
    if let Ok(number) = digits.parse::<u64>()
        && digits.len() >= SHORTEST
    {
        ways.push(("digits alone", digits.clone().into_bytes()));
        ways.push(("digits backwards", digits.chars().rev().collect::<String>().into_bytes()));
        ways.push(("and one more", (number + 1).to_string().into_bytes()));
        ways.push(("as int8", number.to_be_bytes()[2..].to_vec()));
    }
    ways
}

fn hex(text: &str) -> Vec<u8> {
    let mut hex = String::new();
    for byte in text.bytes() {
        write!(hex, "{byte:02x}").unwrap();
    }
    hex.into_bytes()
}

fn base64(bytes: &[u8]) -> Vec<u8> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let groups = bytes.chunks(3).flat_map(|group| {
        let bits = (0..3)
            .fold(0_usize, |bits, at| (bits << 8) | usize::from(*group.get(at).unwrap_or(&0)));
        [18, 12, 6, 0].map(|shift| ALPHABET[(bits >> shift) & 63])
    });
    groups.collect()
}
