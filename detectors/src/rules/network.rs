//! IP and MAC addresses: read whole, so that versions, times and object identifiers are not.

use std::net::Ipv6Addr;
use std::ops::Range;

use super::groups::{Groups, Separator};
use crate::Identifier;
use crate::bytes::{ALNUM, ALPHA, HEX};
use crate::checks::decimal;
use crate::window::{Candidate, Window};

/// The longest text of an IPv6 address: eight groups, the last two as IPv4, and a zone.
const IPV6_BYTES: usize = 64;

/// How far before an address a word may call it a version.
const VERSION_BYTES: usize = 32;

/// Four numbers up to 255 with dots between them, unless a word before calls it a version.
pub(super) fn ipv4(w: &Window<'_>, groups: &Groups) -> Option<Candidate> {
    let dotted = groups.separators(4).iter().all(|separator| *separator == Separator::Dot);
    let five = groups.len() > 4 && groups.separators(5).last() == Some(&Separator::Dot);
    if groups.len() < 4 || !dotted || five {
        return None;
    }
    let in_range =
        (0..4).all(|index| groups.size(index) <= 3 && decimal(w.slice(groups.group(index))) <= 255);
    let span = groups.span(4);
    let exact = span.len() == (0..4).map(|index| groups.size(index)).sum::<usize>() + 3;
    let apart = w.before(span.start) != b'.' && !w.is(span.end, ALPHA);
    // `::ffff:192.0.2.128` (RFC 4291, 2.5.5.2)
    let mapped = span.start.checked_sub(7).filter(|at| w.starts_with_caseless(*at, b"::ffff:"));
    let span = mapped.unwrap_or(span.start)..span.end;
    (in_range && exact && apart && !is_version(w, span.start))
        .then(|| w.found(Identifier::IpAddress, span, 85, "ipv4"))
}

/// A MAC or an IPv6 address, from its first group with a digit.
pub(super) fn coloned(w: &Window<'_>, token: &Range<usize>) -> Option<Candidate> {
    let separator = w.byte(token.end);
    let joins = |byte: u8| matches!(byte, b':' | b'-');
    if !joins(separator) && !joins(w.before(token.start)) {
        return None;
    }
    if let Some(mac) = mac(w, token) {
        return Some(mac);
    }
    let accept = |byte: u8| byte == b':' || byte == b'.' || crate::bytes::is(byte, HEX);
    let mut start = token.start;
    while start > 0 && accept(w.before(start)) && token.start - start < IPV6_BYTES {
        start -= 1;
    }
    let end = w.skip_while(token.end, accept);
    let text = w.slice(start..end);
    let text = text.strip_suffix(b".").unwrap_or(text);
    let colons = text.iter().filter(|byte| **byte == b':').count();
    if colons < 2 || text.len() > IPV6_BYTES || w.is(end, ALNUM) || w.is_before(start, ALNUM) {
        return None;
    }
    let address: Ipv6Addr = std::str::from_utf8(text).ok()?.parse().ok()?;
    let told = !address.is_unspecified() && !address.is_loopback();
    told.then(|| w.found(Identifier::IpAddress, start..start + text.len(), 85, "ipv6"))
}

/// Six pairs of hexadecimal digits between colons or dashes (IEEE 802).
fn mac(w: &Window<'_>, token: &Range<usize>) -> Option<Candidate> {
    let separator = w.byte(token.end);
    if token.len() != 2 || !matches!(separator, b':' | b'-') {
        return pair_before(w, token).and_then(|first| mac_from(w, first));
    }
    let first = pair_before(w, token).unwrap_or(token.start);
    mac_from(w, first)
}

/// The first pair of the address that `token` may be a later pair of: pairs of letters alone are
/// no tokens with digits.
fn pair_before(w: &Window<'_>, token: &Range<usize>) -> Option<usize> {
    let mut start = token.start;
    for _ in 0..5 {
        let separator = w.before(start);
        let is_pair = matches!(separator, b':' | b'-')
            && start >= 3
            && w.is(start - 2, HEX)
            && w.is(start - 3, HEX)
            && !w.is_before(start - 3, ALNUM);
        if !is_pair {
            break;
        }
        start -= 3;
    }
    (start < token.start).then_some(start)
}

fn mac_from(w: &Window<'_>, first: usize) -> Option<Candidate> {
    let separator = w.byte(first + 2);
    let is_mac = (0..6).all(|pair| {
        let at = first + pair * 3;
        w.is(at, HEX) && w.is(at + 1, HEX) && (pair == 5 || w.byte(at + 2) == separator)
    });
    let end = first + 17;
    let apart = !w.is(end, ALNUM) && w.byte(end) != separator;
    (is_mac && apart && matches!(separator, b':' | b'-'))
        .then(|| w.found(Identifier::Device, first..end, 90, "mac address"))
}

/// Whether a word right before, past numbers and punctuation, says that a version follows.
fn is_version(w: &Window<'_>, at: usize) -> bool {
    if w.holds_versions() || matches!(w.before(at), b'v' | b'V') {
        return true;
    }
    let before = w.slice(at.saturating_sub(VERSION_BYTES)..at);
    let words = before.split(|byte| !byte.is_ascii_alphabetic());
    words
        .filter(|word| !word.is_empty())
        .rev()
        .take(3)
        .any(|word| VERSION_WORDS.iter().any(|known| word.eq_ignore_ascii_case(known.as_bytes())))
}

const VERSION_WORDS: [&str; 20] = [
    "v", "ver", "version", "versions", "release", "released", "build", "firmware", "fw",
    "software", "sw", "kernel", "driver", "rev", "revision", "patch", "upgrade", "upgraded",
    "update", "app",
];
