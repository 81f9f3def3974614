//! What a column holds, told by its values: the share of cells that one identifier fills.
//!
//! A column may hold what no rule finds cell by cell, because a number without a label is only a
//! number: but a column of which every number passes the same checksum is no accident. The score
//! counts cells and keeps none of them. It may say what a column holds, never that it holds
//! nothing: rows to come may differ from those that were seen.

use crate::finding::Finding;
use crate::{Class, Identifier, checks};

/// Fewer cells than these prove nothing.
const LEAST_CELLS: u32 = 8;

/// As many of a hundred cells must be filled by one identifier.
const FILLED_PERCENT: u32 = 80;

/// The same for numbers that nothing but a checksum tells, which one number in ten or more passes by chance ...
const CHECKED_PERCENT: u32 = 95;

/// ... and for nine digits in the ranges of the SSA, which nine in ten do; so many cells.
const SSN_CELLS: u32 = 100;

/// Counts over the cells of one column.
#[derive(Clone, Debug, Default)]
pub struct ColumnScore {
    cells: u32,
    found: Tally,
    filled: Tally,
    checked: Tally,
}

type Tally = [u32; Identifier::COUNT];

/// What a column seems to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judgement {
    pub class: Class,
    /// Of all cells seen, how many agree.
    pub agree: u32,
    /// Whether the detectors find it, or only a checksum or range that all values pass.
    pub by_check: bool,
}

impl ColumnScore {
    /// Takes in a cell with what the scan found in it, sorted. An empty cell is none.
    pub fn observe(&mut self, cell: &[u8], findings: &[Finding]) {
        let cell_text = cell.trim_ascii();
        if cell_text.is_empty() {
            return;
        }
        self.cells = self.cells.saturating_add(1);
        let mut seen = [false; Identifier::COUNT];
        for finding in findings {
            seen[finding.identifier as usize] = true;
        }
        for (count, seen) in self.found.iter_mut().zip(seen) {
            *count = count.saturating_add(u32::from(seen));
        }
        if let Some(identifier) = filled_by(cell, findings) {
            add(&mut self.filled, identifier);
        }
        for identifier in passed(cell_text) {
            add(&mut self.checked, identifier);
        }
    }

    /// How many cells were not empty.
    pub fn cells(&self) -> u32 {
        self.cells
    }

    /// In how many cells the detectors found this identifier.
    pub fn found(&self, identifier: Identifier) -> u32 {
        self.found[identifier as usize]
    }

    /// The class that the cells agree on.
    pub fn judge(&self) -> Option<Judgement> {
        let agreed = |tally: &Tally, percent| {
            let (identifier, count) = most(tally)?;
            (self.cells >= LEAST_CELLS && is_share(count, self.cells, percent))
                .then_some((identifier, count))
        };
        if let Some((identifier, agree)) = agreed(&self.filled, FILLED_PERCENT) {
            return Some(Judgement { class: class_of(identifier), agree, by_check: false });
        }
        let (identifier, agree) = agreed(&self.checked, CHECKED_PERCENT)?;
        (identifier != Identifier::Ssn || self.cells >= SSN_CELLS).then_some(Judgement {
            class: class_of(identifier),
            agree,
            by_check: true,
        })
    }
}

/// Whether findings, sorted, cover every letter and digit of a cell.
pub fn is_filled(cell: &[u8], findings: &[Finding]) -> bool {
    !has_text(cell) || filled_by(cell, findings).is_some()
}

/// The identifier of the finding that comes first, if findings cover every letter and digit.
fn filled_by(cell: &[u8], findings: &[Finding]) -> Option<Identifier> {
    let mut covered_to = 0;
    for finding in findings {
        let (start, end) = (finding.start as usize, finding.end as usize);
        if has_text(cell.get(covered_to..start.max(covered_to))?) {
            return None;
        }
        covered_to = covered_to.max(end);
    }
    let first = findings.first()?;
    (!has_text(cell.get(covered_to..)?)).then_some(first.identifier)
}

fn has_text(bytes: &[u8]) -> bool {
    bytes.iter().any(|byte| byte.is_ascii_alphanumeric() || !byte.is_ascii())
}

/// Which identifiers a bare value may be by its checksum or range.
fn passed(value: &[u8]) -> impl Iterator<Item = Identifier> {
    let is_number = value.iter().all(u8::is_ascii_digit);
    let is_code =
        value.iter().all(u8::is_ascii_alphanumeric) && value.iter().any(u8::is_ascii_digit);
    let passed = [
        (Identifier::Ssn, is_number && is_issued_ssn(value)),
        (Identifier::License, is_number && value.len() == 10 && checks::npi(value)),
        (Identifier::License, is_code && value.len() == 9 && checks::dea(value)),
        (Identifier::Vehicle, is_code && value.len() == 17 && checks::vin(value)),
        (Identifier::HealthPlan, is_code && value.len() == 11 && checks::mbi(value)),
        (Identifier::Account, is_code && !is_number && checks::iban(value)),
        (Identifier::Account, is_number && is_card(value)),
    ];
    passed.into_iter().filter_map(|(identifier, passes)| passes.then_some(identifier))
}

