//! Finds protected health information in bytes and says how to take it out.
//!
//! Pure: bytes in, findings out. Nothing here knows a protocol, a file or a clock. Findings name
//! one of the 18 identifiers of 45 CFR 164.514(b)(2)(i), never the value.

#![forbid(unsafe_code)]

pub mod class;
mod identifier;
pub mod mask;
mod scan;

pub use class::Class;
pub use identifier::Identifier;
pub use scan::{Batch, CellFinding, Finding, Pack, PackError, Scanner, StreamMasker};
