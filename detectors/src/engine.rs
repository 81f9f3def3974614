//! From events to candidates: each event's rule runs in the window around it.

use std::ops::Range;

use crate::anchors::Anchor;
use crate::batch::Cells;
use crate::bytes::{self, ALNUM};
use crate::events::Event;
use crate::rules::{self, Found};
use crate::window::{LOOK_AHEAD, LOOK_BACK, Window};

/// The longest anchor literal; checked when the pack is made.
pub(crate) const LITERAL_BYTES: usize = 32;

/// An anchor's literal ends at `end`.
#[derive(Clone, Copy)]
pub(crate) struct Hit {
    pub(crate) anchor: u32,
    pub(crate) end: u32,
}

/// Runs the rules on `events`, which were found in `range`. `floor` is where the last token's search
/// ended; returns the new one.
pub(crate) fn on_events(
    text: &[u8],
    mut cells: Cells<'_>,
    anchors: &[Anchor],
    (range, floor): (&Range<usize>, usize),
    events: &[Event],
    found: &mut Found,
) -> usize {
    let mut tokens = Tokens { text, range, floor };
    for event in events {
        match *event {
            Event::Hit { anchor, end } => {
                let Some(anchor) = anchors.get(anchor as usize) else { continue };
                let end = end as usize;
                let (cell, manner) = cells.seek(end);
                let (window, at) = Window::around(text, cell, end, manner);
                rules::on_anchor(&window, at, anchor, found);
            }
            Event::Token { digit, end } => {
                tokens.on(&mut cells, digit as usize..end as usize, found);
            }
            Event::Key { open, close } => {
                let (open, close) = (open as usize, close as usize);
                let (cell, manner) = cells.seek(close);
                let key = text.get(open + 1..close).filter(|_| open >= cell.start);
                let Some(meaning) = key.and_then(|key| found.keys.meaning(key)) else { continue };
                let (window, at) = Window::around(text, cell, close + 1, manner);
                rules::on_key(&window, at, meaning, found);
            }
        }
    }
    tokens.floor
}

/// Tokens with a digit.
struct Tokens<'t> {
    text: &'t [u8],
    range: &'t Range<usize>,
    floor: usize,
}

impl Tokens<'_> {
    /// A run of letters and digits goes on to the end of `run`, which begins with a digit.
    #[inline]
    fn on(&mut self, cells: &mut Cells<'_>, run: Range<usize>, found: &mut Found) {
        let text = self.text.get(..run.end.min(self.range.end)).unwrap_or_default();
        let mut at = run.start.max(self.floor);
        while at < run.end
            && let Some(digit) = bytes::next_digit(text, at)
        {
            self.on_digit(cells, digit, found);
            at = self.floor;
        }
    }

    fn on_digit(&mut self, cells: &mut Cells<'_>, digit: usize, found: &mut Found) {
        let (cell, manner) = cells.seek(digit);
        let (window, local) = Window::around(self.text, cell, digit, manner);
        let least = window.offset(self.floor);
        let mut start = local;
        while start > least && window.is_before(start, ALNUM) {
            start -= 1;
        }
        let end = window.skip(local, ALNUM);
        // What began before the floor or reaches behind the window is too long for any rule.
        let too_long = window.is_before(start, ALNUM) && start > 0
            || start == 0 && local >= LOOK_BACK
            || end == window.len() && window.is_full();
        let next = if too_long { end } else { rules::on_token(&window, start..end, found) };
        self.floor = window.position(next.max(local + 1));
    }
}

/// Follows runs that left their window, as far as `upto`. They are few, and lie anywhere: so each
/// seeks its cell from the first one on.
pub(crate) fn on_tails<'t>(text: &'t [u8], cells: &Cells<'t>, upto: usize, found: &mut Found) {
    let mut index = 0;
    while let Some(tail) = found.tails.get(index).copied() {
        if tail.at > upto {
            index += 1;
            continue;
        }
        found.tails.swap_remove(index);
        let mut cells = cells.clone();
        let (cell, manner) = cells.seek(tail.at);
        let (window, at) = Window::around(text, cell, tail.at, manner);
        rules::follow(&window, at, tail.run, found);
    }
}

const _: () = assert!(LITERAL_BYTES < LOOK_BACK && LOOK_BACK < LOOK_AHEAD);
