//! Masks made with a key: the same for equal values of a scope, and others in another one.
//!
//! A value's text decides, so that text and binary format agree. What a type or FF1 has no room for is
//! covered whole: FF1 needs a million possible values (NIST SP 800-38G Rev. 1), and fewer could be
//! tried out.

use aes::Aes256;
use aws_lc_rs::hmac;
use fpe::ff1::{FF1, FlexibleNumeralString};
use lazaret_link::{TokenScope, Tokens};
use lazaret_policy::{Format, HMAC_PREFIX, TypeKind};

use super::number;
use super::outcome::Outcome;

/// FF1 takes time with the square of the length, and no identifier is longer.
const LONGEST_FF1: usize = 64;

/// Steps of a cycle walk: each finds a number that fits with a chance of a tenth or more.
const WALK: usize = 1_000;

/// The keys of one scope.
pub(crate) struct Keys {
    codes: hmac::Key,
    digits: FF1<Aes256>,
    letters: FF1<Aes256>,
    pub(super) shift_days: i64,
}

impl Keys {
    /// `None` where there is no key.
    pub(crate) fn new(tokens: &Tokens, resource: &str, grant: &str) -> Option<Self> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, tokens.key.as_ref()?.expose().as_bytes());
        let derive = |purpose: &str| {
            let mut scope = hmac::Context::with_key(&key);
            let grant = if tokens.scope == TokenScope::Grant { grant } else { "" };
            for part in ["lazaret mask 1", purpose, resource, grant] {
                scope.update(part.as_bytes());
                scope.update(&[0]);
            }
            scope.sign()
        };
        let ff1 = |purpose, radix| FF1::new(derive(purpose).as_ref(), radix).ok();
        Some(Self {
            codes: hmac::Key::new(hmac::HMAC_SHA256, derive("hmac").as_ref()),
            digits: ff1("ff1 digits", 10)?,
            letters: ff1("ff1 letters", 36)?,
            shift_days: shift(number_of(derive("date shift").as_ref()), tokens.date_shift_days),
        })
    }

    /// A code in the place of the value that `values` ends with, from `start`.
    pub(super) fn code(
        &self,
        kind: TypeKind,
        format: Format,
        values: &mut Vec<u8>,
        start: usize,
    ) -> Option<Outcome> {
        use TypeKind as K;
        let value = values.get(start..)?;
        let mut masked = Vec::new();
        match (kind, format) {
            (K::Text | K::Xml | K::Json, _) | (K::Jsonb, Format::Text) => {
                self.write_code(value, kind, &mut masked);
            }
            (K::Jsonb, Format::Binary) => {
                let (&1, text) = value.split_first()? else { return None };
                masked.push(1);
                self.write_code(text, kind, &mut masked);
            }
            (K::Int4 | K::Int8, _) => {
                let number = self.number(number::read_int(format, value)?.to_string().as_bytes());
                let bits = if kind == K::Int4 { 31 } else { 63 };
                write_integer(kind, format, number >> (64 - bits), &mut masked)?;
            }
            (K::Numeric, _) => {
                let number = self.number(integer(kind, format, value)?.as_bytes());
                write_integer(kind, format, number >> 1, &mut masked)?;
            }
            (K::Uuid, _) => {
                let code = hmac::sign(&self.codes, &uuid_bytes(format, value)?);
                write_uuid(format, *code.as_ref().first_chunk()?, &mut masked);
            }
            _ => return None,
        }
        Some(replace(values, start, &masked))
    }

    /// FF1 of the digits, or of the digits and letters, of the value that `values` ends with.
    pub(super) fn preserve(
        &self,
        kind: TypeKind,
        format: Format,
        values: &mut Vec<u8>,
        start: usize,
    ) -> Option<Outcome> {
        use TypeKind as K;
        let value = values.get_mut(start..)?;
        match kind {
            K::Text => {
                self.preserve_text(value)?;
                Some(Outcome::Masked(value.len()))
            }
            K::Int4 | K::Int8 | K::Numeric => {
                let most = if kind == K::Int4 { i64::from(i32::MAX) } else { i64::MAX };
                let number = self.walk(&integer(kind, format, value)?, most)?;
                let mut masked = Vec::new();
                write_integer(kind, format, number, &mut masked)?;
                Some(replace(values, start, &masked))
            }
            _ => None,
        }
    }

    /// What stands between letters and digits stays.
    fn preserve_text(&self, value: &mut [u8]) -> Option<()> {
        let is_numeral = |byte: &&u8| byte.is_ascii_alphanumeric();
        let numerals: Vec<u8> = value.iter().filter(is_numeral).copied().collect();
        let cannot = !value.is_ascii() || numerals.len() > LONGEST_FF1;
        if cannot {
            return None;
        }
        let (ff1, radix) = match numerals.iter().all(u8::is_ascii_digit) {
            true => (&self.digits, 10),
            false => (&self.letters, 36),
        };
        // Two values that differ in case alone are two.
        let case: Vec<u8> =
            numerals.iter().map(|byte| u8::from(byte.is_ascii_uppercase())).collect();
        let tweak = if radix == 36 { &case[..] } else { &[] };
        let read: Option<Vec<u16>> =
            numerals.iter().map(|&byte| char::from(byte).to_digit(36)?.try_into().ok()).collect();
        let masked = encrypt(ff1, tweak, read?)?;
        let is_upper = !numerals.iter().any(u8::is_ascii_lowercase);
        let places = value.iter_mut().filter(|byte| byte.is_ascii_alphanumeric());
        for (place, numeral) in places.zip(masked) {
            let letter = char::from_digit(numeral.into(), radix)?;
            let letter = if is_upper { letter.to_ascii_uppercase() } else { letter };
            *place = u8::try_from(letter).ok()?;
        }
        Some(())
    }

    /// A number of as many digits that is no larger than `most`.
    fn walk(&self, number: &str, most: i64) -> Option<u64> {
        let most = u64::try_from(most).ok()?;
        let mut numerals: Vec<u16> =
            number.bytes().map(|byte| u16::from(byte.wrapping_sub(b'0'))).collect();
        // Of 19 digits few fit.
        if numerals.len() > 18 {
            return None;
        }
        for _ in 0..WALK {
            numerals = encrypt(&self.digits, &[], numerals)?;
            let value = numerals.iter().fold(0, |value, &digit| value * 10 + u64::from(digit));
            if numerals.first() != Some(&0) && value <= most {
                return Some(value);
            }
        }
        None
    }

    fn write_code(&self, value: &[u8], kind: TypeKind, out: &mut Vec<u8>) {
        let quote: &[u8] =
            if matches!(kind, TypeKind::Json | TypeKind::Jsonb) { b"\"" } else { b"" };
        out.extend_from_slice(quote);
        out.extend_from_slice(HMAC_PREFIX);
        let code = hmac::sign(&self.codes, value);
        for byte in code.as_ref().iter().take(12) {
            out.extend_from_slice(format!("{byte:02x}").as_bytes());
        }
        out.extend_from_slice(quote);
    }

    fn number(&self, value: &[u8]) -> u64 {
        number_of(hmac::sign(&self.codes, value).as_ref())
    }
}

