//! What a principal may do, and what is covered in what comes back.
//!
//! Control compiles a [`Snapshot`]; the data plane evaluates it. Pure: no clock, no I/O. Names are
//! resolved as the server would resolve them, or as the worst case; what can't be resolved counts
//! as masked. Lineage may only raise a mask, never lower one.

#![forbid(unsafe_code)]

mod catalog;
mod decide;
mod grant;
mod plan;
mod snapshot;

pub use catalog::{
    Catalog, Column, DeclaredClass, RawCatalog, RawColumn, RawFunction, RawRelation, RawType,
    Relation, TypeKind,
};
pub use decide::{Clearance, Engine, EngineError, Reach, Refusal, Verdict};
pub use grant::Grant;
pub use plan::{Action, ColumnPlan, FieldOrigin, Format, Plan, copy_plan, plan};
pub use snapshot::{Preset, Snapshot};
