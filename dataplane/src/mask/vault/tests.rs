use std::collections::BTreeSet;

use lazaret_link::{Hex, TokenScope};
use lazaret_policy::{Action, ColumnPlan, Format, TypeKind};
use lazaret_proto::pg::backend;
use lazaret_proto::pg::frame;
use lazaret_sql::{Copy, CopyDirection, CopyEnd, CopyFormat};

use super::*;
use crate::limits::TOKENS_PER_BATCH;
use crate::mask::keyed::tests::{keys, keys_of};
use crate::mask::tests::{column, iso, plan, scanner};
use crate::mask::{CopyMasker, Grown, Keys, Means, RowMasker, Scores};

/// A shard, a session, and control behind them.
#[derive(Default)]
struct Bench {
    cache: TokenCache,
    asked: Asked,
    /// What control was asked for, question by question.
    questions: Vec<usize>,
    is_control_away: bool,
}

impl Bench {
    fn means<'a>(&'a self, keys: &'a Keys) -> Means<'a> {
        let vault = Vault { cache: &self.cache, asked: &self.asked };
        Means { dates: iso(), keys: Some(keys), vault }
    }

    /// A token that can be told from the digest, so that the tests know it.
    fn answer(&mut self, digests: &[ValueDigest]) {
        self.questions.push(digests.len());
        let away = self.is_control_away;
        let answer = |digest: &ValueDigest| {
            let token = Hex(*digest.0.first_chunk().unwrap());
            Answer { digest: *digest, token: Some(token).filter(|_| !away) }
        };
        self.asked.take(digests.iter().map(answer).collect(), &mut self.cache);
    }

    /// The cells of rows of one column.
    fn rows(&mut self, column: ColumnPlan, keys: &Keys, values: &[&[u8]]) -> Vec<Vec<u8>> {
        let mut input = Vec::new();
        values.iter().for_each(|value| backend::data_row(&mut input, [Some(*value)].into_iter()));
        let (mut masker, mut out, mut done) = (RowMasker::default(), Vec::new(), 0);
        while done < input.len() {
            let (plan, scores) = (plan([column]), &mut Scores::default());
            let means = self.means(keys);
            let rest = &input[done..];
            match masker.grown(&plan, means, rest, scores, &mut scanner(), &mut out).unwrap() {
                Grown::Rows { taken, .. } => {
                    self.asked.forget();
                    done += taken;
                }
                Grown::Wants(digests) => self.answer(&digests),
            }
        }
        cells(&out)
    }
}

fn cells(mut rest: &[u8]) -> Vec<Vec<u8>> {
    let mut cells = Vec::new();
    while let Some(frame) = frame::whole(rest, frame::MAX_BYTES).unwrap() {
        let Ok(backend::Message::DataRow(row)) = backend::Message::decode(frame) else {
            panic!("no row");
        };
        cells.extend(row.iter().map(|cell| cell.unwrap().to_vec()));
        rest = &rest[frame.len..];
    }
    cells
}

fn text() -> ColumnPlan {
    column(TypeKind::Text, Format::Text, Action::Token)
}

fn digest(number: usize) -> ValueDigest {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    Hex(bytes)
}

fn find(cache: &TokenCache, asked: &Asked, digest: ValueDigest) -> (bool, usize) {
    let mut unknown = HashSet::new();
    let token = Vault { cache, asked }.find(digest, &mut unknown);
    (token.is_some(), unknown.len())
}

#[test]
fn equal_values_are_asked_for_once_and_have_equal_tokens() {
    let (mut bench, keys) = (Bench::default(), keys());
    let first = bench.rows(text(), &keys, &[b"Jane", b"John", b"Jane"]);
    assert!(first.iter().all(|cell| cell.len() == 27 && cell.starts_with(b"tk_")), "{first:?}");
    assert_eq!(first[0], first[2]);
    assert_ne!(first[0], first[1]);
    assert_eq!(bench.rows(text(), &keys, &[b"John", b"Mary"])[0], first[1]);
    assert_eq!(bench.questions, [2, 1]);
}

#[test]
fn values_of_another_grant_are_asked_for_by_other_digests() {
    let mut bench = Bench::default();
    let tokens: BTreeSet<_> = ["a", "b"]
        .map(|grant| bench.rows(text(), &keys_of(grant, TokenScope::Grant), &[b"Jane"]))
        .into();
    assert_eq!((tokens.len(), &bench.questions[..]), (2, &[1, 1][..]));
}

