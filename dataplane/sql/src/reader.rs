//! Texts that were read before, in bounded memory.
//!
//! Clients send the same text again and again, with other numbers in it, and parsing is most of what
//! a statement costs on its way. So a plain query is remembered by its *form*: the text with zeros for
//! the digits of whole numbers behind a comparison. No analysis depends on these, and the form is as
//! long as the text, so positions hold, too.
//!
//! A text that could carry a value of a patient elsewhere (in quotes, in a comment, as a long number)
//! has no form. So nothing is taken for digits of a number that is something else to the grammar, and
//! what one session asks for does not stay in memory when it is over.

use std::collections::HashMap;
use std::rc::Rc;

use crate::analyse::{ParseError, parse};
use crate::statement::{Kind, Statement};

/// Longer texts come from reports, where parsing is little beside the work.
const TEXT_BYTES: usize = 1024;

/// Forms of a few hundred sessions; one takes its text and a few times as much again.
const GENERATION: usize = 512;

/// So many digits are always an integer to the grammar, of four bytes.
const FOLDED_DIGITS: usize = 9;

/// A number of so many digits counts something (`LIMIT 100`) or names a column (`ORDER BY 1`).
const PLAIN_DIGITS: usize = 3;

/// Reads texts, and remembers what it has read. When the young generation is full it becomes the
/// old one, and what is still asked for moves over.
#[derive(Default)]
pub struct Reader {
    young: HashMap<Box<[u8]>, Rc<Statement>>,
    old: HashMap<Box<[u8]>, Rc<Statement>>,
    form: Vec<u8>,
}

impl Reader {
    /// As [`parse`] does.
    pub fn read(&mut self, text: &str) -> Result<Vec<Rc<Statement>>, ParseError> {
        let has_form = fold(text.as_bytes(), &mut self.form);
        if has_form && let Some(statement) = self.find() {
            return Ok(vec![statement]);
        }
        let statements: Vec<_> = parse(text)?.into_iter().map(Rc::new).collect();
        if let [statement] = &statements[..]
            && has_form
            && is_query(statement)
        {
            self.insert(self.form.as_slice().into(), statement.clone());
        }
        Ok(statements)
    }

    fn find(&mut self) -> Option<Rc<Statement>> {
        if let Some(statement) = self.young.get(self.form.as_slice()) {
            return Some(statement.clone());
        }
        let (form, statement) = self.old.remove_entry(self.form.as_slice())?;
        self.insert(form, statement.clone());
        Some(statement)
    }

    fn insert(&mut self, form: Box<[u8]>, statement: Rc<Statement>) {
        if self.young.len() >= GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(form, statement);
    }
}

/// Elsewhere a number may be an option's value.
fn is_query(statement: &Statement) -> bool {
    let kinds = [Kind::Select, Kind::Insert, Kind::Update, Kind::Delete, Kind::Transaction];
    let sets = statement.unnamed_setting || !statement.settings.is_empty();
    kinds.contains(&statement.kind) && !sets
}

/// Puts the text's form into `form`. False: it has none.
fn fold(text: &[u8], form: &mut Vec<u8>) -> bool {
    form.clear();
    if text.len() > TEXT_BYTES {
        return false;
    }
    let mut rest = text;
    while let Some((&byte, behind)) = rest.split_first() {
        let taken = match byte {
            b'0'..=b'9' => {
                let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
                let stays = is_name(form.last()) || digits <= PLAIN_DIGITS;
                match is_operand(form, digits, rest.get(digits)) {
                    true => form.resize(form.len() + digits, b'0'),
                    false if stays => form.extend_from_slice(&rest[..digits]),
                    false => return false,
                }
                digits
            }
            byte if opens(byte, behind.first()) => return false,
            byte => {
                form.push(byte);
                1
            }
        };
        rest = &rest[taken..];
    }
    true
}

/// Digits behind a comparison, and nothing behind them that belongs to the number.
fn is_operand(before: &[u8], digits: usize, next: Option<&u8>) -> bool {
    let compared = before.trim_ascii_end().last().is_some_and(|byte| b"=<>".contains(byte));
    let ends = next.is_none_or(|next| next.is_ascii_whitespace() || b"),;".contains(next));
    compared && ends && digits <= FOLDED_DIGITS
}

/// What goes on with digits in a name or a parameter's number.
fn is_name(before: Option<&u8>) -> bool {
    before.is_some_and(|&byte| byte.is_ascii_alphanumeric() || b"_$".contains(&byte))
}

