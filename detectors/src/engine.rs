//! One pass over a text: anchors, tokens, rules, candidates.

use std::ops::Range;

use crate::anchors::Anchor;
use crate::batch::Cells;
use crate::bytes::{self, ALNUM};
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

/// Anchors' hits, in the order of their ends.
pub(crate) fn on_hits(
    text: &[u8],
    mut cells: Cells<'_>,
    anchors: &[Anchor],
    hits: &[Hit],
    found: &mut Found,
) {
    for hit in hits {
        let Some(anchor) = anchors.get(hit.anchor as usize) else { continue };
        let end = hit.end as usize;
        let (cell, manner) = cells.seek(end);
        let (window, at) = Window::around(text, cell, end, manner);
        rules::on_anchor(&window, at, anchor, found);
    }
}

/// Tokens with a digit within `digits`. `floor` is where the last token's search ended; returns
/// the new one.
pub(crate) fn on_tokens(
    text: &[u8],
    mut cells: Cells<'_>,
    digits: Range<usize>,
    mut floor: usize,
    found: &mut Found,
) -> usize {
    let mut at = digits.start.max(floor);
    while let Some(digit) = bytes::next_digit(text, at).filter(|digit| *digit < digits.end) {
        let (cell, manner) = cells.seek(digit);
        let (window, local) = Window::around(text, cell, digit, manner);
        let least = window.offset(floor);
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
        floor = window.position(next.max(local + 1));
        at = floor;
    }
    floor
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
