//! Masks made with a key: the same for equal values of a scope, and others in another one.
//!
//! What a type or FF1 has no room for is covered whole: FF1 needs a million possible values (NIST SP 800-38G
//! Rev. 1), and fewer could be tried out.

use aes::Aes256;
use aws_lc_rs::hmac;
use fpe::ff1::{FF1, FlexibleNumeralString};
use lazaret_link::{Hex, TokenScope, Tokens, ValueDigest};
use lazaret_policy::{ColumnPlan, HMAC_PREFIX, TypeKind};

use super::code;
use super::outcome::Outcome;

/// FF1 takes time with the square of the length, and no identifier is longer.
const LONGEST_FF1: usize = 64;

/// Steps of a cycle walk: each finds a number that fits with a chance of a tenth or more.
const WALK: usize = 1_000;

/// The keys of one scope.
pub(crate) struct Keys {
    codes: hmac::Key,
    /// Of what the vault is asked by.
    digests: hmac::Key,
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
        let hmac = |purpose| hmac::Key::new(hmac::HMAC_SHA256, derive(purpose).as_ref());
        Some(Self {
            codes: hmac("hmac"),
            digests: hmac("vault"),
            digits: ff1("ff1 digits", 10)?,
            letters: ff1("ff1 letters", 36)?,
            shift_days: shift(number_of(derive("date shift").as_ref()), tokens.date_shift_days),
        })
    }

    /// A code in the place of the value that `values` ends with, from `start`.
    pub(super) fn code(
        &self,
        column: &ColumnPlan,
        values: &mut Vec<u8>,
        start: usize,
    ) -> Option<Outcome> {
        let signed = hmac::sign(&self.codes, &code::canonical(column, values.get(start..)?)?);
        code::put(column, HMAC_PREFIX, *signed.as_ref().first_chunk()?, values, start)
    }

    /// What the vault is asked for a value's token by.
    pub(super) fn digest(&self, column: &ColumnPlan, value: &[u8]) -> Option<ValueDigest> {
        let signed = hmac::sign(&self.digests, &code::canonical(column, value)?);
        Some(Hex(*signed.as_ref().first_chunk()?))
    }

    /// FF1 of the digits, or of the digits and letters, of the value that `values` ends with.
    pub(super) fn preserve(
        &self,
        column: &ColumnPlan,
        values: &mut Vec<u8>,
        start: usize,
    ) -> Option<Outcome> {
        use TypeKind as K;
        let (kind, format) = (column.kind, column.format);
        let value = values.get_mut(start..)?;
        match kind {
            K::Text => {
                self.preserve_text(value)?;
                Some(Outcome::Masked(value.len()))
            }
            K::Int4 | K::Int8 | K::Numeric => {
                let most = if kind == K::Int4 { i64::from(i32::MAX) } else { i64::MAX };
                let number = self.walk(&code::integer(kind, format, value)?, most)?;
                let mut masked = Vec::new();
                code::write_integer(kind, format, number, &mut masked)?;
                Some(code::replace(values, start, &masked))
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

#[cfg(test)]
pub(super) mod tests;
