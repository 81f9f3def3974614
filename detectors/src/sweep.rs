//! From overlapping candidates to findings that don't overlap.
//!
//! Each byte belongs to the strongest candidate that covers it, so what happens to a byte depends
//! on the candidates over it and on no chain of neighbours: that is what lets a stream be cut
//! anywhere. A candidate that lost a part of itself is covered whole in what is left, because what
//! may stay of a date can't be told from a part of one.

use std::cmp::Ordering;

use crate::checks::decimal;
use crate::finding::Cover;
use crate::window::Candidate;

/// A finding may be widened to whole characters and escapes by this many bytes.
pub(crate) const MEND_BYTES: usize = 8;

/// Settles overlaps and hands out findings in order. Keeps its memory between texts.
#[derive(Default)]
pub(crate) struct Sweep {
    active: Vec<Candidate>,
    /// Earlier years are covered with their dates.
    pub(crate) first_year: u32,
}

impl Sweep {
    /// Sorts `candidates` and puts into `settled` pieces that don't overlap, mended so that no
    /// UTF-8 character and, where `json` says so, no escape is cut. What lies before `from` was
    /// settled before; the last piece of that ended at `floor`.
    pub(crate) fn settle(
        &mut self,
        text: &[u8],
        candidates: &mut [Candidate],
        (from, floor): (usize, usize),
        mut json: impl FnMut(usize) -> bool,
        settled: &mut Vec<Candidate>,
    ) {
        settled.clear();
        sort(candidates);
        let mut rest = &*candidates;
        while let Some((one, others)) = rest.split_first() {
            let alone = others.first().is_none_or(|next| next.start >= one.end);
            if alone {
                settled.push(*one);
                rest = others;
            } else {
                let count = cluster(rest);
                self.divide(&rest[..count], settled);
                rest = &rest[count..];
            }
        }
        let mut end = floor;
        settled.retain_mut(|piece| {
            if !clip(piece, from) {
                return false;
            }
            if piece.start < end || is_cut(text, piece) || json(piece.start) {
                mend(text, piece, end, json(piece.start));
            }
            self.hide_year(text, piece);
            end = piece.end;
            // What a neighbour was widened over is gone.
            piece.start < piece.end
        });
    }

    fn hide_year(&self, text: &[u8], piece: &mut Candidate) {
        if let Cover::Year { at } = piece.cover {
            let year = piece.start + usize::from(at);
            if decimal(text.get(year..year + 4).unwrap_or_default()) < self.first_year {
                piece.cover = Cover::Letters;
            }
        }
    }

    /// Divides a run of overlapping candidates among the strongest.
    fn divide(&mut self, cluster: &[Candidate], settled: &mut Vec<Candidate>) {
        self.active.clear();
        let mut at = cluster.first().map_or(0, |candidate| candidate.start);
        let mut waiting = cluster;
        let mut last_owner = None;
        loop {
            while let Some((next, others)) = waiting.split_first().filter(|(c, _)| c.start <= at) {
                self.active.push(*next);
                waiting = others;
            }
            self.active.retain(|candidate| candidate.end > at);
            let Some(owner) = self.active.iter().copied().max_by(stronger) else { break };
            let next_start = waiting.first().map_or(usize::MAX, |next| next.start);
            let end = owner.end.min(next_start);
            push_piece(owner, (at, end), &mut last_owner, settled);
            at = end;
        }
    }
}

/// Sorts by start. Candidates come nearly in order, so each is moved to its place; if that takes
/// too many moves, they are sorted as anything is.
fn sort(candidates: &mut [Candidate]) {
    let mut moves = candidates.len() * MOVES;
    for end in 1..candidates.len() {
        let mut at = end;
        while let Some([one, other]) = candidates.get_mut(at - 1..=at)
            && one.start > other.start
        {
            std::mem::swap(one, other);
            at -= 1;
            moves = moves.saturating_sub(1);
            if at == 0 {
                break;
            }
        }
        if moves == 0 {
            return candidates.sort_unstable_by_key(|candidate| candidate.start);
        }
    }
}

/// How many places of a candidate's sort are as dear as another sort of all.
const MOVES: usize = 8;

/// How many of the first candidates hang together.
fn cluster(candidates: &[Candidate]) -> usize {
    let mut end = 0;
    let mut count = 0;
    for candidate in candidates {
        if count > 0 && candidate.start >= end {
            break;
        }
        end = end.max(candidate.end);
        count += 1;
    }
    count
}

/// Appends `[start, end)` of `owner`; one piece with the last if that was its own and touches.
fn push_piece(
    owner: Candidate,
    (start, end): (usize, usize),
    last_owner: &mut Option<Candidate>,
    settled: &mut Vec<Candidate>,
) {
    let goes_on = last_owner.replace(owner) == Some(owner);
    match settled.last_mut().filter(|last| goes_on && last.end == start) {
        Some(last) => {
            last.end = end;
            last.cover = kept(owner, last.start, end);
        }
        None => settled.push(Candidate { start, end, cover: kept(owner, start, end), ..owner }),
    }
}

/// What of `owner` may stay in this piece of it.
fn kept(owner: Candidate, start: usize, end: usize) -> Cover {
    if (start, end) == (owner.start, owner.end) { owner.cover } else { Cover::Whole }
}

