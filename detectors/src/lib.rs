//! Finds protected health information in bytes and says how to take it out.
//!
//! Pure: bytes in, findings out. Nothing here knows a protocol or a clock, and the only file is
//! the cache of the compiled pack. Findings name one of the 18 identifiers of 45 CFR
//! 164.514(b)(2)(i), never the value.
//!
//! Two tiers find candidates: literal *anchors* by Hyperscan ([`Pack`]), and *tokens* with digits
//! by a search of eight bytes at a time. Rules look at the bytes around each and decide. Overlaps
//! are settled byte by byte, so a text cut anywhere ([`StreamMasker`]) is masked as in one piece.

#![forbid(unsafe_code)]

mod anchors;
mod batch;
mod bytes;
mod checks;
pub mod class;
mod engine;
mod finding;
mod identifier;
pub mod mask;
mod pack;
mod rules;
mod scanner;
mod stream;
mod sweep;
mod window;

pub use batch::Batch;
pub use checks::is_json_number;
pub use class::Class;
pub use finding::{CellFinding, Cover, Finding};
pub use identifier::Identifier;
pub use pack::{Pack, PackError};
pub use scanner::Scanner;
pub use stream::{StreamFinding, StreamMasker};
