//! Tables as text: CSV and its kin, Markdown, what `psql` prints, and columns that blanks align.
//!
//! A cell of a table says nothing of itself; its column's heading does, read as a column's name is
//! ([`crate::class`]). So the cells below a heading that names an identifier are covered whole, up to
//! the first line that is no row. Nothing is a table whose header's cells don't all read as headings,
//! whose headings tell of nobody, or whose next line is no row. A JSON text holds none.

mod heading;
mod layout;

use std::cmp::Ordering;
use std::ops::Range;

use self::heading::Headings;
use self::layout::{Closing, Layout, Quote, line};
use super::place::Place;
use crate::bytes::{self, ALNUM, HIGH};
use crate::rules::Found;
use crate::window::Window;

const WHY: &str = "table: its column's heading";

/// A header is no longer, so that it and the row behind it are seen at once.
const HEADER_BYTES: usize = 512;

/// Where the walker stands in a table.
#[derive(Clone, Copy)]
pub(super) struct Walker {
    layout: Layout,
    headings: Headings,
    /// The column of the cell at the position.
    column: usize,
    /// How many cells more than headings the row has: a comma in an address that nothing quotes.
    extra: usize,
    /// The cell at the position began before it.
    goes_on: bool,
    /// In quotes, so that a line's end is part of it.
    quoted: bool,
    /// Up to here the window was read.
    pub(super) stop: usize,
}

impl Walker {
    /// The walker of a text that begins with a table's header, and where the rows begin. `goes_on` if more
    /// follows behind `text`.
    pub(super) fn begin(text: &[u8], goes_on: bool) -> Option<(Self, usize)> {
        let header = line(text.get(..HEADER_BYTES.min(text.len()))?, 0);
        let rows = header.end + 1;
        let layout = Layout::of(text.get(header.clone())?)?;
        let headings = Headings::read(layout, text.get(header.clone())?)?;
        let mut first = layout.row(text, rows);
        if layout::is_rule(text.get(first.clone())?) {
            first = layout.row(text, first.end + 1);
        }
        // Of prose the next line has seldom as many commas, and a blank behind each.
        let is_prose = text.get(header)?.windows(2).any(|pair| pair == b", ");
        let is_part = goes_on && first.end == text.len() || layout == Layout::Aligned;
        let cells = layout.count(text.get(first)?);
        let is_row = match cells.cmp(&headings.count()) {
            Ordering::Equal => true,
            Ordering::Greater => !is_prose,
            Ordering::Less => is_part && cells > 1,
        };
        let walker =
            Self { layout, headings, column: 0, extra: 0, goes_on: false, quoted: false, stop: 0 };
        is_row.then_some((walker, rows))
    }

    /// Reads on from `at`. Returns where to go on, or nothing if the table ends: at [`stop`](Self::stop).
    pub(super) fn step(&mut self, w: &Window<'_>, at: usize, found: &mut Found) -> Option<usize> {
        self.stop = at;
        self.read(w, found).then_some(self.stop)
    }

