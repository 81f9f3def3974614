//! What kind of word a word is: plain, a given name, a surname, a place.
//!
//! The table is data made of public lists (`data/README.md`). It holds no words but 16 bits of a
//! hash of each, so one unknown word in some seven thousand is taken for a known one. Case and the
//! accents of Latin-1 capitals fold: `MÜLLER` is looked up as `müller`.

use std::ops::BitOr;

static TABLE: &[u8] = include_bytes!("../data/lexicon.bin");

/// A bit for each word that [`wakes`]: 64 KiB, so that a core's second cache holds it.
static WAKES: &[u8; 1 << (WAKE_BITS - 3)] = include_bytes!("../data/wakes.bin");
const WAKE_BITS: u32 = 19;

/// Words are spread over this many buckets; the table begins with where each one's entries begin.
const BUCKET_BITS: u32 = 15;
const BUCKETS: usize = 1 << BUCKET_BITS;
const OFFSET_BYTES: usize = 4;
const ENTRIES: usize = (BUCKETS + 1) * OFFSET_BYTES;
/// Two bytes of the hash, one of the kind.
const ENTRY_BYTES: usize = 3;

const _: () = assert!(TABLE.len() > ENTRIES && (TABLE.len() - ENTRIES).is_multiple_of(ENTRY_BYTES));

/// Kinds of a word, as bits: `Mark` is plain and a given name. None for a word of no list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Kind(u8);

impl Kind {
    /// A word of English or of medicine that is written in small letters, too.
    pub(crate) const PLAIN: Self = Self(1);
    /// One of the some ten thousand most usual plain words.
    pub(crate) const COMMON: Self = Self(2);
    pub(crate) const GIVEN: Self = Self(4);
    pub(crate) const SURNAME: Self = Self(8);
    pub(crate) const PLACE: Self = Self(16);
    /// A proper noun that tells of nobody: a country, a language, a day of the week.
    pub(crate) const PROPER: Self = Self(32);
    /// A word for street that stands before its name: `Rue`.
    pub(crate) const PREFIX: Self = Self(64);
    /// A word for street that ends its name.
    pub(crate) const STREET: Self = Self(128);
    pub(crate) const NAME: Self = Self(4 | 8);

    pub(crate) const fn any(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Of no list, but for words for street.
    pub(crate) const fn is_unknown(self) -> bool {
        self.0 & !(Self::PREFIX.0 | Self::STREET.0) == 0
    }
}

impl BitOr for Kind {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// The kind of a word of letters.
#[inline]
pub(crate) fn kind(word: &[u8]) -> Kind {
    let hash = hash(word);
    let Ok(bucket) = usize::try_from(hash >> (u64::BITS - BUCKET_BITS)) else {
        return Kind::default();
    };
    let print = (hash & 0xffff).to_le_bytes();
    let entries = TABLE.get(offset(bucket)..offset(bucket + 1)).unwrap_or_default();
    let known = entries.as_chunks::<ENTRY_BYTES>().0.iter();
    let found = known.copied().find(|entry| entry[..2] == print[..2]);
    found.map_or(Kind::default(), |entry| Kind(entry[2]))
}

#[inline]
fn offset(bucket: usize) -> usize {
    let at = bucket * OFFSET_BYTES;
    let bytes = TABLE.get(at..).and_then(|rest| rest.first_chunk::<OFFSET_BYTES>());
    let index = bytes.map_or(0, |bytes| u32::from_le_bytes(*bytes));
    ENTRIES + index as usize * ENTRY_BYTES
}

/// Whether a word in small letters may be a name or begin an address, by its first eight bytes as
/// small letters, zeros behind, and its length. Of words that are neither, one in a hundred may,
/// too.
#[inline]
pub(crate) fn wakes(key: u64, len: usize) -> bool {
    let mixed = (key ^ (len as u64) << 56).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let bit = mixed >> (u64::BITS - WAKE_BITS);
    let byte = usize::try_from(bit >> 3).ok().and_then(|at| WAKES.get(at));
    byte.is_some_and(|byte| byte >> (bit & 7) & 1 != 0)
}

/// The first and last eight bytes and the length, in small letters. `make_lexicon.py` computes
/// the same.
#[inline]
fn hash(word: &[u8]) -> u64 {
    let low = eight(word);
    let high = if word.len() > 8 { eight(&word[word.len() - 8..]) } else { 0 };
    let mixed = low.wrapping_mul(0x9e37_79b9_7f4a_7c15)
        ^ high.wrapping_mul(0xc2b2_ae3d_27d4_eb4f)
        ^ (word.len() as u64) << 56;
    (mixed ^ (mixed >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93)
}

/// Up to eight bytes as small letters.
#[inline]
pub(crate) fn eight(word: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    let len = word.len().min(8);
    bytes[..len].copy_from_slice(&word[..len]);
    let small = if len == 8 { u64::MAX } else { (1 << (len * 8)) - 1 };
    u64::from_le_bytes(bytes) | 0x2020_2020_2020_2020 & small
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_of_the_kinds_that_their_lists_say() {
        for (word, yes, no) in [
            ("patient", Kind::PLAIN, Kind::NAME),
            ("lisinopril", Kind::PLAIN, Kind::NAME),
            ("Hypertension", Kind::PLAIN, Kind::NAME),
            ("Crohn", Kind::PLAIN, Kind::NAME),
            ("Johnson", Kind::SURNAME, Kind::PLAIN),
            ("MARIA", Kind::GIVEN, Kind::PLAIN),
            ("rose", Kind::GIVEN, Kind::PLACE),
            ("Rose", Kind::PLAIN, Kind::PLACE),
            ("Rotterdam", Kind::PLACE, Kind::PLAIN),
            ("Thursday", Kind::PROPER, Kind::PLAIN),
        ] {
            let kind = kind(word.as_bytes());
            assert!(kind.any(yes) && !kind.any(no), "{word} is {kind:?}");
        }
        assert!(kind("Xqzwvut".as_bytes()).is_unknown());
        assert!(kind(b"").is_unknown());
    }

    #[test]
    fn given_names_wake_the_rules_and_most_words_do_not() {
        let wakes = |word: &str| wakes(eight(word.as_bytes()), word.len());
        assert!(["maria", "christopher", "rue", "via"].iter().all(|word| wakes(word)));
        let words = "the patient was seen in clinic today for follow up of type two diabetes and denies chest pain";
        assert!(words.split(' ').filter(|word| wakes(word)).count() < 2);
    }

    #[test]
    fn capitals_fold_with_their_accents() {
        assert_eq!(kind("ZÜRICH".as_bytes()), kind("Zürich".as_bytes()));
        assert!(kind("Zürich".as_bytes()).any(Kind::PLACE));
    }
}
