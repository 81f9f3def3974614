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
fn cells_of_a_batch_before_are_answered_as_the_first_time() {
    let hl7 = r"MSH|^~\&|LAB|X|||20140309||ORU^R01|1|P|2.5
PID|1||445566^^^X^MR||ROE^JANE||19500317|F";
    let cells = [
        "Ada Abara",
        "42",
        "Springfield",
        r#"{"ssn":"123-45-6789"}"#,
        "MA",
        "",
        "7.5",
        "pending",
        hl7,
        "Ada Abarb",
        "seen by Ada Abara on 3/9/2014",
        "ST",
        "bob@example.com",
        "03/2014",
    ];
    let alone = cells.map(|cell| find(cell.as_bytes()));
    let mut scanner = scanner();
    for first in 0..cells.len() {
        // Each time others are known, and others stand beside them.
        let order = (0..cells.len()).map(|index| (index * 5 + first) % cells.len());
        let order = order.take(first + 3).collect::<Vec<_>>();
        let mut batch = Batch::default();
        for index in &order {
            batch.push(cells[*index].as_bytes());
        }
        let mut findings = vec![Vec::new(); order.len()];
        let mut last = (0, 0);
        for found in scanner.scan_batch(&batch) {
            assert!(last <= (found.cell, found.finding.start), "findings are in order");
            last = (found.cell, found.finding.start);
            findings[found.cell as usize].push(found.finding);
        }
        let expected = order.iter().map(|index| alone[*index].clone()).collect::<Vec<_>>();
        assert_eq!(findings, expected, "{order:?}");
    }
}

#[test]
fn what_is_remembered_of_a_year_is_forgotten_when_years_go() {
    let mut scanner = scanner();
    let mut batch = Batch::default();
    batch.push(b"May 3, 1931");
    let year = |scanner: &mut lazaret_detectors::Scanner, batch: &Batch| {
        matches!(scanner.scan_batch(batch)[0].finding.cover, lazaret_detectors::Cover::Year { .. })
    };
    assert!(year(&mut scanner, &batch) && year(&mut scanner, &batch));
    scanner.keep_years_from(1936);
    assert!(!year(&mut scanner, &batch));
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

proptest! {
    /// A batch takes such cells for read: no rule may find anything in one.
    #[test]
    fn a_number_of_a_few_digits_alone_holds_nothing(
        number in prop_oneof!["[0-9]{1,7}", r"[0-9]{1,3}\.[0-9]{1,3}", r"[0-9]{4,5}\.[0-9]", r"[0-9]\.[0-9]{4,5}"],
    ) {
        prop_assert_eq!(find(number.as_bytes()), vec![]);
    }
}
