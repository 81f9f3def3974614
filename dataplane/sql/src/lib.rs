//! What a PostgreSQL statement is and what it touches, by PostgreSQL's own grammar.
//!
//! Pure: text in, an owned analysis out. Names are reported as written; what they mean is decided
//! where the catalog is known (`lazaret-policy`). Whatever the analysis does not understand is
//! reported as `Unknown`, never left out.

#![forbid(unsafe_code)]

mod analyse;
mod statement;

pub use analyse::{ParseError, parse};
pub use statement::{
    Access, Copy, CopyDirection, CopyEnd, CopyFormat, FunctionUse, Invocation, Kind, Outputs,
    RelationUse, Setting, SettingScope, Source, Statement,
};