    /// Whether the table goes on behind what is in sight.
    fn read(&mut self, w: &Window<'_>, found: &mut Found) -> bool {
        let begun = self.stop;
        while self.stop < w.len() {
            if self.quoted {
                self.stop = self.quoted_on(w, self.stop, found);
                continue;
            }
            if self.column == 0 && !self.goes_on {
                let row = self.layout.row(w.rest(0), self.stop);
                let is_seen = row.end < w.len() || !w.is_full();
                if !is_seen && self.stop > begun {
                    return true;
                }
                let text = w.slice(row.clone());
                let is_between = layout::is_rule(text) || text.trim_ascii().is_empty();
                if is_between && is_seen {
                    let behind = self.layout.row(w.rest(0), row.end + 1);
                    let is_whole = behind.end < w.len() || !w.is_full();
                    if !is_whole && self.stop > begun {
                        return true;
                    }
                    if !layout::is_rule(text) && !self.is_row(w.slice(behind)) {
                        return false;
                    }
                    self.stop = row.end + 1;
                    continue;
                }
                let cells = self.layout.count(text);
                if cells < 2 {
                    return false;
                }
                self.extra = if is_seen { cells.saturating_sub(self.headings.count()) } else { 0 };
                if let Layout::Aligned = self.layout {
                    if !is_seen {
                        return false;
                    }
                    self.aligned(w, row.clone(), found);
                    self.stop = row.end + 1;
                    continue;
                }
                self.stop += self.layout.opening(text);
            }
            let is_open = w.is_full() && self.layout.quote(w.rest(self.stop)) == Quote::Open;
            let cell = self.layout.cell(w.rest(0), self.stop);
            let is_whole = cell.end < w.len() || !w.is_full();
            if (!is_whole || is_open) && self.stop > begun {
                return true;
            }
            if is_open && !self.goes_on {
                self.quoted = true;
                self.stop += 1;
                continue;
            }
            self.cover(w, cell.clone(), found);
            self.goes_on = !is_whole;
            if is_whole {
                self.column = if w.byte(cell.end) == b'\n' { 0 } else { self.column + 1 };
            }
            self.stop = cell.end + usize::from(is_whole);
        }
        w.is_full()
    }

    /// Whether a line behind an empty one goes on with the table: prose has blanks behind its commas.
    fn is_row(&self, line: &[u8]) -> bool {
        let is_prose = line.windows(2).any(|pair| pair == b", ") && !line.contains(&b'"');
        self.layout != Layout::Aligned
            && self.layout.count(line) == self.headings.count()
            && !is_prose
    }

    /// Reads on in a cell in quotes, which may have many lines. Returns where to go on.
    fn quoted_on(&mut self, w: &Window<'_>, at: usize, found: &mut Found) -> usize {
        let text = w.rest(0);
        let mut from = at;
        let (end, is_whole) = loop {
            match self.layout.closing(text, from) {
                Closing::From(on) => break (on, false),
                // Another quote may follow.
                Closing::Behind(behind) if behind == w.len() && w.is_full() => {
                    break (behind - 1, false);
                }
                Closing::Behind(behind) if self.layout.ends(text, behind) => {
                    break (self.layout.cell(text, behind).end, true);
                }
                Closing::Behind(behind) => from = behind,
            }
        };
        self.cover(w, at..end, found);
        if is_whole {
            self.quoted = false;
            self.column = if w.byte(end) == b'\n' { 0 } else { self.column + 1 };
        }
        (end + usize::from(is_whole)).max(at + 1)
    }

    /// Covers a cell of a row whose cells a mark separates.
    fn cover(&self, w: &Window<'_>, cell: Range<usize>, found: &mut Found) {
        let own = self.headings.place(self.column);
        let moved = self.headings.place(self.column.wrapping_sub(self.extra));
        if let Some(place) = own.or(moved) {
            cover(w, cell, place, found);
        }
    }

    /// Covers a row whose cells blanks separate: by their order, or by where they stand if some are empty.
    fn aligned(&self, w: &Window<'_>, row: Range<usize>, found: &mut Found) {
        let text = w.slice(row.clone());
        let is_full = self.layout.count(text) == self.headings.count();
        for (index, cell) in self.layout.cells(text).enumerate() {
            let column = if is_full {
                index
            } else {
                self.headings.column_at(layout::characters(&text[..cell.start]))
            };
            if let Some(place) = self.headings.place(column) {
                cover(w, row.start + cell.start..row.start + cell.end, place, found);
            }
        }
    }
}

/// Covers a cell between its quotes.
fn cover(w: &Window<'_>, cell: Range<usize>, place: Place, found: &mut Found) {
    let blank = |byte: u8| byte.is_ascii_whitespace() || byte == b'"';
    let start = w.skip_while(cell.start, blank).min(cell.end);
    let mut end = cell.end;
    while end > start && blank(w.before(end)) {
        end -= 1;
    }
    // `-` and `?` are no values.
    if w.slice(start..end).iter().any(|byte| bytes::is(*byte, ALNUM | HIGH)) {
        place.cover(w, start..end, WHY, found);
    }
}