/// SSA never issued area 000, 666 and 900 up, group 00, serial 0000.
fn is_issued_ssn(value: &[u8]) -> bool {
    let Ok([area @ .., group_tens, group, s1, s2, s3, s4]) = <&[u8; 9]>::try_from(value) else {
        return false;
    };
    let area_is_issued = area != b"000" && area != b"666" && area[0] != b'9';
    area_is_issued && [*group_tens, *group] != *b"00" && [*s1, *s2, *s3, *s4] != *b"0000"
}

fn is_card(value: &[u8]) -> bool {
    (13..=19).contains(&value.len())
        && checks::luhn(value.iter().copied())
        && checks::card_issuer(value)
}

fn class_of(identifier: Identifier) -> Class {
    match identifier {
        Identifier::Date => Class::Date,
        direct => Class::Direct(direct),
    }
}

fn most(tally: &Tally) -> Option<(Identifier, u32)> {
    let counted =
        Identifier::ALL.into_iter().map(|identifier| (identifier, tally[identifier as usize]));
    counted.filter(|(_, count)| *count > 0).max_by_key(|(_, count)| *count)
}

fn is_share(part: u32, whole: u32, percent: u32) -> bool {
    u64::from(part) * 100 >= u64::from(whole) * u64::from(percent)
}

fn add(tally: &mut Tally, identifier: Identifier) {
    let count = &mut tally[identifier as usize];
    *count = count.saturating_add(1);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Pack, Scanner};

    fn judge(cells: impl IntoIterator<Item = String>) -> Option<Judgement> {
        let mut scanner = Scanner::new(&Pack::load(None).unwrap()).unwrap();
        let (mut score, mut findings) = (ColumnScore::default(), Vec::new());
        for cell in cells {
            scanner.scan(cell.as_bytes(), &mut findings);
            score.observe(cell.as_bytes(), &findings);
        }
        score.judge()
    }

    fn class(cells: impl IntoIterator<Item = String>) -> Option<Class> {
        judge(cells).map(|judgement| judgement.class)
    }

    #[test]
    fn a_column_is_what_most_of_its_cells_are_filled_with() {
        let emails = |count: usize| (0..count).map(|at| format!("p{at}@example.org"));
        assert_eq!(class(emails(10)), Some(Class::Direct(Identifier::Email)));
        let with_gaps = emails(8).chain((0..2).map(|_| "none".to_owned()));
        assert_eq!(class(with_gaps), Some(Class::Direct(Identifier::Email)));
        let mostly_other = emails(7).chain((0..3).map(|_| "none".to_owned()));
        assert_eq!(class(mostly_other), None);
        let dates = (10..20).map(|day| format!("1980-02-{day}"));
        assert_eq!(class(dates), Some(Class::Date));
    }

    #[test]
    fn a_text_that_only_mentions_an_identifier_is_not_filled_by_it() {
        let notes = (0..20).map(|at| format!("wrote to p{at}@example.org yesterday"));
        assert_eq!(class(notes), None);
    }

    #[test]
    fn few_cells_prove_nothing() {
        assert_eq!(class((0..7).map(|at| format!("p{at}@example.org"))), None);
    }

    #[test]
    fn numbers_that_all_pass_one_check_are_told_by_it() {
        // 80840 and the number itself pass Luhn (CMS, NPI check digit).
        let npis = (100_000_000_u64..).map(|at| {
            let check = (0..10).find(|check| checks::npi(format!("{at}{check}").as_bytes()));
            format!("{at}{}", check.unwrap())
        });
        let judgement = judge(npis.take(20)).unwrap();
        assert_eq!((judgement.class, judgement.agree), (Class::Direct(Identifier::License), 20));
        let orders = (1_000_000_000_u64..).step_by(7_919).map(|at| at.to_string());
        assert_eq!(class(orders.take(500)), None);
    }

    #[test]
    fn nine_digits_take_many_cells_in_the_ranges_that_were_issued() {
        let issued = |count: u64| (0..count).map(|at| (101_020_003 + at * 7_654_321).to_string());
        assert_eq!(class(issued(99)), None);
        let judgement = judge(issued(100)).unwrap();
        assert_eq!((judgement.class, judgement.by_check), (Class::Direct(Identifier::Ssn), true));
        let anything = (0..500_u64).map(|at| format!("{:09}", at * 1_999_993 % 1_000_000_000));
        assert_eq!(class(anything), None);
    }

    #[test]
    fn what_belongs_to_no_individual_is_not_told() {
        for columns in [
            ["E11.9", "I10", "J45.909", "Z00.00", "M54.5", "F32.9", "K21.9", "N39.0", "R51"],
            [
                "2345-7", "718-7", "4548-4", "2160-0", "2951-2", "2823-3", "3094-0", "1742-6",
                "787-2",
            ],
            ["99213", "99214", "93000", "80053", "85025", "36415", "71046", "99396", "90686"],
        ] {
            assert_eq!(class(columns.map(str::to_owned)), None);
        }
    }
}
