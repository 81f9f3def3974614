//! From events to candidates: each event's rule runs in the window around it.

use std::ops::Range;

use crate::anchors::LITERAL_BYTES;
use crate::batch::Cells;
use crate::bitmaps::BLOCK;
use crate::bytes::{self, ALNUM};
use crate::events::Event;
use crate::lexicon;
use crate::pack::Pack;
use crate::rules::{self, Found};
use crate::view::spots;
use crate::walk::{self, Walk};
use crate::window::{CASE_BYTES, LOOK_AHEAD, LOOK_BACK, Manner, Window};

/// Where the last token's search ended, and the last word's.
#[derive(Clone, Copy, Default)]
pub(crate) struct Floors {
    pub(crate) token: usize,
    pub(crate) word: usize,
}

impl Floors {
    /// As offsets into a text of which the first `cut` bytes are gone.
    pub(crate) fn behind(self, cut: usize) -> Self {
        Self { token: self.token.saturating_sub(cut), word: self.word.saturating_sub(cut) }
    }
}

/// Runs the rules on `events`, which were found in `range`. Returns the new floors.
pub(crate) fn on_events(
    text: &[u8],
    mut cells: Cells<'_>,
    pack: &Pack,
    (range, floors): (&Range<usize>, Floors),
    events: &[Event],
    found: &mut Found,
) -> Floors {
    let (anchors, site_rules) = (&pack.seeker().anchors, pack.site_rules());
    let mut tokens = Tokens { text, range, floor: floors.token };
    let mut words = Names { text, floor: floors.word, capitals: Capitals::default() };
    for event in events {
        match *event {
            Event::Hit { anchor, end } => {
                let Some(anchor) = anchors.get(anchor as usize) else { continue };
                let end = end as usize;
                let (cell, manner) = cells.seek(end);
                let (window, at) = Window::around(text, cell, end, manner);
                rules::on_anchor(&window, at, anchor, found);
            }
            Event::Site { rule, start, end } => {
                let Some(rule) = site_rules.get(usize::from(rule)) else { continue };
                let (start, end) = (start as usize, end as usize);
                let (cell, manner) = cells.seek(end);
                let (window, at) = Window::around(text, cell, end, manner);
                rules::on_site(&window, window.offset(start)..at, rule, found);
            }
            Event::Token { digit, end } => {
                tokens.on(&mut cells, digit as usize..end as usize, found);
            }
            Event::Word { at } => words.on(&mut cells, at as usize, found),
            Event::Run { at, end } => found.runs.push(at as usize..end as usize),
            Event::Beyond { start, end } => {
                spots::disguises(text, start as usize..end as usize, &mut found.spots);
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
    Floors { token: tokens.floor, word: words.floor }
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
        if run.start >= self.floor {
            self.on_digit(cells, run.clone(), found);
        }
        while self.floor < run.end
            && let Some(digit) = self.next_digit(run.end)
        {
            self.on_digit(cells, digit..run.end, found);
        }
    }

    /// The next digit that nothing has looked at, if it stands before `end` and in the range.
    fn next_digit(&self, end: usize) -> Option<usize> {
        let text = self.text.get(..end.min(self.range.end)).unwrap_or_default();
        bytes::next_digit(text, self.floor)
    }

    /// A token holds the digit that `run` begins with.
    fn on_digit(&mut self, cells: &mut Cells<'_>, run: Range<usize>, found: &mut Found) {
        let (cell, manner) = cells.seek(run.start);
        let (window, local) = Window::around(self.text, cell, run.start, manner);
        let least = window.offset(self.floor);
        let mut start = local;
        while start > least && window.is_before(start, ALNUM) {
            start -= 1;
        }
        let end = match run.len() {
            ..BLOCK => window.offset(run.end),
            // Of the longest runs an event tells no more.
            _ => window.skip(local, ALNUM),
        };
        // What began before the floor or reaches behind the window is too long for any rule.
        let too_long = window.is_before(start, ALNUM) && start > 0
            || start == 0 && local >= LOOK_BACK
            || end == window.len() && window.is_full();
        let next = if too_long { end } else { rules::on_token(&window, start..end, found) };
        self.floor = window.position(next.max(local + 1));
    }
}

/// Words that may be names.
struct Names<'t> {
    text: &'t [u8],
    floor: usize,
    capitals: Capitals,
}

impl Names<'_> {
    /// A word may begin at `start`.
    #[inline]
    fn on(&mut self, cells: &mut Cells<'_>, start: usize, found: &mut Found) {
        if start >= self.floor && !self.is_plain(cells, start) {
            self.floor = ask(self.text, cells.seek(start), start, found);
        }
    }

    /// Whether a word in small letters is no name, since a capital is near and would mark one.
    #[inline]
    fn is_plain(&mut self, cells: &mut Cells<'_>, start: usize) -> bool {
        let text = self.text;
        let end = end_of(text, start, bytes::LOWER);
        let closed = !text.get(end).is_some_and(|byte| bytes::is(*byte, bytes::WORD));
        let begins = start == 0 || !bytes::is(text[start - 1], ALNUM | bytes::HIGH);
        let word = &text[start..end];
        end > start
            && closed
            && begins
            && !lexicon::wakes(lexicon::eight(word), word.len())
            && self.capitals.are_near(text, cells.seek(start).0, start)
    }
}

