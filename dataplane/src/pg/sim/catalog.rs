//! The database that the tests are about: patients, and a table without anything to mask.

use std::collections::BTreeMap;
use std::sync::Arc;

use lazaret_policy::{Catalog, Preset, RawCatalog, RawColumn, RawRelation, Snapshot};

pub(super) const DATABASE: &str = "clinic";
pub(super) const PATIENTS: u32 = 20_000;
pub(super) const LABS: u32 = 20_001;

pub(super) const INT4: u32 = 23;
pub(super) const TEXT: u32 = 25;

/// Everything but the data definition language; a cast of a masked column may fail, so that its error is seen.
const POLICY: &str = "
    @infer(\"*\")
    permit(principal, action, resource);
    forbid(principal, action == Action::\"ddl\", resource);
";

pub(super) fn snapshot(preset: Preset, version: u64) -> Arc<Snapshot> {
    Arc::new(Snapshot {
        version,
        hash: format!("hash-{version}"),
        resource: "warehouse".to_owned(),
        preset,
        masks: BTreeMap::new(),
        policies: BTreeMap::from([("test.cedar".to_owned(), POLICY.to_owned())]),
        declared: Vec::new(),
        catalogs: BTreeMap::from([(DATABASE.to_owned(), Catalog::compile(raw(), &[]))]),
    })
}

fn raw() -> RawCatalog {
    let relation = |oid, name: &str| RawRelation {
        oid,
        schema: "public".to_owned(),
        name: name.to_owned(),
        kind: 'r',
        definition: None,
        parents: Vec::new(),
        labels: Vec::new(),
    };
    let column = |relation, attnum, name: &str, type_oid| RawColumn {
        relation,
        attnum,
        name: name.to_owned(),
        type_oid,
        generated: false,
        made_of: vec![],
        labels: Vec::new(),
    };
    RawCatalog {
        relations: vec![relation(PATIENTS, "patients"), relation(LABS, "labs")],
        columns: vec![
            column(PATIENTS, 1, "id", INT4),
            column(PATIENTS, 2, "ssn", TEXT),
            column(PATIENTS, 3, "note", TEXT),
            column(LABS, 1, "code", TEXT),
            column(LABS, 2, "unit", TEXT),
        ],
        builtin_functions: ["count", "now", "set_config"].map(str::to_owned).to_vec(),
        builtin_operators: ["=", "+", "<", ">"].map(str::to_owned).to_vec(),
        search_path: vec!["public".to_owned()],
        ..RawCatalog::default()
    }
}
