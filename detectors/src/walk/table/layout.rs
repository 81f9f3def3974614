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

/// What a cell's quotes are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Quote {
    None,
    /// So long, the quotes included.
    Closed(usize),
    /// The second one is not in sight.
    Open,
}

/// Where quotes close.
pub(super) enum Closing {
    Behind(usize),
    /// Not in sight: to be looked for from here on.
    From(usize),
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
        let quoted = match self.quote(rest) {
            Quote::Closed(len) => len,
            Quote::None | Quote::Open => 0,
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

    /// What stands in quotes at the beginning of a cell. Over lines only where the second quote ends the cell,
    /// else the first one is a letter like any other.
    pub(super) fn quote(self, cell: &[u8]) -> Quote {
        let Self::Separated(_) = self else { return Quote::None };
        if cell.first() != Some(&b'"') {
            return Quote::None;
        }
        match self.closing(cell, 1) {
            Closing::Behind(end) if is_closed(self, cell, end) => Quote::Closed(end),
            Closing::Behind(_) => Quote::None,
            Closing::From(_) => Quote::Open,
        }
    }

    /// Where what stands in quotes ends, from a place within: doubled ones are part of it.
    pub(super) fn closing(self, text: &[u8], mut at: usize) -> Closing {
        loop {
            match (text.get(at), text.get(at + 1)) {
                (None, _) => return Closing::From(at),
                (Some(b'"'), Some(b'"')) => at += 2,
                (Some(b'"'), _) => return Closing::Behind(at + 1),
                _ => at += 1,
            }
        }
    }

    /// Whether a cell may end at `at`.
    pub(super) fn ends(self, text: &[u8], at: usize) -> bool {
        match (self, text.get(at)) {
            (_, None | Some(b'\r' | b'\n')) => true,
            (Self::Separated(mark), Some(byte)) => *byte == mark,
            _ => false,
        }
    }

    /// The row that begins at `at`, without its end.
    pub(super) fn row(self, text: &[u8], at: usize) -> Range<usize> {
        let Self::Separated(_) = self else { return line(text, at) };
        let mut end = self.cell(text, at).end;
        while text.get(end).is_some_and(|byte| *byte != b'\n') {
            end = self.cell(text, end + 1).end;
        }
        at..end
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

/// Whether quotes that end before `end` are a cell's.
fn is_closed(layout: Layout, cell: &[u8], end: usize) -> bool {
    layout.ends(cell, end) || !cell[..end].contains(&b'\n')
}

/// The line that begins at `at`, without its end.
pub(super) fn line(text: &[u8], at: usize) -> Range<usize> {
    let rest = text.get(at..).unwrap_or_default();
    let len = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
    at..at + len
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
