//! A batch finds in each cell what a scan of that cell alone finds.

mod common;

use common::{find, scanner};
use lazaret_detectors::{Batch, Finding};
use proptest::prelude::*;

fn in_batch(cells: &[String]) -> Vec<Vec<Finding>> {
    let mut batch = Batch::default();
    for (index, cell) in cells.iter().enumerate() {
        assert_eq!(batch.push(cell.as_bytes()) as usize, index);
    }
    let mut scanner = scanner();
    let mut findings = vec![Vec::new(); cells.len()];
    let mut last = (0, 0);
    for found in scanner.scan_batch(&batch) {
        assert!(last <= (found.cell, found.finding.start), "findings are in order");
        last = (found.cell, found.finding.start);
        findings[found.cell as usize].push(found.finding);
    }
    findings
}

fn check_cells(cells: &[String]) {
    let alone = cells.iter().map(|cell| find(cell.as_bytes())).collect::<Vec<_>>();
    assert_eq!(in_batch(cells), alone, "{cells:?}");
}

#[test]
fn nothing_is_found_across_cells() {
    let cells = ["123", "45", "6789", "SSN:", "123456789", "bob", "@example.com", "Dr.", "Smith"];
    let cells = cells.map(str::to_owned);
    assert!(in_batch(&cells).iter().all(Vec::is_empty));
}

#[test]
fn an_empty_batch_and_empty_cells_hold_nothing() {
    assert!(scanner().scan_batch(&Batch::default()).is_empty());
    check_cells(&[String::new(), "123-45-6789".into(), String::new(), String::new()]);
}

#[test]
fn a_batch_is_used_again() {
    let (mut batch, mut scanner) = (Batch::default(), scanner());
    for _ in 0..2 {
        batch.push(b"123-45-6789");
        assert_eq!((batch.len(), batch.is_empty()), (12, false));
        assert_eq!(scanner.scan_batch(&batch).len(), 1);
        batch.clear();
        assert_eq!((batch.len(), batch.is_empty()), (0, true));
    }
}

#[test]
fn cells_that_come_again_are_answered_as_the_first_time() {
    let cells = ["Ada Abara", "Springfield", "MA", "seen by Ada Abara", "Ada Abarb", "pending"];
    check_cells(&cells.repeat(3).into_iter().map(str::to_owned).collect::<Vec<_>>());
}

#[test]
fn a_run_that_holds_nothing_alone_is_read_where_a_line_end_wraps_it() {
    let run = "MTIzLTQ1LTY3ODk";
    let (head, tail) = run.split_at(12);
    check_cells(&[head.to_owned(), format!("{head}\n{tail}"), head.to_owned()]);
}

#[test]
fn a_cell_that_holds_separators_hides_nothing() {
    check_cells(&["a\x00123-45-6789\x00b".into(), "\x00\x00".into(), "bob@example.com\x00".into()]);
    assert_eq!(find(b"a\x00123-45-6789\x00b").len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_cells_are_scanned_in_a_batch_as_alone(
        cells in prop::collection::vec(
            prop::collection::vec(prop::sample::select(FRAGMENTS.to_vec()), 0..8),
            1..30,
        ),
    ) {
        check_cells(&cells.iter().map(|fragments| fragments.concat()).collect::<Vec<_>>());
    }

    #[test]
    fn any_bytes_are_scanned_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..3000)) {
        for finding in find(&bytes) {
            prop_assert!(finding.start < finding.end && finding.end as usize <= bytes.len());
        }
    }
}

const FRAGMENTS: &[&str] = &[
    "123-45-6789",
    "123",
    "-",
    " ",
    "@",
    "bob",
    ".com",
    "http://",
    "Dr. ",
    "Smith",
    "{\"ssn\":",
    "\"family\":\"",
    "\"",
    "}",
    "[",
    "2014-03-09",
    "March ",
    "4111111111111111",
    "MRN: ",
    "7",
    "\n",
    "\\n",
    "é",
    "12 Main",
    " Street",
    ", MA ",
    "02115",
    "\0",
    "https://example.com/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "a1b2",
    "00:1A:2b:3c:4D:5e",
];
