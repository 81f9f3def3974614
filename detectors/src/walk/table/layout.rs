//! How a table's rows are cut into cells: by a mark, or by two blanks and more.

use std::ops::Range;

/// What stands between two cells of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// A comma, a semicolon or a tabulator; a cell may stand in quotes.
    Separated(u8),
    /// Bars, also before the first cell and behind the last.
    Barred,
    /// Blanks.
    Aligned,
}

impl Layout {
    /// How the header `line` is cut.
    pub(super) fn of(line: &[u8]) -> Option<Self> {
        let has = |byte: u8| line.contains(&byte);
        let blanks = || line.trim_ascii().windows(2).any(|pair| pair == b"  ");
        match () {
            () if has(b'|') => Some(Self::Barred),
            () if has(b'\t') => Some(Self::Separated(b'\t')),
            () if has(b';') => Some(Self::Separated(b';')),
            () if has(b',') => Some(Self::Separated(b',')),
            () => blanks().then_some(Self::Aligned),
        }
    }

    /// How many cells a row has.
    pub(super) fn count(self, row: &[u8]) -> usize {
        self.cells(row).count()
    }

    /// The cells of a row, as ranges of its bytes.
    pub(super) fn cells(self, row: &[u8]) -> impl Iterator<Item = Range<usize>> {
        let blanks = row.iter().rev().take_while(|byte| matches!(byte, b' ' | b'\r')).count();
        let end = row.len() - blanks;
        let end = if self == Self::Barred && row[..end].ends_with(b"|") { end - 1 } else { end };
        let row = row.get(..end).unwrap_or_default();
        let mut next = Some(self.opening(row)).filter(|at| *at <= end);
        std::iter::from_fn(move || {
            let cell = self.cell(row, next?);
            next = Some(self.behind(row, cell.end)).filter(|at| *at < end || self != Self::Aligned);
            next = next.filter(|_| cell.end < end);
            Some(cell)
        })
    }

    /// Where a row's first cell begins.
    pub(super) fn opening(self, row: &[u8]) -> usize {
        let blanks = row.iter().take_while(|byte| **byte == b' ').count();
        match self {
            Self::Barred if row.get(blanks) == Some(&b'|') => blanks + 1,
            Self::Aligned => blanks,
            Self::Barred | Self::Separated(_) => 0,
        }
    }

    /// The cell that begins at `at`, up to what ends it.
    pub(super) fn cell(self, text: &[u8], at: usize) -> Range<usize> {
        let rest = text.get(at..).unwrap_or_default();
        let quoted = match (self, rest.first()) {
            (Self::Separated(_), Some(b'"')) => quoted(rest),
            _ => 0,
        };
        let behind = rest.get(quoted..).unwrap_or_default();
        let ends = |at: usize, byte: u8| match self {
            _ if byte == b'\n' => true,
            Self::Separated(mark) => byte == mark,
            Self::Barred => byte == b'|',
            Self::Aligned => byte == b'\t' || byte == b' ' && behind.get(at + 1) == Some(&b' '),
        };
        let len = behind.iter().enumerate().position(|(at, byte)| ends(at, *byte));
        at..at + quoted + len.unwrap_or(behind.len())
    }

    /// Behind what ends the cell at `at`.
    fn behind(self, row: &[u8], at: usize) -> usize {
        match self {
            Self::Aligned => {
                at + row[at..].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count()
            }
            _ => at + 1,
        }
    }
}

/// A line between a header and its rows, or between rows: `|---|:-:|`, `-----+----`.
pub(super) fn is_rule(line: &[u8]) -> bool {
    let is_mark = |byte: &u8| b"-=+|: \t\r".contains(byte);
    line.iter().all(is_mark) && line.windows(2).any(|pair| matches!(pair, b"--" | b"=="))
}

/// How many characters a text has, which is what blanks align.
pub(super) fn characters(text: &[u8]) -> usize {
    text.iter().filter(|byte| **byte & 0xc0 != 0x80).count()
}

/// The length of what stands in quotes at the beginning of `text`, the quotes included: doubled ones are
/// part of it. Without a second quote on its line the first one is a letter like any other.
fn quoted(text: &[u8]) -> usize {
    let mut at = 1;
    loop {
        match text.get(at) {
            Some(b'"') if text.get(at + 1) == Some(&b'"') => at += 2,
            Some(b'"') => return at + 1,
            None | Some(b'\n') => return 0,
            Some(_) => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(layout: Layout, row: &str, cells: &[&str]) {
        let found: Vec<_> = layout.cells(row.as_bytes()).map(|cell| row[cell].trim()).collect();
        assert_eq!(found, cells);
    }

    #[test]
    fn a_row_is_cut_by_its_mark_and_not_within_quotes() {
        check(
            Layout::Separated(b','),
            "a,\"b, \"\"c\"\"\",,d",
            &["a", "\"b, \"\"c\"\"\"", "", "d"],
        );
        check(Layout::Separated(b';'), "a;b c;", &["a", "b c", ""]);
        check(Layout::Separated(b'\t'), "a\t\tb", &["a", "", "b"]);
        check(Layout::Separated(b','), "5\" nail,b", &["5\" nail", "b"]);
        check(Layout::Separated(b','), "\"a,b", &["\"a", "b"]);
    }

    #[test]
    fn bars_and_blanks_around_a_row_are_no_cells() {
        check(Layout::Barred, "| a | b c |  |", &["a", "b c", ""]);
        check(Layout::Barred, " a | b ", &["a", "b"]);
        check(Layout::Aligned, "  a b   c  d  ", &["a b", "c", "d"]);
    }

    #[test]
    fn a_line_of_dashes_is_a_rule_and_a_row_of_dashes_none() {
        assert!(is_rule(b"|---|:-:|") && is_rule(b"----+---") && is_rule(b"===  ==="));
        assert!(!is_rule(b"| - | - |") && !is_rule(b"") && !is_rule(b"a--"));
    }
}
