//! The mask plan of a portal: one action per column.

use lazaret_detectors::Class;
use lazaret_sql::{Copy, Statement};

use crate::{Catalog, Preset, Reach, TypeKind};

/// A column of RowDescription, as far as plans care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldOrigin {
    pub table_oid: u32,
    pub attnum: i16,
    pub type_oid: u32,
    pub format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    Text,
    Binary,
}

/// What happens to a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// The type can't carry PHI, or the column is declared clear.
    Pass,
    /// Free text, JSON, XML, arrays ...: findings are covered, the rest stays.
    Scan,
    /// Covered whole, in a way that stays valid for its type.
    Whole,
    /// A date or timestamp becomes January 1st of its year.
    Year,
    /// A ZIP code keeps three digits.
    Zip3,
    /// An age above 89 becomes 90.
    AgeCap,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColumnPlan {
    pub action: Action,
    pub kind: TypeKind,
    /// Tells what the bounds of a range are; 0 where it isn't known.
    pub type_oid: u32,
    pub format: Format,
    /// Why, for the findings that the record counts.
    pub class: Class,
}

/// One action per column; belongs to a portal (or to one result of a simple query).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub columns: Vec<ColumnPlan>,
    /// No column needs work: rows are forwarded as they are.
    pub passes: bool,
}

/// Plans a result by its RowDescription. `catalog` is `None` where control has not read the
/// database: everything is masked whole.
pub fn plan(
    fields: &[FieldOrigin],
    statement: Option<&Statement>,
    reach: Reach,
    catalog: Option<&Catalog>,
    preset: Preset,
) -> Plan {
    let _ = (fields, statement, reach, catalog, preset);
    todo!()
}

/// Plans COPY ... TO STDOUT, which has no RowDescription, by names; worst case where they are
/// uncertain. `columns` is the count that CopyOutResponse states.
pub fn copy_plan(
    copy: &Copy,
    statement: &Statement,
    reach: Reach,
    columns: usize,
    catalog: Option<&Catalog>,
    preset: Preset,
) -> Plan {
    let _ = (copy, statement, reach, columns, catalog, preset);
    todo!()
}