/// Whether a literal, a quoted name or a comment may begin here, or what could be in one.
fn opens(byte: u8, next: Option<&u8>) -> bool {
    match byte {
        b'\'' | b'"' | b'\\' | 0 | 0x80.. => true,
        b'$' => !next.is_some_and(u8::is_ascii_digit),
        b'-' => next == Some(&b'-'),
        b'/' => next == Some(&b'*'),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(text: &str) -> Option<String> {
        let mut form = Vec::new();
        fold(text.as_bytes(), &mut form).then(|| String::from_utf8(form).unwrap())
    }

    #[test]
    fn numbers_behind_a_comparison_make_no_difference() {
        for (text, expected) in [
            ("SELECT a1 FROM t2 WHERE id = 4711;", "SELECT a1 FROM t2 WHERE id = 0000;"),
            ("SELECT f(a=>5), b>=12", "SELECT f(a=>0), b>=00"),
            ("DELETE FROM t WHERE a<\t7 AND b=8", "DELETE FROM t WHERE a<\t0 AND b=0"),
            ("SELECT a FROM t WHERE b = $12 LIMIT 100", "SELECT a FROM t WHERE b = $12 LIMIT 100"),
        ] {
            assert_eq!(form(text).as_deref(), Some(expected));
        }
    }

    #[test]
    fn what_is_no_whole_number_stays() {
        for text in [
            "SELECT a = 1.5, b = 1e3, c = 0x1f, d = 1_0, e = -7, f = $1, g = h8",
            "SELECT t20240101, 1 + 2, a = b",
        ] {
            assert_eq!(form(text).as_deref(), Some(text));
        }
    }

    #[test]
    fn a_text_that_may_carry_a_value_elsewhere_has_no_form() {
        for text in [
            "SELECT 'a' = 1",
            "SELECT \"a\" = 1",
            "SELECT $$ = 1 $$",
            "SELECT $1$$ = 1 $$",
            "SELECT $tag$ = 1 $tag$",
            "SELECT 1 -- 123456789",
            "SELECT 1 /* 123456789 */",
            "SELECT U&\"\\0061\"",
            "SELECT a FROM t WHERE b IN (123456789)",
            "SELECT a = 1234567890",
            "SELECT \u{e9} = 1",
        ] {
            assert_eq!(form(text), None, "{text}");
        }
        assert_eq!(form(&"x".repeat(TEXT_BYTES + 1)), None);
    }

    #[test]
    fn a_text_is_read_as_if_for_the_first_time() {
        let mut reader = Reader::default();
        for text in [
            "SELECT abalance FROM pgbench_accounts WHERE aid = 1234",
            "SELECT * FROM patients p WHERE age > 89 AND count(x) < 10 ORDER BY b",
            "UPDATE t SET a = 100, b = c + d WHERE d <> 7 RETURNING a",
            "INSERT INTO t SELECT a, b = 5 FROM u",
            "DELETE FROM t WHERE a >= 50 AND f(b => 3) = 4",
            "BEGIN",
            "SET work_mem = 1000",
            "EXPLAIN SELECT a = 1",
            "SELECT a FROM t WHERE b = 10; DROP TABLE t",
            "SELECT a FROM t WHERE",
            "",
        ] {
            for digit in ["1", "2", "9"] {
                let text: String = text.replace(|c: char| c.is_ascii_digit() && c != '0', digit);
                let expected = parse(&text);
                let found = reader.read(&text);
                let found = found.map(|found| found.iter().map(|one| (**one).clone()).collect());
                assert_eq!(found, expected, "{text}");
            }
        }
        assert_eq!(reader.young.len(), 6, "queries alone are remembered, and once");
    }

    #[test]
    fn what_is_asked_for_stays_and_the_rest_goes() {
        let mut reader = Reader::default();
        let kept = reader.read("SELECT a = 1").unwrap();
        for number in 0..3 * GENERATION {
            let name: String =
                number.to_string().bytes().map(|digit| char::from(digit + 49)).collect();
            reader.read(&format!("SELECT {name} = 1")).unwrap();
            assert!(Rc::ptr_eq(&reader.read("SELECT a = 2").unwrap()[0], &kept[0]));
        }
        assert!(reader.young.len() + reader.old.len() <= 2 * GENERATION);
        assert!(!reader.young.contains_key(&b"SELECT b = 0"[..]));
    }
}
