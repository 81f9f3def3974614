//! A value to be scanned: a cell, or an element of one.

use lazaret_policy::{Format, TypeKind};

pub(super) struct Value<'a> {
    pub(super) kind: TypeKind,
    /// 0 where it isn't known.
    pub(super) type_oid: u32,
    pub(super) format: Format,
    pub(super) bytes: &'a mut [u8],
    /// Where `bytes` will be when findings are covered.
    pub(super) at: usize,
}
