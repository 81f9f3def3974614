use std::rc::Rc;

use lazaret_policy::{Action, Format, Plan, TypeKind};
use lazaret_proto::pg::backend;

use super::Scores;
use crate::mask::RowMasker;
use crate::mask::tests::{column, iso, plan, scanner};

fn texts() -> Plan {
    plan([column(TypeKind::Text, Format::Text, Action::Scan)])
}

/// Masks a result of one column, so many rows in each batch.
fn masked(scores: &mut Scores, values: &[&str], rows_at_once: usize) -> Vec<String> {
    let (plan, mut masker, mut scanner) = (texts(), RowMasker::default(), scanner());
    let mut texts = Vec::new();
    for values in values.chunks(rows_at_once) {
        let mut bytes = Vec::new();
        let mut places = Vec::new();
        for value in values {
            let at = bytes.len();
            backend::data_row(&mut bytes, [Some(value.as_bytes())].into_iter());
            masker.row(&plan, iso(), &mut bytes, at, at).unwrap();
            places.push(at + 11..at + 11 + value.len());
        }
        masker.cover(&mut bytes, iso(), scores, &mut scanner);
        texts.extend(places.into_iter().map(|it| String::from_utf8(bytes[it].to_vec()).unwrap()));
    }
    texts
}

const PHONES: [&str; 10] = [
    "(617) 555-0101",
    "617-555-0102",
    "(617) 555-0103",
    "617.555.0104",
    "(617) 555-0105",
    "617-555-0106",
    "front desk 12",
    "(617) 555-0108",
    "617-555-0109",
    "(617) 555-0110",
];

#[test]
fn what_the_scan_does_not_know_in_a_column_of_identifiers_is_covered_whole() {
    let masked = masked(&mut Scores::default(), &PHONES, 10);
    assert_eq!(masked[6], "*".repeat(13));
}

#[test]
fn a_column_stays_what_it_is_for_the_rest_of_its_result_and_no_longer() {
    let mut scores = Scores::default();
    let first = Rc::new(texts());
    scores.begin(&first);
    masked(&mut scores, &PHONES, 10);
    scores.begin(&first);
    assert_eq!(masked(&mut scores, &["ward 7"], 1), ["******"]);
    scores.begin(&Rc::new(texts()));
    assert_eq!(masked(&mut scores, &["ward 7"], 1), ["ward 7"]);
}

#[test]
fn a_few_cells_and_a_mixed_column_decide_nothing() {
    assert_eq!(masked(&mut Scores::default(), &PHONES[..7], 7)[6], "front desk 12");
    let notes: Vec<&str> = PHONES.iter().flat_map(|phone| [*phone, "seen, stable"]).collect();
    let notes = notes.repeat(30);
    let masked = masked(&mut Scores::default(), &notes, 40);
    assert!(masked.contains(&"seen, stable".to_owned()));
}

#[test]
fn numbers_of_nine_digits_are_no_identifiers_by_their_range_alone() {
    let orders: Vec<String> = (0..300).map(|at| (123_450_001 + at).to_string()).collect();
    let orders: Vec<&str> = orders.iter().map(String::as_str).collect();
    assert_eq!(masked(&mut Scores::default(), &orders, 100), orders);
}
