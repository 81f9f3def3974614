//! What a PostgreSQL statement is and what it touches, by PostgreSQL's own grammar.
//!
//! Pure: text in, an owned analysis out. Names are reported as written; what they mean is decided
//! where the catalog is known (`lazaret-policy`). Whatever the analysis does not understand is
//! reported as `Unknown`, never left out.
//!
//! The grammar is PostgreSQL 18's, its strings standard-conforming and its text UTF-8: sessions pin
//! both. The bound on a text's size is the caller's; nesting is bounded by the grammar's own stack.

#![forbid(unsafe_code)]

mod analyse;
mod children;
mod constant;
mod copy;
mod figured;
mod kind;
mod labels;
mod lineage;
mod locate;
mod names;
mod objects;
mod outputs;
mod reader;
mod scope;
mod settings;
mod statement;
mod walk;
mod writes;

pub use analyse::{ParseError, Parsed, parse};
pub use reader::Reader;
pub use statement::{
    Access, Arguments, Calls, Copy, CopyDirection, CopyEnd, CopyFormat, FunctionUse, How, Input,
    Invocation, Kind, Lineage, Outputs, Place, RelationUse, Setting, SettingScope, Source,
    Statement, Use,
};

#[cfg(test)]
mod tests;
