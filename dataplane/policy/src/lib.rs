//! What a principal may do, and what is covered in what comes back.
//!
//! Control compiles a [`Snapshot`]; the data plane evaluates it. Pure: no clock, no I/O. Names are
//! resolved as the server would resolve them, or as the worst case; what can't be resolved counts
//! as masked. Lineage may only raise a mask, never lower one.

#![forbid(unsafe_code)]

mod cache;
mod catalog;
mod cedar;
mod classify;
mod code;
mod decide;
mod grant;
mod inference;
mod labels;
mod leave;
mod lineage;
mod masks;
mod placeholder;
mod plan;
mod raw;
mod reach;
mod rules;
mod snapshot;
mod system;
mod types;

pub use catalog::{Catalog, Column, Relation};
pub use cedar::PolicyError;
pub use decide::{Clearance, Engine, EngineError, Verdict};
pub use grant::Grant;
pub use masks::{Mask, MaskRefusal, Masks};
pub use placeholder::{
    HMAC_PREFIX, TOKEN_PREFIX, has_placeholder, is_placeholder, placeholder_refusal,
};
pub use plan::{Action, ColumnPlan, FieldOrigin, Format, Plan, copy_plan, plan};
pub use raw::{DeclaredClass, RawCatalog, RawColumn, RawFunction, RawRelation, RawType};
pub use reach::Reach;
pub use rules::Refusal;
pub use snapshot::{Preset, Snapshot};
pub use types::{TypeKind, built_in};

/// Policies to start with, for `lazaret init` to copy.
pub mod starter {
    pub const AGENTS_READ_ONLY: &str = include_str!("../starter/agents-read-only.cedar");
    pub const TRANSPARENT: &str = include_str!("../starter/transparent.cedar");
}

#[cfg(test)]
mod tests;