#[test]
fn text_and_binary_format_have_the_same_tokens() {
    let (mut bench, keys) = (Bench::default(), keys());
    let mut cell = |kind, format, value: &[u8]| {
        bench.rows(column(kind, format, Action::Token), &keys, &[value]).remove(0)
    };
    let text = cell(TypeKind::Int8, Format::Text, b"123456789");
    let binary = cell(TypeKind::Int8, Format::Binary, &123_456_789_i64.to_be_bytes());
    let number = i64::from_be_bytes(binary.try_into().unwrap());
    assert_eq!(text, number.to_string().into_bytes());
    assert!(number >= 0 && number != 123_456_789);
    let text = cell(TypeKind::Jsonb, Format::Text, b"\"Jane\"");
    let binary = cell(TypeKind::Jsonb, Format::Binary, b"\x01\"Jane\"");
    assert_eq!(text[..], binary[1..]);
    assert_eq!(bench.questions, [1, 1]);
}

#[test]
fn without_control_values_are_covered_and_asked_for_again_later() {
    let (mut bench, keys) = (Bench::default(), keys());
    bench.rows(text(), &keys, &[b"John"]);
    bench.is_control_away = true;
    let covered = bench.rows(text(), &keys, &[b"Jane", b"John"]);
    assert_eq!(covered[0], b"****");
    assert!(covered[1].starts_with(b"tk_"), "what is known needs no control");
    bench.is_control_away = false;
    assert!(bench.rows(text(), &keys, &[b"Jane"])[0].starts_with(b"tk_"));
    assert_eq!(bench.questions, [1, 1, 1]);
}

#[test]
fn questions_are_bounded_and_every_row_is_built() {
    let (mut bench, keys) = (Bench::default(), keys());
    let values: Vec<_> = (0..TOKENS_PER_BATCH + 7).map(|number| number.to_string()).collect();
    let values: Vec<&[u8]> = values.iter().map(|value| value.as_bytes()).collect();
    let tokens: BTreeSet<_> = bench.rows(text(), &keys, &values).into_iter().collect();
    assert_eq!(tokens.len(), values.len());
    assert_eq!(bench.questions, [TOKENS_PER_BATCH, 7]);
}

#[test]
fn copied_rows_wait_for_their_tokens_and_then_leave_in_order() {
    let (mut bench, keys) = (Bench::default(), keys());
    for (format, stream, header) in [
        (CopyFormat::Text, &b"Jane\nJohn\nJane\n"[..], false),
        (CopyFormat::Csv, b"name\nJane\n\"John\"\nJane\n", true),
    ] {
        let mut masker = CopyMasker::new(&plan([text()]), &copy(format, header));
        let mut out = Vec::new();
        for piece in stream.chunks(7) {
            let means = bench.means(&keys);
            let mut pushed = masker.push(piece, means, &mut scanner(), &mut out).unwrap();
            while !pushed.wants.is_empty() {
                assert!(masker.waits());
                bench.answer(&pushed.wants);
                pushed = masker.go_on(bench.means(&keys), &mut scanner(), &mut out).unwrap();
            }
            bench.asked.forget();
            assert!(!masker.waits());
        }
        masker.finish().unwrap();
        let mut lines = Vec::new();
        let mut rest = &out[..];
        while let Some(frame) = frame::whole(rest, frame::MAX_BYTES).unwrap() {
            lines.push(String::from_utf8(frame.body.to_vec()).unwrap().replace('"', ""));
            rest = &rest[frame.len..];
        }
        if header {
            assert_eq!(lines.remove(0), "name\n");
        }
        assert_eq!(lines.len(), 3);
        assert!(lines.iter().all(|line| line.starts_with("tk_")), "{lines:?}");
        assert!(lines[0] == lines[2] && lines[0] != lines[1]);
    }
    assert_eq!(bench.questions.iter().sum::<usize>(), 2);
}

#[test]
fn an_answer_outlives_the_shards_memory_of_it_until_it_is_used() {
    let (mut cache, mut asked) = (TokenCache::default(), Asked::default());
    assert_eq!(find(&cache, &asked, digest(0)), (false, 1));
    let answer = |digest| Answer { digest, token: Some(Hex([7; 16])) };
    asked.take(vec![answer(digest(0))], &mut cache);
    for number in 1..2 * TOKENS_KNOWN {
        Asked::default().take(vec![answer(digest(number))], &mut cache);
    }
    assert!(cache.young.len() + cache.old.len() <= TOKENS_KNOWN);
    assert_eq!(find(&cache, &asked, digest(0)), (true, 0));
    asked.forget();
    assert_eq!(find(&cache, &asked, digest(0)), (false, 1));
    assert_eq!(find(&cache, &asked, digest(2 * TOKENS_KNOWN - 1)), (true, 0));
}

fn copy(format: CopyFormat, header: bool) -> Copy {
    Copy {
        direction: CopyDirection::Out,
        end: CopyEnd::Client,
        format,
        relation: None,
        columns: Vec::new(),
        delimiter: if format == CopyFormat::Csv { b',' } else { b'\t' },
        null: if format == CopyFormat::Csv { String::new() } else { "\\N".to_owned() },
        quote: b'"',
        escape: b'"',
        header,
        encoding: None,
        unknown_option: false,
    }
}
