//! A text cut anywhere is masked as in one piece, in bounded memory.

mod common;

use common::{check_cuts, masked, scanner};
use lazaret_detectors::StreamMasker;
use proptest::prelude::*;

/// Texts that hold what is hard to cut: long runs, overlaps, escapes, wide characters.
fn corpus() -> Vec<String> {
    let note = "Patient: Jürgen Roe, MRN 00-12-34, SSN 123-45-6789, DOB 03/09/1980 seen by Dr. Smith \
                at 12 Main Street Apt. 4B, Boston, MA 02115. Call (212) 555-1234 x99 or \
                bob.o'neil+tag@mail.example.co.uk; see https://example.com/p/1?id=7#top. ";
    let json = "{\"family\":\"Roe\\n\\u0041\",\"given\":[\"Jane\",\"A.\"],\"ssn\":123456789,\
                \"note\":\"Dr. Smith\\n123-45-6789\",\"birthDate\":\"1980-02-15\"}";
    let filler = "The lungs are clear and the heart is regular, no murmur was heard today. ";
    vec![
        note.repeat(3),
        json.repeat(4),
        format!("{}{note}{}", filler.repeat(30), filler.repeat(30)),
        format!("x https://example.com/{} y 123-45-6789", "a1".repeat(2500)),
        format!("{{\"family\":\"{}\",\"ssn\":\"123456789\"}}", "Roe\\n".repeat(900)),
        format!(
            "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----",
            "MIIEabc\n".repeat(500)
        ),
        format!("{} 123-45-6789", "0123456789abcdef".repeat(300)),
        "123-45-6789-".repeat(400),
        "é1".repeat(1500),
        "a@b.c@d.e ".repeat(300),
        "\\".repeat(3000) + "123-45-6789",
        "see &#49;&#50;3-45-6789, \\u0031\\u0032\\u0033-45-6789, １２３-４５-６７８９, MTIzLTQ1LTY3ODk=, \
         3132332d34352d36373839, 1\u{200b}2\u{200b}3-45-6789, 123-45-67\n89, %31%32%33%2d45-6789; "
            .repeat(9),
        format!("{{\"a\":\"{}\"}}", "{\\\"ssn\\\": 123456789, \\\"family\\\": \\\"Roe\\\"}".repeat(40)),
        "MTIzLTQ1LTY3ODkg".repeat(250),
        "313233343531 3132332d34352d36373839".repeat(80),
        "1\x002\x003\x00-\x004\x005\x00-\x006\x007\x008\x009\x00 \x00".repeat(120),
        format!("[{}2125551234,7]", "12, 2125551234 , 123-45-6789,".repeat(60)),
    ]
}

#[test]
fn two_pieces_are_masked_as_one_wherever_the_text_is_cut() {
    for text in corpus() {
        // Every byte of the short ones; the long ones repeat themselves.
        let step = 1 + text.len() / 1200;
        for cut in (0..=text.len()).step_by(step) {
            check_cuts(&mut scanner(), &text, &[cut]);
        }
    }
}

#[test]
fn a_text_that_comes_byte_by_byte_is_masked_as_one() {
    for text in corpus() {
        check_cuts(&mut scanner(), &text, &(0..=text.len()).collect::<Vec<_>>());
    }
}

#[test]
fn a_masker_is_used_again_for_the_next_text() {
    let (mut scanner, mut masker, mut out) = (scanner(), StreamMasker::new(), Vec::new());
    for text in corpus() {
        out.clear();
        masker.push(&mut scanner, text.as_bytes(), &mut out);
        masker.finish(&mut scanner, &mut out);
        assert_eq!(String::from_utf8_lossy(&out), masked(&text));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_of_fragments_is_masked_alike_in_any_pieces(
        fragments in prop::collection::vec(prop::sample::select(FRAGMENTS.to_vec()), 0..400),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
    ) {
        let text = fragments.concat();
        let mut cuts = cuts.iter().map(|at| at.index(text.len() + 1)).collect::<Vec<_>>();
        cuts.sort_unstable();
        check_cuts(&mut scanner(), &text, &cuts);
    }
}

const FRAGMENTS: &[&str] = &[
    " ",
    "\n",
    "-",
    "--",
    "1",
    "12",
    "123",
    "45",
    "6789",
    "123-45-6789",
    "2014-03-09",
    "March ",
    "9",
    "@",
    "bob",
    ".com",
    "https://",
    "www.",
    "/",
    "Dr. ",
    "Smith",
    "Jane ",
    "Patient: ",
    "MRN ",
    "ssn\":",
    "\"",
    "{",
    "[",
    "\\",
    "\\n",
    "\\u0041",
    "é",
    "\u{200b}",
    "T12:00",
    ":",
    "aa:bb:",
    "00:1A:",
    "ffff",
    "Street",
    " Main",
    " Apt 4",
    "MA",
    ", ",
    "02115",
    "AKIA",
    "eyJhbGciOi",
    "abcdefghijklmnop",
    "-----BEGIN PRIVATE KEY-----",
    "data:image/png;base64,",
    "x",
    "(",
    ")",
    "\"family\":\"",
    "\\u0031",
    "\\\"ssn\\\":",
    "&#49;",
    "%32",
    "=33",
    "１２３",
    "\u{200b}",
    "MTIzLTQ1LTY3ODk",
    "3132332d34352d36373839",
    "MSH|^~\\&|A",
    "\rPID|1||",
    "~NM1*IL*1*ROE",
    "ST*837*1~",
    "<patient><name>",
    "</name>",
    "<id extension='",
    "\"given\":[\"",
    "]",
    "}",
    ",",
    "4111111111111111",
    "2125551234",
    "GB82WEST12345698765432",
    "y/o",
    "92",
    "The lungs are clear and the heart is regular, no murmur was heard today. ",
];
