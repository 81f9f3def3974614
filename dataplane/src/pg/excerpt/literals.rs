//! Where the string literals of a text of SQL stand, as PostgreSQL's lexer has it with
//! `standard_conforming_strings` on (4.1.2.1 to 4.1.2.4, 4.1.5 of its manual).
//!
//! Not the grammar, so that it also reads what is no SQL or is cut: a literal that doesn't end goes on to the
//! end of the text.

use std::ops::Range;

/// What is between the quotes of each literal, in order.
pub(super) fn each(text: &[u8], mut take: impl FnMut(Range<usize>)) {
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        let rest = &text[at..];
        at = match byte {
            b'\'' => {
                let escapes = is_escaped(text, at);
                let end = end_of_quoted(text, at, escapes);
                take(at + 1..end);
                end + 1
            }
            b'"' => end_of_quoted(text, at, false) + 1,
            b'$' => match dollar_tag(text, at) {
                Some(tag) => {
                    let start = at + tag.len();
                    let len = text[start..].windows(tag.len()).position(|it| it == tag);
                    let end = len.map_or(text.len(), |len| start + len);
                    take(start..end);
                    end + tag.len()
                }
                None => at + 1,
            },
            b'-' if rest.starts_with(b"--") => {
                at + rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len())
            }
            b'/' if rest.starts_with(b"/*") => at + comment_len(rest),
            _ => at + 1,
        };
    }
}

/// The quote that ends what the one at `open` begins, or the text's end. Two of them are one within.
fn end_of_quoted(text: &[u8], open: usize, escapes: bool) -> usize {
    let quote = text[open];
    let mut at = open + 1;
    while let Some(&byte) = text.get(at) {
        at += match byte {
            b'\\' if escapes => 2,
            _ if byte != quote => 1,
            _ if text.get(at + 1) == Some(&quote) => 2,
            _ => return at,
        };
    }
    text.len()
}

/// `E'...'`, where the E is no part of a name.
fn is_escaped(text: &[u8], quote: usize) -> bool {
    let [before @ .., b'e' | b'E'] = &text[..quote] else { return false };
    !before.last().is_some_and(|byte| is_of_name(*byte) || *byte == b'$')
}

/// `$tag$` at `at`, where it begins a literal.
fn dollar_tag(text: &[u8], at: usize) -> Option<&[u8]> {
    if text[..at].last().is_some_and(|byte| is_of_name(*byte) || *byte == b'$') {
        return None;
    }
    let name = text[at + 1..].iter().take_while(|byte| is_of_name(**byte)).count();
    let tag = text.get(at..at + name + 2)?;
    (tag.last() == Some(&b'$') && !tag[1].is_ascii_digit()).then_some(tag)
}

fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// Comments nest.
fn comment_len(text: &[u8]) -> usize {
    let (mut at, mut depth) = (0, 0usize);
    while at < text.len() {
        if text[at..].starts_with(b"/*") {
            (at, depth) = (at + 2, depth + 1);
        } else if text[at..].starts_with(b"*/") {
            (at, depth) = (at + 2, depth - 1);
        } else {
            at += 1;
        }
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn literals(text: &str) -> Vec<&str> {
        let mut found = Vec::new();
        each(text.as_bytes(), |place| found.push(&text[place]));
        found
    }

    #[test]
    fn a_literal_is_what_the_lexer_takes_for_one() {
        for (text, expected) in [
            ("SELECT 'a', 'b''c', ''", &["a", "b''c", ""][..]),
            (r"SELECT E'a\'b', e'\\', 'c\', 'd'", &[r"a\'b", r"\\", r"c\", "d"]),
            (r"SELECT name'a\', 'b'", &[r"a\", "b"]),
            ("SELECT \"it's\", 'a'", &["a"]),
            ("SELECT $$it's$$, $t$a $$ b$t$, $1, x$1$, 'c'", &["it's", "a $$ b", "c"]),
            ("SELECT 'a' -- it's\n, 'b' /* it's /* 'x' */ it's */, 'c'", &["a", "b", "c"]),
            ("SELECT 'never ends", &["never ends"]),
            ("SELECT $$never ends", &["never ends"]),
            ("SELECT 1 /* never 'ends", &[]),
            (r"SELECT E'\", &[r"\"]),
        ] {
            assert_eq!(literals(text), expected, "{text}");
        }
    }

    #[test]
    fn every_prefix_of_a_text_is_read_within_its_bounds() {
        let text = r#"SELECT E'a\'b', "c""d", $t$e$t$, 'f''g' /* h /* i */ */ -- j"#;
        for end in 0..=text.len() {
            each(&text.as_bytes()[..end], |place| assert!(place.end <= end, "{end}"));
        }
    }
}
