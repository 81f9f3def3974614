//! Finds protected health information in bytes and says how to take it out.
//!
//! Pure: bytes in, findings out. Nothing here knows a protocol or a clock, and the only file is
//! the cache of the compiled pack. Findings name one of the 18 identifiers of 45 CFR
//! 164.514(b)(2)(i), never the value.
//!
//! Two tiers find candidates: selective literals by Hyperscan ([`Pack`]), and words, keys and
//! tokens with digits by bitmaps of the bytes' classes, 64 bytes a step. Rules look at the
//! bytes around each and decide; what a site adds ([`Site`]) is looked for beside. Payloads
//! (HL7 v2, X12, XML) are walked field by field; what is encoded is read into a view and
//! scanned again. Overlaps are settled byte by byte, so a text cut anywhere ([`StreamMasker`])
//! is masked as in one piece.

#![deny(unsafe_code)]

mod anchors;
mod batch;
mod bitmaps;
mod bytes;
mod cache;
mod checks;
pub mod class;
mod costs;
mod engine;
mod events;
mod finding;
mod identifier;
mod lexicon;
mod lists;
pub mod mask;
mod memory;
mod pack;
mod recall;
mod rules;
mod scanner;
mod site;
mod stream;
mod sweep;
mod tabular;
mod view;
mod walk;
mod window;
mod words;

pub use batch::Batch;
pub use checks::is_json_number;
pub use class::Class;
pub use costs::Group;
pub use finding::{CellFinding, Cover, Finding};
pub use identifier::Identifier;
pub use pack::{Pack, PackError};
pub use scanner::Scanner;
pub use site::{ExpressionError, Site, SiteCase, SiteCheck, SiteDictionary, SitePattern};
pub use stream::{StreamFinding, StreamMasker};
pub use tabular::{ColumnScore, Judgement, is_filled};
