//! Mask plans and what they are remembered by.

use std::cell::RefCell;
use std::rc::Rc;

use lazaret_policy::{Catalog, FieldOrigin, Format, Masks, Plan, Reach};
use lazaret_proto::pg::backend::{Field, RowDescription};
use lazaret_sql::Statement;

/// OIDs below belong to the system (FirstNormalObjectId), whose relations the catalog may leave out.
const FIRST_NORMAL_OID: u32 = 16_384;

/// The rows that a portal gives.
#[derive(Clone)]
pub(super) enum Rows {
    /// It has not been described.
    Unknown,
    /// It gives none.
    None,
    Planned(Rc<Plan>),
}

/// The last plan of a statement, for as long as nothing that it was made from changes. Beside its
/// key, that is the statement and its reach, which stay as they are.
#[derive(Default)]
pub(super) struct Planned(RefCell<Option<Cached>>);

struct Cached {
    /// The body of the RowDescription.
    description: Box<[u8]>,
    snapshot_version: u64,
    /// Whether there was a catalog.
    informed: bool,
    plan: Rc<Plan>,
}

/// What a plan is made from.
pub(super) struct Basis<'a> {
    pub(super) statement: Option<&'a Statement>,
    pub(super) reach: Reach,
    /// `None` where it can't be relied on: everything is masked whole.
    pub(super) catalog: Option<&'a Catalog>,
    pub(super) masks: &'a Masks,
    pub(super) snapshot_version: u64,
}

impl Planned {
    /// The last plan, if it was made from the same.
    pub(super) fn last(
        &self,
        body: &[u8],
        snapshot_version: u64,
        informed: bool,
    ) -> Option<Rc<Plan>> {
        let cached = self.0.borrow();
        let same = |cached: &&Cached| {
            *cached.description == *body
                && cached.snapshot_version == snapshot_version
                && cached.informed == informed
        };
        cached.as_ref().filter(same).map(|cached| cached.plan.clone())
    }

    pub(super) fn plan(
        &self,
        body: &[u8],
        description: &RowDescription<'_>,
        basis: &Basis<'_>,
    ) -> Rc<Plan> {
        let informed = basis.catalog.is_some();
        let plan = Rc::new(plan(description, basis));
        self.0.replace(Some(Cached {
            description: body.into(),
            snapshot_version: basis.snapshot_version,
            informed,
            plan: plan.clone(),
        }));
        plan
    }
}

/// Whether a column comes from a relation that the catalog doesn't know.
pub(super) fn has_unknown(description: &RowDescription<'_>, catalog: Option<&Catalog>) -> bool {
    let Some(catalog) = catalog else { return true };
    let unknown = |oid| oid >= FIRST_NORMAL_OID && catalog.relation(oid).is_none();
    description.fields().any(|field| unknown(field.table_oid))
}

/// Whether a column is called what the catalog calls it, so that its name tells nothing new.
pub(super) fn is_named_by_catalog(field: &Field<'_>, catalog: Option<&Catalog>) -> bool {
    let relation = catalog.and_then(|catalog| catalog.relation(field.table_oid));
    let column = relation.and_then(|relation| relation.column(field.attnum));
    column.is_some_and(|column| column.name.as_bytes() == field.name)
}

fn plan(description: &RowDescription<'_>, basis: &Basis<'_>) -> Plan {
    let fields: Vec<_> = description
        .fields()
        .map(|field| FieldOrigin {
            table_oid: field.table_oid,
            attnum: field.attnum,
            type_oid: field.type_oid,
            format: format(field.format),
        })
        .collect();
    lazaret_policy::plan(&fields, basis.statement, basis.reach, basis.catalog, basis.masks)
}

fn format(format: lazaret_proto::pg::Format) -> Format {
    match format {
        lazaret_proto::pg::Format::Text => Format::Text,
        lazaret_proto::pg::Format::Binary => Format::Binary,
    }
}
