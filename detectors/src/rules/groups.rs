//! Groups of digits and what stands between them: `123-45-6789` is three.

use std::ops::Range;

use crate::bytes::{self, DIGIT};
use crate::window::Window;

/// No identifier has more groups: an IBAN's are read elsewhere.
const GROUPS: usize = 6;

/// What separates two groups. Dashes, blanks and characters of no width in all their Unicode
/// forms read as these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Separator {
    #[default]
    Dash,
    Dot,
    Slash,
    Space,
    /// A bracket, alone or with a blank or dash.
    Bracket,
    /// Anything else that may separate, and mixtures.
    Other,
}

/// Groups of digits from one token on.
#[derive(Debug, Default)]
pub(super) struct Groups {
    spans: [(u16, u16); GROUPS],
    /// `separators[i]` stands before group `i + 1`.
    separators: [Separator; GROUPS],
    count: usize,
}

impl Groups {
    /// Reads from the digits at `first` on.
    #[inline]
    pub(super) fn read(w: &Window<'_>, first: Range<usize>) -> Self {
        let mut groups = Self::default();
        groups.push(first.clone());
        let mut end = first.end;
        while groups.count < GROUPS
            && let Some((next, separator)) = separator(w, end)
        {
            groups.separators[groups.count - 1] = separator;
            let digits = next..w.skip_digits(next);
            end = digits.end;
            groups.push(digits);
        }
        groups
    }

    pub(super) fn len(&self) -> usize {
        self.count
    }

    pub(super) fn group(&self, index: usize) -> Range<usize> {
        let (start, end) = self.spans[index];
        usize::from(start)..usize::from(end)
    }

    /// How many digits group `index` has; 0 where there is none.
    #[inline]
    pub(super) fn size(&self, index: usize) -> usize {
        let (start, end) = self.spans[index];
        usize::from(end - start)
    }

    /// How many digits all groups have.
    pub(super) fn count_digits(&self) -> usize {
        self.spans.iter().map(|(start, end)| usize::from(end - start)).sum()
    }

    /// Whether more groups may follow than are read.
    pub(super) fn is_full(&self) -> bool {
        self.count == GROUPS
    }

    pub(super) fn separators(&self, groups: usize) -> &[Separator] {
        &self.separators[..groups.saturating_sub(1)]
    }

    /// Whether the first groups have these sizes.
    #[inline]
    pub(super) fn begin_with(&self, sizes: &[usize]) -> bool {
        self.count >= sizes.len()
            && sizes.iter().enumerate().all(|(index, size)| self.size(index) == *size)
    }

    /// The span of the first `count` groups.
    pub(super) fn span(&self, count: usize) -> Range<usize> {
        self.group(0).start..self.group(count - 1).end
    }

    /// The digits of the first `count` groups, written to `into`; `None` if they don't fit.
    pub(super) fn digits<'b>(
        &self,
        w: &Window<'_>,
        count: usize,
        into: &'b mut [u8; 24],
    ) -> Option<&'b [u8]> {
        let mut len = 0;
        for index in 0..count {
            let digits = w.slice(self.group(index));
            into.get_mut(len..len + digits.len())?.copy_from_slice(digits);
            len += digits.len();
        }
        into.get(..len)
    }

    fn push(&mut self, span: Range<usize>) {
        // A window is far shorter than 64 KiB.
        let short = |at: usize| u16::try_from(at).unwrap_or(u16::MAX);
        self.spans[self.count] = (short(span.start), short(span.end));
        self.count += 1;
    }
}

/// What separates the digits that end at `at` from those that begin behind it: where those begin,
/// and what it is. Three characters at most.
#[inline]
fn separator(w: &Window<'_>, at: usize) -> Option<(usize, Separator)> {
    let (next, separator) = unit(w, at)?;
    if w.is(next, DIGIT) { Some((next, separator)) } else { mixture(w, next, separator) }
}

/// The same, of more characters than the one before `end`.
fn mixture(w: &Window<'_>, mut end: usize, mut whole: Separator) -> Option<(usize, Separator)> {
    for _ in 1..3 {
        let (next, separator) = unit(w, end)?;
        whole = join(whole, separator);
        end = next;
        if w.is(end, DIGIT) {
            return Some((end, whole));
        }
    }
    None
}

fn join(one: Separator, other: Separator) -> Separator {
    match (one, other) {
        (Separator::Bracket, _) | (_, Separator::Bracket) => Separator::Bracket,
        (Separator::Space, separator) | (separator, Separator::Space) => separator,
        (one, other) if one == other => Separator::Other,
        _ => Separator::Other,
    }
}

/// One separating character.
#[inline]
fn unit(w: &Window<'_>, at: usize) -> Option<(usize, Separator)> {
    let separator = match w.byte(at) {
        b'-' => Separator::Dash,
        b'.' => Separator::Dot,
        b'/' => Separator::Slash,
        b' ' => Separator::Space,
        b'(' | b')' => Separator::Bracket,
        b'_' => Separator::Other,
        byte if bytes::is(byte, bytes::HIGH) => return wide_unit(w, at),
        _ => return None,
    };
    Some((at + 1, separator))
}

/// Dashes, blanks and format characters beyond ASCII, in UTF-8.
#[cold]
fn wide_unit(w: &Window<'_>, at: usize) -> Option<(usize, Separator)> {
    let (len, separator) = match (w.byte(at), w.byte(at + 1), w.byte(at + 2)) {
        // U+00A0 no-break space, U+00AD soft hyphen, U+00B7 middle dot
        (0xc2, 0xa0, _) => (2, Separator::Space),
        (0xc2, 0xad, _) => (2, Separator::Dash),
        (0xc2, 0xb7, _) => (2, Separator::Dot),
        // U+2000 to U+200A blanks, U+200B to U+200F of no width
        (0xe2, 0x80, 0x80..=0x8f) => (3, Separator::Space),
        // U+2010 to U+2015 dashes
        (0xe2, 0x80, 0x90..=0x95) => (3, Separator::Dash),
        // U+202A to U+202F embeddings and the narrow no-break space
        (0xe2, 0x80, 0xaa..=0xaf) => (3, Separator::Space),
        // U+205F to U+2064: blanks and joiners
        (0xe2, 0x81, 0x9f..=0xa4) => (3, Separator::Space),
        // U+2043 hyphen bullet, U+2212 minus
        (0xe2, 0x81, 0x83) | (0xe2, 0x88, 0x92) => (3, Separator::Dash),
        // U+3000 ideographic space, U+FEFF byte order mark
        (0xe3, 0x80, 0x80) | (0xef, 0xbb, 0xbf) => (3, Separator::Space),
        // U+FE58, U+FE63, U+FF0D: small and full-width dashes
        (0xef, 0xb9, 0x98 | 0xa3) | (0xef, 0xbc, 0x8d) => (3, Separator::Dash),
        _ => return None,
    };
    Some((at + len, separator))
}