/// What leaves nothing, then what is surer, then what is longer; then anything that is the same
/// every time.
fn stronger(one: &Candidate, other: &Candidate) -> Ordering {
    let rank = |candidate: &Candidate| {
        (leaves_nothing(candidate.cover), candidate.score, candidate.end - candidate.start)
    };
    rank(one)
        .cmp(&rank(other))
        .then_with(|| other.start.cmp(&one.start))
        .then_with(|| other.identifier.cmp(&one.identifier))
        .then_with(|| other.why.cmp(one.why))
}

/// Takes away what lies before `from`; false if that is all.
fn clip(piece: &mut Candidate, from: usize) -> bool {
    if piece.start < from {
        piece.start = from;
        piece.cover = Cover::Whole;
    }
    piece.end > from
}

fn leaves_nothing(cover: Cover) -> bool {
    matches!(cover, Cover::Whole | Cover::JsonNumber)
}

/// Whether a piece begins or ends within a character.
#[inline]
fn is_cut(text: &[u8], piece: &Candidate) -> bool {
    let within = |at: usize| text.get(at).is_some_and(|byte| is_continuation(*byte));
    within(piece.start) || within(piece.end)
}

fn is_continuation(byte: u8) -> bool {
    byte & 0xc0 == 0x80
}

/// Widens a piece to whole characters and escapes, but never into the piece before it.
fn mend(text: &[u8], piece: &mut Candidate, floor: usize, json: bool) {
    let byte = |at: usize| text.get(at).copied().unwrap_or(0);
    let before = (piece.start, piece.end);
    let limit = floor.max(piece.start.saturating_sub(3));
    while piece.start > limit && is_continuation(byte(piece.start)) {
        piece.start -= 1;
    }
    let limit = piece.end + 3;
    while piece.end < limit && is_continuation(byte(piece.end)) {
        piece.end += 1;
    }
    if json {
        mend_escapes(text, piece, floor);
    }
    piece.start = piece.start.max(floor);
    piece.end = piece.end.max(piece.start);
    if before != (piece.start, piece.end) {
        piece.cover = Cover::Whole;
    }
}

/// A JSON escape is `\` and one byte, or `\u` and four hexadecimal digits.
fn mend_escapes(text: &[u8], piece: &mut Candidate, floor: usize) {
    if let Some((start, end)) = escape_over(text, piece.start)
        && start < piece.start
        && start >= floor
        && end > piece.start
    {
        piece.start = start;
    }
    if let Some((start, end)) = escape_over(text, piece.end)
        && start < piece.end
        && end > piece.end
    {
        piece.end = end.min(text.len());
    }
}

/// The escape that the boundary `at` lies within, if any.
fn escape_over(text: &[u8], at: usize) -> Option<(usize, usize)> {
    for start in (at.saturating_sub(5)..at).rev() {
        if text.get(start) != Some(&b'\\') || !opens_escape(text, start) {
            continue;
        }
        let length = if text.get(start + 1) == Some(&b'u') { 6 } else { 2 };
        return (start + length > at).then_some((start, start + length));
    }
    None
}

/// A backslash opens an escape unless it is itself escaped. Three before it are enough to look at:
/// a longer run of backslashes holds no identifier whose cover could break it.
fn opens_escape(text: &[u8], at: usize) -> bool {
    let run = (1..=3).take_while(|back| at >= *back && text.get(at - back) == Some(&b'\\')).count();
    run % 2 == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Identifier;

    fn candidate(start: usize, end: usize, score: u8, why: &'static str) -> Candidate {
        let identifier = Identifier::Account;
        Candidate { start, end, identifier, score, why, cover: Cover::Whole }
    }

    fn settle(
        text: &[u8],
        json: bool,
        mut given: Vec<Candidate>,
    ) -> Vec<(usize, usize, &'static str)> {
        let mut settled = Vec::new();
        Sweep::default().settle(text, &mut given, (0, 0), |_| json, &mut settled);
        settled.iter().map(|piece| (piece.start, piece.end, piece.why)).collect()
    }

    #[test]
    fn the_stronger_candidate_takes_its_bytes_and_the_weaker_keeps_the_rest() {
        let given = vec![candidate(0, 10, 50, "weak"), candidate(4, 6, 90, "strong")];
        let pieces = settle(b"0123456789", false, given);
        assert_eq!(pieces, [(0, 4, "weak"), (4, 6, "strong"), (6, 10, "weak")]);
    }

    #[test]
    fn a_date_that_lost_a_part_keeps_no_year() {
        let mut date = candidate(0, 10, 50, "date");
        date.cover = Cover::Year { at: 0 };
        let mut settled = Vec::new();
        let mut given = [date, candidate(8, 20, 90, "code")];
        Sweep::default().settle(&[b'0'; 20], &mut given, (0, 0), |_| false, &mut settled);
        assert_eq!(settled[0].cover, Cover::Whole);
    }

    #[test]
    fn pieces_are_widened_to_whole_characters_and_escapes() {
        let text = "aé9".as_bytes();
        assert_eq!(settle(text, false, vec![candidate(0, 2, 50, "cut")]), [(0, 3, "cut")]);
        assert_eq!(settle(text, false, vec![candidate(2, 4, 50, "cut")]), [(1, 4, "cut")]);
        assert_eq!(settle(br"a\n12", true, vec![candidate(2, 5, 50, "cut")]), [(1, 5, "cut")]);
        assert_eq!(settle(br"12\u0041", true, vec![candidate(0, 4, 50, "cut")]), [(0, 8, "cut")]);
        assert_eq!(settle(br"12\\n12", true, vec![candidate(5, 7, 50, "cut")]), [(5, 7, "cut")]);
    }
}
