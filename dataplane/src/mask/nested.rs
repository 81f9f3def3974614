//! Arrays, row types and ranges in binary format: their elements are walked, and whoever asked
//! treats each by its own type.
//!
//! Where an element can't stay, or where the layout is not a known one, the whole value becomes NULL.

use lazaret_policy::{Format, TypeKind, built_in};
use lazaret_proto::pg::types;

use super::outcome::Outcome;
use super::value::Value;

/// PostgreSQL's own limit of an array's dimensions.
const MAX_DIMENSIONS: u32 = 6;

/// Hands the elements of an array, a row type or a range to `on_element`, one after another.
pub(super) fn walk<'a>(value: Value<'a>, on_element: impl FnMut(Value<'a>) -> Outcome) -> Outcome {
    let len = value.bytes.len();
    let mut walk = Walk { on_element, at: value.at, rest: value.bytes, is_masked: false };
    let walked = match value.kind {
        TypeKind::Array => walk.array(),
        TypeKind::Composite => walk.composite(),
        TypeKind::Range => walk.range(value.type_oid),
        _ => None,
    };
    match walked {
        Some(()) if !walk.rest.is_empty() => Outcome::Null,
        Some(()) if walk.is_masked => Outcome::Masked(len),
        Some(()) => Outcome::Same,
        None => Outcome::Null,
    }
}

struct Walk<'a, F> {
    on_element: F,
    /// Where `rest` will be when findings are covered.
    at: usize,
    rest: &'a mut [u8],
    is_masked: bool,
}

impl<'a, F: FnMut(Value<'a>) -> Outcome> Walk<'a, F> {
    /// Dimensions, whether there are NULLs, the type of the elements; length and lower bound of each
    /// dimension; the elements.
    fn array(&mut self) -> Option<()> {
        let dimensions = self.u32()?;
        let _has_nulls = self.u32()?;
        let type_oid = self.u32()?;
        if dimensions > MAX_DIMENSIONS {
            return None;
        }
        for _ in 0..dimensions {
            let _length = self.u32()?;
            let _lower_bound = self.u32()?;
        }
        while !self.rest.is_empty() {
            self.element(type_oid)?;
        }
        Some(())
    }

    /// How many columns; type and value of each.
    fn composite(&mut self) -> Option<()> {
        for _ in 0..self.u32()? {
            let type_oid = self.u32()?;
            self.element(type_oid)?;
        }
        Some(())
    }

    /// What bounds there are, then those. A multirange is a count, and each range with its length.
    fn range(&mut self, type_oid: u32) -> Option<()> {
        let subtype = types::range_subtype(type_oid)?;
        if !types::is_multirange(type_oid) {
            return self.bounds(subtype);
        }
        for _ in 0..self.u32()? {
            let _len = self.u32()?;
            self.bounds(subtype)?;
        }
        Some(())
    }

    fn bounds(&mut self, subtype: u32) -> Option<()> {
        const EMPTY: u8 = 0x01;
        const LOWER_INFINITE: u8 = 0x08;
        const UPPER_INFINITE: u8 = 0x10;
        let flags = *self.take(1)?.first()?;
        for infinite in [LOWER_INFINITE, UPPER_INFINITE] {
            if flags & (EMPTY | infinite) == 0 {
                self.element(subtype)?;
            }
        }
        Some(())
    }

    /// A value with its length before it.
    fn element(&mut self, type_oid: u32) -> Option<()> {
        let length = self.u32()?;
        if length == u32::MAX {
            return Some(());
        }
        let at = self.at;
        let bytes = self.take(usize::try_from(length).ok()?)?;
        let value = Value {
            kind: built_in(type_oid).unwrap_or(TypeKind::Other),
            type_oid,
            format: Format::Binary,
            bytes,
            at,
        };
        match (self.on_element)(value) {
            Outcome::Null => return None,
            Outcome::Masked(_) => self.is_masked = true,
            Outcome::Same => {}
        }
        Some(())
    }

    fn u32(&mut self) -> Option<u32> {
        let bytes: &[u8] = self.take(4)?;
        bytes.try_into().ok().map(u32::from_be_bytes)
    }

    fn take(&mut self, count: usize) -> Option<&'a mut [u8]> {
        let (taken, rest) = std::mem::take(&mut self.rest).split_at_mut_checked(count)?;
        self.rest = rest;
        self.at += count;
        Some(taken)
    }
}
