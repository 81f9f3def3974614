//! Lists of words, and of what words end with, behind filters that dismiss most words by two
//! letters: they are asked of every word that may be a name.

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

/// Whole words, whatever their case.
pub(crate) struct Listed {
    words: &'static [&'static str],
    filter: Filter,
    /// Bit `n` for words of `n` bytes, the last for all that are longer.
    lengths: u32,
}

impl Listed {
    pub(crate) const fn new(words: &'static [&'static str]) -> Self {
        let (mut filter, mut lengths) = ([0; BITS / 64], 0);
        let mut at = 0;
        while at < words.len() {
            let word = words[at].as_bytes();
            let bit = beginning_bit(word);
            filter[bit / 64] |= 1 << (bit % 64);
            lengths |= length_bit(word);
            at += 1;
        }
        Self { words, filter, lengths }
    }

    #[inline]
    pub(crate) fn has(&self, word: &[u8]) -> bool {
        self.lengths & length_bit(word) != 0
            && !word.is_empty()
            && has_bit(&self.filter, beginning_bit(word))
            && self.words.iter().any(|known| word.eq_ignore_ascii_case(known.as_bytes()))
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

const fn beginning_bit(word: &[u8]) -> usize {
    let second = if word.len() > 1 { letter(word[1]) } else { 0 };
    letter(word[0]) * 32 + second
}

const fn length_bit(word: &[u8]) -> u32 {
    1 << if word.len() < 31 { word.len() } else { 31 }
}

const fn has_bit(filter: &Filter, bit: usize) -> bool {
    filter[bit / 64] >> (bit % 64) & 1 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_listed_whole_and_in_any_case() {
        static LIST: Listed = Listed::new(&["a", "sign", "étage"]);
        assert!(LIST.has(b"SIGN") && LIST.has(b"a") && LIST.has("étage".as_bytes()));
        assert!(!LIST.has(b"signs") && !LIST.has(b"sigh") && !LIST.has(b"b") && !LIST.has(b""));
    }

    #[test]
    fn an_ending_is_told_behind_a_stem() {
        static ENDINGS: Endings = Endings::new(&["itis", "straße"]);
        assert!(ENDINGS.ends(b"arthrITIS", 3) && ENDINGS.ends("Hauptstraße".as_bytes(), 2));
        assert!(
            !ENDINGS.ends(b"itis", 1) && !ENDINGS.ends(b"arthritic", 3) && !ENDINGS.ends(b"", 0)
        );
    }
}
