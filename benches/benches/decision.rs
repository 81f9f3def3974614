//! What a statement costs before it goes upstream: parse and analyse, decide, plan.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use lazaret_policy::{
    Catalog, Engine, FieldOrigin, Format, Grant, Masks, Preset, RawCatalog, RawColumn, RawRelation,
    Snapshot, starter,
};
use lazaret_sql::{Reader, Statement};

const POINT: &str = "SELECT abalance FROM pgbench_accounts WHERE aid = 4711";

const REPORT: &str = "WITH recent AS (SELECT patient_id, max(seen) AS last FROM visits \
    WHERE seen > now() - interval '90 days' GROUP BY patient_id) \
    SELECT p.id, p.name, p.birth_date, r.last, count(*) OVER () FROM patients p \
    JOIN recent r ON r.patient_id = p.id LEFT JOIN notes n USING (id) \
    WHERE p.zip LIKE '021%' AND p.state IN ('MA', 'NH') ORDER BY r.last DESC LIMIT 50";

fn parse(criterion: &mut Criterion) {
    for (name, text) in [("parse_point", POINT), ("parse_report", REPORT)] {
        criterion.bench_function(name, |bencher| {
            bencher.iter(|| lazaret_sql::parse(black_box(text)).is_ok());
        });
    }
    let mut reader = Reader::default();
    criterion.bench_function("read_again_point", |bencher| {
        bencher.iter(|| reader.read(black_box(POINT)).is_ok());
    });
}

fn decide(criterion: &mut Criterion) {
    let mut engine = engine();
    let grant = grant();
    for (name, text) in [("decision_cached", POINT), ("decision_cached_report", REPORT)] {
        let statement = statement(text);
        criterion.bench_function(name, |bencher| {
            bencher.iter(|| engine.decide(black_box(&grant), black_box(&statement)));
        });
    }
    let statement = statement(REPORT);
    let mut round = 0;
    criterion.bench_function("decision_new", |bencher| {
        bencher.iter(|| {
            round += 1;
            let stranger = Grant { principal: round.to_string(), ..grant.clone() };
            engine.decide(black_box(&stranger), &statement)
        });
    });
}

fn plan(criterion: &mut Criterion) {
    let mut engine = engine();
    let statement = statement(REPORT);
    let reach = engine.decide(&grant(), &statement).reach;
    let catalog = engine.catalog("hospital");
    let fields: Vec<_> = (1..=COLUMNS.len())
        .map(|attnum| FieldOrigin {
            table_oid: FIRST_OID,
            attnum: i16::try_from(attnum).unwrap_or_default(),
            type_oid: 25,
            format: Format::Text,
        })
        .collect();
    let masks = Masks::new(Preset::SafeHarbor, &BTreeMap::new());
    criterion.bench_function("plan_7_columns", |bencher| {
        bencher.iter(|| {
            let statement = Some(black_box(&statement));
            lazaret_policy::plan(black_box(&fields), statement, reach, catalog, &masks)
        });
    });
}

const FIRST_OID: u32 = 20_000;
const COLUMNS: [&str; 7] = ["id", "name", "birth_date", "zip", "state", "ssn", "note"];

/// A warehouse of a thousand relations.
fn catalog() -> Catalog {
    let mut raw = RawCatalog {
        builtin_functions: ["count", "max", "now"].map(str::to_owned).to_vec(),
        builtin_operators: ["=", ">", "-", "~~"].map(str::to_owned).to_vec(),
        ..RawCatalog::default()
    };
    for index in 0..1_000 {
        let oid = FIRST_OID + index;
        let name = match index {
            0 => "patients".to_owned(),
            1 => "visits".to_owned(),
            2 => "notes".to_owned(),
            3 => "pgbench_accounts".to_owned(),
            _ => format!("relation_{index}"),
        };
        raw.relations.push(RawRelation {
            oid,
            schema: "public".into(),
            name,
            kind: 'r',
            definition: None,
            parents: vec![],
            labels: vec![],
        });
        for (attnum, name) in (1..).zip(COLUMNS) {
            raw.columns.push(RawColumn {
                relation: oid,
                attnum,
                name: name.into(),
                type_oid: 25,
                generated: false,
                made_of: vec![],
                labels: vec![],
            });
        }
    }
    Catalog::compile(raw, &[])
}

fn engine() -> Engine {
    let policies = [("agents.cedar".to_owned(), starter::AGENTS_READ_ONLY.to_owned())];
    let snapshot = Snapshot {
        version: 1,
        hash: String::new(),
        resource: "warehouse".into(),
        preset: Preset::SafeHarbor,
        masks: BTreeMap::new(),
        policies: BTreeMap::from(policies),
        declared: vec![],
        catalogs: BTreeMap::from([("hospital".to_owned(), catalog())]),
    };
    Engine::compile(Arc::new(snapshot)).expect("the starting policies are valid")
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

fn statement(text: &str) -> Statement {
    lazaret_sql::parse(text).expect("the text is valid").remove(0)
}

criterion_group!(benches, parse, decide, plan);
criterion_main!(benches);
