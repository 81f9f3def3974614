//! E-mail addresses and URLs, grown from `@`, `://` and `www.`.

use std::ops::Range;

use super::{Found, Run, RunKind};
use crate::Identifier;
use crate::bytes::{self, ALNUM, ALPHA, LOCAL, URI};
use crate::window::Window;

/// RFC 5321, 4.5.3.1 allows 64 octets; what is longer is no address, and may name somebody still.
const LOCAL_BYTES: usize = 256;

/// Grows both ways from `@`. A domain without a dot counts if it is a word: hosts of one's own
/// network have such.
pub(super) fn email(w: &Window<'_>, hit: Range<usize>, found: &mut Found) {
    let start = local_start(w, hit.start);
    let end = domain_end(w, hit.end);
    if start == hit.start || end == hit.end {
        return;
    }
    let dotted = w.slice(hit.end..end).contains(&b'.');
    let word = end - hit.end >= 4 && w.is(hit.end, ALPHA) && hit.start - start >= 2;
    if dotted || word {
        let score = if dotted { 95 } else { 50 };
        found.push(w.found(Identifier::Email, start..end, score, "email"));
    }
}

/// A scheme before and anything behind `://`. Names of code systems are URLs that identify nobody.
pub(super) fn url(w: &Window<'_>, hit: Range<usize>, found: &mut Found) {
    let scheme = w.skip_back(hit.start, ALNUM);
    if scheme == hit.start || !w.is(hit.end, URI) || is_vocabulary(w, hit.end) {
        return;
    }
    if is_within_url(w, scheme) {
        return;
    }
    push_uri(w, scheme, hit.end, found);
}

pub(super) fn www(w: &Window<'_>, hit: Range<usize>, found: &mut Found) {
    if w.begins_word(hit.start) && w.is(hit.end, ALNUM) && w.before(hit.start) != b'/' {
        push_uri(w, hit.start, hit.end, found);
    }
}

/// Whether a URL began before `at` and goes on to it: that one covers this.
fn is_within_url(w: &Window<'_>, at: usize) -> bool {
    let run = w.skip_back(at, URI);
    let mut marks = w.slice(run..at).windows(3).enumerate();
    marks.any(|(offset, mark)| {
        let host = run + offset + 3;
        mark == b"://" && w.is_before(host - 3, ALNUM) && !is_vocabulary(w, host)
    })
}

fn push_uri(w: &Window<'_>, start: usize, from: usize, found: &mut Found) {
    let run = Run { kind: RunKind::Uri, identifier: Identifier::Url, score: 90, why: "url" };
    let end = w.skip(from, URI);
    if end == w.len() && w.is_full() {
        return found.push_run(w, start, run, from);
    }
    let mut end = end;
    while end > from && b".,;:!?)]'".contains(&w.before(end)) {
        end -= 1;
    }
    found.push(w.found(run.identifier, start..end, run.score, run.why));
}

fn local_start(w: &Window<'_>, at: usize) -> usize {
    let least = at.saturating_sub(LOCAL_BYTES);
    if w.before(at) == b'"' {
        let quoted = w.slice(least..at - 1);
        let open = quoted.iter().rposition(|byte| matches!(byte, b'"' | b'\n'));
        return open
            .filter(|open| quoted.get(*open) == Some(&b'"'))
            .map_or(at, |open| least + open);
    }
    let mut start = at;
    while start > least && w.is_before(start, LOCAL) {
        start -= 1;
    }
    // `\nbob@example.com` in a JSON text: the letter belongs to the escape.
    if w.is_json() && w.before(start) == b'\\' && b"nrt".contains(&w.byte(start)) {
        start += 1;
    }
    // `from:'bob@example.com'`, `--to=bob@example.com`: what no address begins with.
    while start < at && b"'=/.!#&?*~^%$".contains(&w.byte(start)) {
        start += 1;
    }
    start
}

fn domain_end(w: &Window<'_>, at: usize) -> usize {
    if w.byte(at) == b'[' {
        let close = w.skip_while(at + 1, |byte| bytes::is(byte, ALNUM) || b".:".contains(&byte));
        return if w.byte(close) == b']' { close + 1 } else { at };
    }
    let mut end = at;
    while w.is(end, ALNUM | bytes::HIGH)
        || b".-_".contains(&w.byte(end)) && w.is(end + 1, ALNUM | bytes::HIGH) && end > at
    {
        end += 1;
    }
    end
}

/// Hosts whose URLs name code systems, profiles and namespaces, never a person.
fn is_vocabulary(w: &Window<'_>, host: usize) -> bool {
    let host_end = w.skip_while(host, |byte| bytes::is(byte, ALNUM) || b".-".contains(&byte));
    let name = w.slice(host..host_end);
    let known = VOCABULARIES.iter().any(|known| {
        name.strip_suffix(known.as_bytes())
            .is_some_and(|rest| rest.is_empty() || rest.ends_with(b"."))
    });
    known && !w.slice(host_end..w.skip(host_end, URI)).iter().any(|byte| b"?@".contains(byte))
}

const VOCABULARIES: [&str; 10] = [
    "hl7.org",
    "loinc.org",
    "snomed.info",
    "unitsofmeasure.org",
    "w3.org",
    "nlm.nih.gov",
    "cdc.gov",
    "ama-assn.org",
    "dicom.nema.org",
    "nucc.org",
];