/// Asks the rule about the word at `start`. Returns where to look for the next one.
fn ask(
    text: &[u8],
    (cell, manner): (&Range<usize>, Manner),
    start: usize,
    found: &mut Found,
) -> usize {
    let (window, local) = Window::around(text, cell, start, manner);
    let escape = manner.json && window.before(local) == b'\\';
    let next = if escape {
        local + 1
    } else if rules::begins_word(&window, local) {
        rules::on_word(&window, local, found).max(local + 1)
    } else {
        window.skip(local, ALNUM | bytes::HIGH).max(local + 1)
    };
    window.position(next)
}

/// Where capitals are, as far as is known: where there are none, words in small letters may be
/// names.
#[derive(Default)]
struct Capitals {
    last: Option<usize>,
    /// Where none is.
    none: Range<usize>,
}

impl Capitals {
    /// Whether one stands as near to `at` as the rules look for it.
    #[inline]
    fn are_near(&mut self, text: &[u8], cell: &Range<usize>, at: usize) -> bool {
        let near = at.saturating_sub(CASE_BYTES).max(cell.start)..(at + CASE_BYTES).min(cell.end);
        if self.last.is_some_and(|last| near.contains(&last)) {
            return true;
        }
        if self.none.start <= near.start && near.end <= self.none.end {
            return false;
        }
        let bytes = text.get(near.clone()).unwrap_or_default();
        // From behind: the last one is near for the most words to come.
        let found = bytes.iter().rposition(u8::is_ascii_uppercase);
        self.last = found.map(|offset| near.start + offset);
        if found.is_none() {
            self.none = near;
        }
        found.is_some()
    }
}

fn end_of(text: &[u8], from: usize, class: u8) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    from + rest.iter().take_while(|byte| bytes::is(**byte, class)).count()
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

/// Goes on with each walk, as far as `upto`, and with those of the messages that were met.
pub(crate) fn on_walks<'t>(
    text: &'t [u8],
    cells: &Cells<'t>,
    upto: usize,
    walks: &mut Vec<Walk>,
    found: &mut Found,
) {
    let around = |cells: &mut Cells<'t>, at| {
        let (cell, manner) = cells.seek(at);
        Window::around(text, cell, at, manner)
    };
    let mut heads = std::mem::take(&mut found.heads);
    heads.sort_unstable();
    // A line within a table is a row, even where it reads as a header does: each is read once.
    let mut table = walks.iter().position(Walk::is_table).map(|at| walks.swap_remove(at));
    let mut read = 0;
    for head in heads.drain(..) {
        table = table.and_then(|mut walk| {
            while walk.at <= head {
                let (w, at) = around(&mut cells.clone(), walk.at);
                if !walk.step(&w, at, found) {
                    read = walk.at;
                    return None;
                }
            }
            Some(walk)
        });
        let (w, at) = around(&mut cells.clone(), head);
        walks.extend(walk::message(&w, at));
        if table.is_none() && read <= head {
            table = walk::table(&w, at);
        }
    }
    found.heads = heads;
    walks.extend(table);
    walks.sort_by_key(|walk| walk.at);
    let mut cells = cells.clone();
    walks.retain_mut(|walk| {
        while walk.at <= upto {
            let (w, at) = around(&mut cells, walk.at);
            if !walk.step(&w, at, found) {
                return false;
            }
        }
        true
    });
}

const _: () = assert!(LITERAL_BYTES < LOOK_BACK && LOOK_BACK < LOOK_AHEAD);
const _: () = assert!(CASE_BYTES < LOOK_BACK);
