//! What kind of word a word is: plain, a given name, a surname, a place.
//!
//! The table is data made of public lists (`data/README.md`). It holds no words but 16 bits of a
//! hash of each, so one unknown word in some seven thousand is taken for a known one. Case and the
//! accents of Latin-1 capitals fold: `MÜLLER` is looked up as `müller`.

use std::ops::BitOr;

use crate::bytes;

static TABLE: &[u8] = include_bytes!("../data/lexicon.bin");

/// A bit for each word that [`wakes`]: 64 KiB, so that a core's second cache holds it.
static WAKES: &[u8; 1 << (WAKE_BITS - 3)] = include_bytes!("../data/wakes.bin");
const WAKE_BITS: u32 = 19;
pub(crate) const WAKE_WORDS: usize = 1 << (WAKE_BITS - 6);

/// Spreads the bits of a key.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

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
    let (known, wanted) = (entries(bucket(hash)), print(hash));
    // They are sorted, and prints are even: so it stands about here.
    let guess = (known.len() * usize::from(wanted)) >> u16::BITS;
    let before = known.iter().take(guess).rev().take_while(|it| print_of(it) >= wanted).count();
    let found = known.iter().skip(guess - before).find(|it| print_of(it) >= wanted);
    found.filter(|it| print_of(it) == wanted).map_or(Kind::default(), |[.., kind]| Kind(*kind))
}

#[inline]
fn print_of([low, high, _]: &[u8; ENTRY_BYTES]) -> u16 {
    u16::from_le_bytes([*low, *high])
}

/// The plain words that are nothing else, in a table that is asked quickly: not all of them, and
/// what is known is so as surely as in the lexicon.
pub(crate) struct Dull {
    prints: Vec<[u16; Self::WAYS]>,
}

impl Dull {
    /// So many words of each bucket, which few have more of: half a line of the cache.
    const WAYS: usize = 16;
    /// Stands where there is none.
    const NONE: u16 = u16::MAX;

    pub(crate) fn new() -> Self {
        Self { prints: (0..BUCKETS).map(Self::of_bucket).collect() }
    }

    fn of_bucket(bucket: usize) -> [u16; Self::WAYS] {
        let more = Kind(!(Kind::PLAIN | Kind::COMMON).0);
        let plain = entries(bucket).iter().map(|[low, high, kind]| (Kind(*kind), [*low, *high]));
        let plain = plain.filter(|(kind, _)| kind.any(Kind::PLAIN) && !kind.any(more));
        let (common, rest) = plain.partition::<Vec<_>, _>(|(kind, _)| kind.any(Kind::COMMON));
        let mut prints = [Self::NONE; Self::WAYS];
        for (print, (_, bytes)) in prints.iter_mut().zip(common.into_iter().chain(rest)) {
            *print = u16::from_le_bytes(bytes);
        }
        prints
    }

    /// Whether a word is known to be one.
    #[inline]
    pub(crate) fn holds(&self, word: &[u8]) -> bool {
        self.has(hash(word))
    }

    /// The same of a word of eight letters or fewer, by these in small letters, zeros behind.
    #[inline]
    pub(crate) fn holds_short(&self, letters: u64, len: usize) -> bool {
        self.has(hash_of(letters, 0, len))
    }

    #[inline]
    fn has(&self, hash: u64) -> bool {
        let wanted = print(hash);
        let known = self.prints.get(bucket(hash)).copied().unwrap_or_default();
        let any = known.iter().fold(false, |any, print| any | (*print == wanted));
        any && wanted != Self::NONE
    }
}

#[inline]
fn bucket(hash: u64) -> usize {
    (hash >> (u64::BITS - BUCKET_BITS)) as usize
}

#[inline]
fn print(hash: u64) -> u16 {
    (hash & 0xffff) as u16
}

#[inline]
fn entries(bucket: usize) -> &'static [[u8; ENTRY_BYTES]] {
    TABLE.get(offset(bucket)..offset(bucket + 1)).unwrap_or_default().as_chunks().0
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
    let (word, bit) = place(key, len);
    WAKES.as_chunks::<8>().0[word][bit as usize / 8] >> (bit % 8) & 1 != 0
}

/// The bits that tell it, as words.
pub(crate) fn wake_bits() -> Box<[u64; WAKE_WORDS]> {
    let mut words = Box::new([0; WAKE_WORDS]);
    for (word, bytes) in words.iter_mut().zip(WAKES.as_chunks().0) {
        *word = u64::from_le_bytes(*bytes);
    }
    words
}

/// Where a word's bit is: of which word of bits, and which.
#[inline]
pub(crate) fn place(key: u64, len: usize) -> (usize, u32) {
    let mixed = (key ^ (len as u64) << 56).wrapping_mul(SPREAD);
    let bit = mixed >> (u64::BITS - WAKE_BITS);
    ((bit >> 6) as usize, (bit & 63) as u32)
}

/// The first and last eight bytes and the length, in small letters. `make_lexicon.py` computes
/// the same.
#[inline]
fn hash(word: &[u8]) -> u64 {
    let high = if word.len() > 8 { eight(&word[word.len() - 8..]) } else { 0 };
    hash_of(eight(word), high, word.len())
}

#[inline]
fn hash_of(low: u64, high: u64, len: usize) -> u64 {
    let mixed =
        low.wrapping_mul(SPREAD) ^ high.wrapping_mul(0xc2b2_ae3d_27d4_eb4f) ^ (len as u64) << 56;
    (mixed ^ (mixed >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93)
}

/// Up to eight bytes as small letters.
#[inline]
pub(crate) fn eight(word: &[u8]) -> u64 {
    if word.is_empty() {
        return 0;
    }
    let unused = 8 - word.len().min(8);
    bytes::first_eight(word) | 0x2020_2020_2020_2020 >> (8 * unused)
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
    fn the_entries_of_each_bucket_are_sorted() {
        assert!((0..BUCKETS).all(|bucket| entries(bucket).is_sorted_by_key(print_of)));
    }

    #[test]
    fn given_names_wake_the_rules_and_most_words_do_not() {
        let wakes = |word: &str| wakes(eight(word.as_bytes()), word.len());
        assert!(["maria", "christopher", "rue", "via"].iter().all(|word| wakes(word)));
        let words = "the patient was seen in clinic today for follow up of type two diabetes and denies chest pain";
        assert!(words.split(' ').filter(|word| wakes(word)).count() < 2);
    }

    #[test]
    fn a_dull_word_is_plain_and_nothing_else() {
        let dull = Dull::new();
        assert!(
            ["Patient", "Lungs", "THE", "hypertension"].iter().all(|it| dull.holds(it.as_bytes()))
        );
        for word in ["Rose", "Johnson", "Rotterdam", "Thursday", "Xqzwvut", ""] {
            assert!(!dull.holds(word.as_bytes()), "{word}");
        }
    }

    #[test]
    fn capitals_fold_with_their_accents() {
        assert_eq!(kind("ZÜRICH".as_bytes()), kind("Zürich".as_bytes()));
        assert!(kind("Zürich".as_bytes()).any(Kind::PLACE));
    }
}