fn encrypt(ff1: &FF1<Aes256>, tweak: &[u8], numerals: Vec<u16>) -> Option<Vec<u16>> {
    let masked = ff1.encrypt(tweak, &FlexibleNumeralString::from(numerals)).ok()?;
    Some(masked.into())
}

fn number_of(code: &[u8]) -> u64 {
    code.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

/// From 1 to `most` days, to either side.
fn shift(random: u64, most: u32) -> i64 {
    let days = i64::try_from(random % u64::from(most.max(1))).unwrap_or(0) + 1;
    if random >> 63 == 0 { days } else { -days }
}

fn replace(values: &mut Vec<u8>, start: usize, masked: &[u8]) -> Outcome {
    values.truncate(start);
    values.extend_from_slice(masked);
    Outcome::Masked(masked.len())
}

/// The digits of a number that is whole and not negative, without leading zeros.
fn integer(kind: TypeKind, format: Format, value: &[u8]) -> Option<String> {
    let text = match (kind, format) {
        (TypeKind::Numeric, Format::Binary) => {
            let mut text = Vec::new();
            number::render_numeric(value, &mut text).then_some(text)?
        }
        (TypeKind::Numeric, Format::Text) => value.to_vec(),
        _ => number::read_int(format, value)?.to_string().into_bytes(),
    };
    let text = String::from_utf8(text).ok()?;
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let is_number = !whole.is_empty() && whole.bytes().all(|byte| byte.is_ascii_digit());
    let is_whole = fraction.bytes().all(|byte| byte == b'0');
    (is_number && is_whole).then(|| whole.trim_start_matches('0').to_owned())
}

fn write_integer(kind: TypeKind, format: Format, number: u64, out: &mut Vec<u8>) -> Option<()> {
    match (kind, format) {
        (_, Format::Text) => out.extend_from_slice(number.to_string().as_bytes()),
        (TypeKind::Int4, _) => out.extend_from_slice(&i32::try_from(number).ok()?.to_be_bytes()),
        (TypeKind::Int8, _) => out.extend_from_slice(&i64::try_from(number).ok()?.to_be_bytes()),
        _ => number::write_numeric(number, out),
    }
    Some(())
}

fn uuid_bytes(format: Format, value: &[u8]) -> Option<[u8; 16]> {
    match format {
        Format::Binary => value.try_into().ok(),
        Format::Text => {
            let hex: String = std::str::from_utf8(value).ok()?.replace('-', "");
            let number = u128::from_str_radix(&hex, 16).ok().filter(|_| hex.len() == 32)?;
            Some(number.to_be_bytes())
        }
    }
}

/// RFC 9562, version 8: what is in it is one's own affair.
fn write_uuid(format: Format, mut bytes: [u8; 16], out: &mut Vec<u8>) {
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    match format {
        Format::Binary => out.extend_from_slice(&bytes),
        Format::Text => {
            for (at, byte) in bytes.iter().enumerate() {
                if matches!(at, 4 | 6 | 8 | 10) {
                    out.push(b'-');
                }
                out.extend_from_slice(format!("{byte:02x}").as_bytes());
            }
        }
    }
}

#[cfg(test)]
mod tests;
