mod attempts;
mod catalog;
mod decisions;
mod inference;
mod masks;
mod plans;
mod policies;
mod reaches;

use std::collections::BTreeMap;
use std::sync::Arc;

use lazaret_sql::Statement;

use crate::{
    Catalog, DeclaredClass, Engine, Grant, Masks, Preset, RawCatalog, RawColumn, RawFunction,
    RawRelation, RawType, Snapshot, starter,
};

const INT4: u32 = 23;
const INT8: u32 = 20;
const TEXT: u32 = 25;
const DATE: u32 = 1082;
const TIMESTAMP: u32 = 1114;
const NUMERIC: u32 = 1700;
const UUID: u32 = 2950;
const JSONB: u32 = 3802;
const BOOL: u32 = 16;
const INET: u32 = 869;

const PATIENTS: u32 = 20_001;
const PRODUCTS: u32 = 20_002;

/// Builds the catalog that a test wants, as control would read it.
#[derive(Default)]
struct Raw(RawCatalog);

impl Raw {
    /// A hospital's: `public.patients` is masked, `public.products` is not.
    fn hospital() -> Self {
        let mut raw = Self::default();
        raw.0.builtin_functions =
            ["count", "upper", "now", "set_config", "current_setting", "pg_notify", "setval"]
                .map(str::to_owned)
                .to_vec();
        raw.0.builtin_operators =
            ["=", "<", ">", "<=", ">=", "<>", "+", "-", "||", "~~"].map(str::to_owned).to_vec();
        raw.table(PATIENTS, "public.patients", PATIENTS_COLUMNS);
        raw.table(
            PRODUCTS,
            "public.products",
            &[("id", INT4), ("title", TEXT), ("price", NUMERIC), ("made", DATE), ("ok", BOOL)],
        );
        raw
    }

    fn table(&mut self, oid: u32, name: &str, columns: &[(&str, u32)]) -> &mut Self {
        self.relation(oid, name, 'r', None, columns)
    }

    fn view(&mut self, oid: u32, name: &str, sql: &str, columns: &[(&str, u32)]) -> &mut Self {
        self.relation(oid, name, 'v', Some(sql.to_owned()), columns)
    }

    fn relation(
        &mut self,
        oid: u32,
        name: &str,
        kind: char,
        definition: Option<String>,
        columns: &[(&str, u32)],
    ) -> &mut Self {
        let (schema, name) = name.split_once('.').unwrap();
        self.0.relations.push(RawRelation {
            oid,
            schema: schema.into(),
            name: name.into(),
            kind,
            definition,
            parents: vec![],
            labels: vec![],
        });
        self.columns(oid, columns)
    }

    fn columns(&mut self, relation: u32, columns: &[(&str, u32)]) -> &mut Self {
        for (attnum, &(name, type_oid)) in (1..).zip(columns) {
            self.0.columns.push(RawColumn {
                relation,
                attnum,
                name: name.into(),
                type_oid,
                generated: false,
                made_of: vec![],
                labels: vec![],
            });
        }
        self
    }

    fn last(&mut self) -> &mut RawRelation {
        self.0.relations.last_mut().unwrap()
    }

    fn column(&mut self, relation: u32, name: &str) -> &mut RawColumn {
        let found = |column: &&mut RawColumn| column.relation == relation && column.name == name;
        self.0.columns.iter_mut().find(found).unwrap()
    }

    /// Code that is called by the name, with one argument.
    fn code(&mut self, name: &str, kind: char) -> &mut Self {
        self.function(name, kind, 1, Some(1), false)
    }

    fn function(
        &mut self,
        name: &str,
        kind: char,
        least_arguments: i16,
        most_arguments: Option<i16>,
        aggregate: bool,
    ) -> &mut Self {
        let (schema, name) = name.split_once('.').unwrap();
        self.0.functions.push(RawFunction {
            schema: schema.into(),
            name: name.into(),
            kind,
            least_arguments,
            most_arguments,
            aggregate,
        });
        self
    }

    fn typed(&mut self, oid: u32, name: &str, kind: char, base: u32) -> &mut Self {
        self.0.types.push(RawType { oid, name: name.into(), kind, base, relation: 0 });
        self
    }

    /// A row type with these fields, which are the columns of `relation`.
    fn composite(
        &mut self,
        oid: u32,
        name: &str,
        relation: u32,
        fields: &[(&str, u32)],
    ) -> &mut Self {
        self.typed(oid, name, 'c', 0);
        self.0.types.last_mut().unwrap().relation = relation;
        self.columns(relation, fields)
    }

    fn compile(&self) -> Catalog {
        Catalog::compile(self.0.clone(), &[])
    }

    fn declare(&self, declared: &[(&str, &str)]) -> Catalog {
        Catalog::compile(self.0.clone(), &declare(declared))
    }
}

const PATIENTS_COLUMNS: &[(&str, u32)] = &[
    ("id", INT4),
    ("name", TEXT),
    ("ssn", TEXT),
    ("birth_date", DATE),
    ("zip", TEXT),
    ("age", INT4),
    ("note", TEXT),
    ("visits", INT4),
    ("updated", TIMESTAMP),
    ("key", UUID),
    ("data", JSONB),
];

/// The preset's own.
fn masks(preset: Preset) -> Masks {
    Masks::new(preset, &BTreeMap::new())
}

fn declare(declared: &[(&str, &str)]) -> Vec<DeclaredClass> {
    let parsed = declared.iter().map(|&(column, class)| {
        let parts: Vec<_> = column.split('.').collect();
        let [schema, relation, column] = parts[..] else { panic!("{column}") };
        DeclaredClass {
            schema: schema.into(),
            relation: relation.into(),
            column: column.into(),
            class: class.into(),
            mask: None,
        }
    });
    parsed.collect()
}

fn one(text: &str) -> Statement {
    let mut statements =
        lazaret_sql::parse(text).unwrap_or_else(|error| panic!("{text}: {error:?}"));
    assert_eq!(statements.len(), 1, "{text}");
    statements.remove(0)
}

fn grant() -> Grant {
    Grant {
        id: "d6a0ee5e-4a3b-4a54-a4f5-3b8a5b6b6a10".into(),
        principal: "ci-agent".into(),
        issuer: "https://issuer.example".into(),
        groups: vec!["agents".into()],
        resource: "warehouse".into(),
        database: "hospital".into(),
        expires_at_ms: 0,
    }
}

fn snapshot(preset: Preset, policy: &str, catalog: Option<Catalog>) -> Arc<Snapshot> {
    Arc::new(Snapshot {
        version: 1,
        hash: String::new(),
        resource: "warehouse".into(),
        preset,
        masks: BTreeMap::new(),
        policies: BTreeMap::from([("agents.cedar".to_owned(), policy.to_owned())]),
        declared: vec![],
        catalogs: catalog.into_iter().map(|catalog| ("hospital".to_owned(), catalog)).collect(),
    })
}

/// Permits everything that no fixed rule refuses.
const ALL: &str = "@id(\"all\") permit (principal, action, resource);";

fn engine(policy: &str, catalog: Catalog) -> Engine {
    Engine::compile(snapshot(Preset::SafeHarbor, policy, Some(catalog))).unwrap()
}

fn starter_engine() -> Engine {
    engine(starter::AGENTS_READ_ONLY, Raw::hospital().compile())
}
