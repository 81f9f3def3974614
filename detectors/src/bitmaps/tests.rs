use proptest::prelude::*;

use super::*;

fn read(path: Path, text: &[u8], strip: &Range<usize>) -> Vec<[Bits; 3]> {
    let mut bitmaps = Bitmaps { path, blocks: Vec::new() };
    bitmaps.read(text, strip).copied().collect()
}

proptest! {
    #[test]
    fn every_path_reads_the_same_bits(text in prop::collection::vec(any::<u8>(), 0..400)) {
        let strip = 0..text.len().div_ceil(BLOCK);
        let plain = read(Path::Portable, &text, &strip);
        for path in Path::all() {
            prop_assert_eq!(read(path, &text, &strip), plain.clone(), "{:?}", path);
        }
    }

    #[test]
    fn a_text_in_strips_has_the_bits_of_one_piece(
        text in prop::collection::vec(any::<u8>(), 1..400),
        at in 0..7usize,
    ) {
        let end = text.len().div_ceil(BLOCK);
        let at = at.min(end);
        let whole = read(Path::best(), &text, &(0..end));
        let parts = [read(Path::best(), &text, &(0..at)), read(Path::best(), &text, &(at..end))];
        prop_assert_eq!(parts.concat(), whole);
    }
}

#[test]
fn every_byte_is_classed_as_its_table_says() {
    let text: Vec<u8> = (0..=255).collect();
    let blocks = read(Path::best(), &text, &(0..4));
    for (byte, at) in (0..=255u8).zip(0..) {
        let [_, bits, _] = blocks[at / BLOCK];
        let has = |class: u64| class >> (at % BLOCK) & 1 == 1;
        assert_eq!(has(bits.letter), byte.is_ascii_alphabetic());
        assert_eq!(has(bits.upper), byte.is_ascii_uppercase());
        assert_eq!(has(bits.digit), byte.is_ascii_digit());
        assert_eq!(has(bits.high), !byte.is_ascii());
        assert_eq!(has(bits.alnum()), byte.is_ascii_alphanumeric());
        assert_eq!(has(bits.joiner), matches!(byte, b'+' | b'/'));
    }
}
