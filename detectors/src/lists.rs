//! Lists of endings behind a filter that dismisses most words by their last two letters: they are
//! asked of every word that may be a name.

/// How many bits a filter has.
const BITS: usize = 1024;

type Filter = [u64; BITS / 64];

/// What words end with, whatever their case; two bytes at least.
pub(crate) struct Endings {
    endings: &'static [&'static str],
    filter: Filter,
}

impl Endings {
    pub(crate) const fn new(endings: &'static [&'static str]) -> Self {
        let mut filter = [0; BITS / 64];
        let mut at = 0;
        while at < endings.len() {
            let bit = ending_bit(endings[at].as_bytes());
            filter[bit / 64] |= 1 << (bit % 64);
            at += 1;
        }
        Self { endings, filter }
    }

    /// Whether `word` ends so behind `stem` bytes or more.
    #[inline]
    pub(crate) fn ends(&self, word: &[u8], stem: usize) -> bool {
        word.len() > stem + 1
            && has_bit(&self.filter, ending_bit(word))
            && self.endings.iter().any(|ending| {
                word.len() >= ending.len() + stem
                    && word[word.len() - ending.len()..].eq_ignore_ascii_case(ending.as_bytes())
            })
    }
}

/// The low five bits of a letter are those of its other case.
const fn letter(byte: u8) -> usize {
    (byte & 31) as usize
}

const fn ending_bit(word: &[u8]) -> usize {
    let last = word.len() - 1;
    letter(word[last - 1]) * 32 + letter(word[last])
}

const fn has_bit(filter: &Filter, bit: usize) -> bool {
    filter[bit / 64] >> (bit % 64) & 1 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ending_is_told_behind_a_stem() {
        static ENDINGS: Endings = Endings::new(&["itis", "straße"]);
        assert!(ENDINGS.ends(b"arthrITIS", 3) && ENDINGS.ends("Hauptstraße".as_bytes(), 2));
        assert!(
            !ENDINGS.ends(b"itis", 1) && !ENDINGS.ends(b"arthritic", 3) && !ENDINGS.ends(b"", 0)
        );
    }
}
