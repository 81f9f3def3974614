//! Which mask each column gets.

use lazaret_detectors::Class;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::*;
use crate::{FieldOrigin, Format, Plan, Reach, copy_plan, plan};

/// The plan of a statement whose RowDescription has these (table, attnum, type).
fn planned(catalog: &Catalog, text: &str, fields: &[(u32, i16, u32)], preset: Preset) -> Plan {
    let statement = one(text);
    let reach = Reach::of(&statement, Some(catalog));
    plan(&origins(fields), Some(&statement), reach, Some(catalog), &masks(preset))
}

fn origins(fields: &[(u32, i16, u32)]) -> Vec<FieldOrigin> {
    let origin = |&(table_oid, attnum, type_oid): &(u32, i16, u32)| FieldOrigin {
        table_oid,
        attnum,
        type_oid,
        format: Format::Text,
    };
    fields.iter().map(origin).collect()
}

fn actions(plan: &Plan) -> String {
    let names: Vec<_> =
        plan.columns.iter().map(|column| format!("{:?}", column.action).to_lowercase()).collect();
    names.join(" ")
}

/// Every column of `public.patients`, as RowDescription names them.
fn patients() -> Vec<(u32, i16, u32)> {
    (1..).zip(PATIENTS_COLUMNS).map(|(attnum, &(_, oid))| (PATIENTS, attnum, oid)).collect()
}

#[test]
fn a_column_with_an_origin_gets_what_its_class_asks_for() {
    let catalog = Raw::hospital().compile();
    for (preset, expected) in [
        (Preset::SafeHarbor, "whole whole whole year zip3 agecap scan pass year pass scan"),
        (Preset::Expert, "whole whole whole year zip3 agecap scan pass year pass scan"),
        (Preset::LimitedDataSet, "whole whole whole pass pass pass scan pass pass pass scan"),
        (Preset::Transparent, "pass pass pass pass pass pass pass pass pass pass pass"),
    ] {
        let plan = planned(&catalog, "SELECT * FROM patients", &patients(), preset);
        assert_eq!(actions(&plan), expected, "{preset:?}");
        assert_eq!(plan.passes, preset == Preset::Transparent);
    }
    let products = [
        (PRODUCTS, 1, INT4),
        (PRODUCTS, 2, TEXT),
        (PRODUCTS, 3, NUMERIC),
        (PRODUCTS, 4, DATE),
        (PRODUCTS, 5, BOOL),
    ];
    let plan = planned(&catalog, "SELECT * FROM products", &products, Preset::SafeHarbor);
    assert_eq!(actions(&plan), "pass scan pass pass pass");
    assert!(
        planned(&catalog, "SELECT id FROM products", &products[..1], Preset::SafeHarbor).passes
    );
}

#[test]
fn lexemes_are_covered_whole_wherever_they_stand() {
    let mut raw = Raw::hospital();
    raw.table(30, "public.pages", &[("words", 3614), ("query", 3615), ("all", 3643)]).table(
        31,
        "public.cases",
        &[("ssn", TEXT), ("words", 3614)],
    );
    let fields = [(30, 1, 3614), (30, 2, 3615), (30, 3, 3643), (31, 2, 3614), (0, 0, 3614)];
    let text = "SELECT *, to_tsvector('a') FROM pages, cases";
    let plan = planned(&raw.compile(), text, &fields, Preset::SafeHarbor);
    assert_eq!(actions(&plan), "whole whole whole whole null");
    let clear = raw.declare(&[("public.pages.*", "clear")]);
    let plan = planned(&clear, "SELECT * FROM pages", &fields[..3], Preset::SafeHarbor);
    assert_eq!(actions(&plan), "pass pass pass");
    let plan = planned(&raw.compile(), text, &fields, Preset::Transparent);
    assert!(plan.passes);
}

#[test]
fn a_limited_data_set_keeps_towns_and_states() {
    let mut raw = Raw::hospital();
    raw.table(30, "public.homes", &[("city", TEXT), ("street_address", TEXT), ("state", TEXT)]);
    let catalog = raw.declare(&[("public.homes.*", "geography")]);
    let fields = [(30, 1, TEXT), (30, 2, TEXT), (30, 3, TEXT)];
    let limited = planned(&catalog, "SELECT * FROM homes", &fields, Preset::LimitedDataSet);
    assert_eq!(actions(&limited), "pass whole pass");
    let safe = planned(&catalog, "SELECT * FROM homes", &fields, Preset::SafeHarbor);
    assert_eq!(actions(&safe), "whole whole whole");
}

#[test]
fn what_cant_be_resolved_is_masked_whole() {
    let catalog = Raw::hospital().compile();
    for fields in [[(99_999, 1, INT4)], [(PATIENTS, 99, INT4)], [(PRODUCTS, 99, TEXT)]] {
        let plan = planned(&catalog, "SELECT * FROM products", &fields, Preset::SafeHarbor);
        assert_eq!(actions(&plan), "whole", "{fields:?}");
    }
    let unread = plan(&origins(&patients()), None, Reach::WORST, None, &masks(Preset::SafeHarbor));
    assert!(unread.columns.iter().all(|column| column.action == crate::Action::Whole));
    let mut raw = Raw::hospital();
    raw.typed(47, "geometry", 'b', 0).table(30, "public.t", &[("where_it_is", 47)]);
    let catalog = raw.compile();
    let plan = planned(&catalog, "SELECT * FROM t", &[(30, 1, 47)], Preset::SafeHarbor);
    assert_eq!(actions(&plan), "whole");
}

#[test]
fn an_expression_over_a_masked_relation_is_masked_whole() {
    let catalog = Raw::hospital().compile();
    for (text, types, expected) in [
        (
            "SELECT upper(ssn), 1, count(*) FROM patients",
            &[TEXT, INT4, INT8][..],
            "whole pass pass",
        ),
        (
            "SELECT count(*), 'x', $1, id + 1 FROM patients",
            &[INT8, TEXT, TEXT, INT4],
            "pass scan scan null",
        ),
        (
            "SELECT count(ssn), max(age), avg(age) FROM patients",
            &[INT8, INT4, NUMERIC],
            "null null null",
        ),
        ("SELECT count(ssn), count(upper(ssn)) FROM patients", &[INT8, INT8], "pass null"),
        ("SELECT visits + 1, id + visits FROM patients", &[INT4, INT4], "pass null"),
        ("SELECT upper(title) || ', ' || title FROM products", &[TEXT], "scan"),
        ("SELECT title || title, '9' || title FROM products", &[TEXT, TEXT], "null null"),
        ("SELECT title LIKE 'x%' FROM products", &[BOOL], "null"),
        ("SELECT ssn FROM patients UNION SELECT title FROM products", &[TEXT], "whole"),
        ("SELECT title FROM products UNION SELECT title FROM products", &[TEXT], "scan"),
        ("SELECT upper(title), id + 1, now() FROM products", &[TEXT, INT4, 1184], "scan pass pass"),
        ("SELECT f(title), title, id + 1 FROM products", &[TEXT, TEXT, INT4], "null null null"),
        ("SELECT 1, 'x'", &[INT4, TEXT], "pass scan"),
        ("SELECT patients FROM patients", &[2249], "whole"),
        ("SELECT 1 FROM gone", &[INT4], "pass"),
        ("SELECT id + 1 FROM gone", &[INT4], "null"),
    ] {
        let fields: Vec<_> = types.iter().map(|&oid| (0, 0, oid)).collect();
        let plan = planned(&catalog, text, &fields, Preset::SafeHarbor);
        assert_eq!(actions(&plan), expected, "{text}");
    }
}

#[test]
fn columns_around_a_star_keep_their_places() {
    let catalog = Raw::hospital().compile();
    let mut fields = vec![(0, 0, INT8)];
    fields.extend(patients());
    fields.push((0, 0, TEXT));
    fields.push((0, 0, INT4));
    let text = "SELECT count(*) OVER () AS n, patients.*, upper(ssn), 1 FROM patients";
    let safe = planned(&catalog, text, &fields, Preset::SafeHarbor);
    assert!(actions(&safe).starts_with("pass whole whole whole year"), "{}", actions(&safe));
    assert!(actions(&safe).ends_with("scan whole pass"), "{}", actions(&safe));
    // Fewer columns than the text names: nothing is certain.
    let short =
        planned(&catalog, "SELECT 1, 2, * FROM patients", &[(0, 0, INT4)], Preset::SafeHarbor);
    assert_eq!(actions(&short), "null");
}

#[test]
fn a_users_own_count_is_not_postgresqls() {
    let mut raw = Raw::hospital();
    raw.function("public.count", 'f', 0, Some(0), true);
    let fields = [(0, 0, INT8)];
    let text = "SELECT count(*) FROM patients";
    let own = planned(&raw.compile(), text, &fields, Preset::SafeHarbor);
    assert_eq!(actions(&own), "null");
    let qualified = planned(
        &raw.compile(),
        "SELECT pg_catalog.count(*) FROM patients",
        &fields,
        Preset::SafeHarbor,
    );
    assert_eq!(actions(&qualified), "pass");
}

#[test]
fn query_plans_settings_and_catalogs_stay_readable() {
    let catalog = Raw::hospital().compile();
    for (text, field, expected) in [
        ("EXPLAIN SELECT * FROM patients", (0, 0, TEXT), "structure"),
        ("EXPLAIN (FORMAT json) SELECT * FROM patients", (0, 0, 114), "structure"),
        ("EXPLAIN (FORMAT xml) SELECT * FROM patients", (0, 0, 142), "null"),
        ("EXPLAIN SELECT * FROM products", (0, 0, TEXT), "scan"),
        ("EXPLAIN (FORMAT json) SELECT * FROM products", (0, 0, 114), "properties"),
        ("EXPLAIN SELECT f(ssn) FROM patients", (0, 0, TEXT), "null"),
        ("SHOW search_path", (0, 0, TEXT), "scan"),
        ("SELECT relname FROM pg_class", (1259, 2, 19), "scan"),
        ("SELECT oid FROM pg_class", (1259, 1, 26), "pass"),
        ("SELECT indkey FROM pg_index", (2610, 16, 22), "pass"),
        ("SELECT oid::regclass FROM pg_class", (0, 0, 2205), "pass"),
        ("SELECT a.attname FROM pg_attribute a, pg_class c", (1249, 2, 19), "scan"),
        ("SELECT ctid FROM patients", (PATIENTS, -1, 27), "pass"),
    ] {
        let plan = planned(&catalog, text, &[field], Preset::SafeHarbor);
        assert_eq!(actions(&plan), expected, "{text}");
    }
}

#[test]
fn a_fetch_is_planned_by_its_declare() {
    let catalog = Raw::hospital().compile();
    let declare = one("DECLARE c CURSOR FOR SELECT upper(ssn), count(*) FROM patients");
    let reach = Reach::of(&declare, Some(&catalog));
    let fields = origins(&[(0, 0, TEXT), (0, 0, INT8)]);
    let known = plan(&fields, Some(&declare), reach, Some(&catalog), &masks(Preset::SafeHarbor));
    assert_eq!(actions(&known), "whole pass");
    let fetch = one("FETCH c");
    let reach = Reach::of(&fetch, Some(&catalog));
    let unknown = plan(&fields, Some(&fetch), reach, Some(&catalog), &masks(Preset::SafeHarbor));
    assert_eq!(actions(&unknown), "null null");
}

#[test]
fn findings_are_counted_under_what_a_column_holds() {
    let catalog = Raw::hospital().compile();
    let plan = planned(&catalog, "SELECT * FROM patients", &patients(), Preset::SafeHarbor);
    assert_eq!(plan.columns[2].class, Class::Direct(lazaret_detectors::Identifier::Ssn));
    assert_eq!(plan.columns[3].class, Class::Date);
    assert_eq!(plan.columns[8].class, Class::Date);
    assert_eq!(plan.columns[6].class, Class::Unclassified);
}

fn copied(catalog: &Catalog, text: &str, count: usize) -> Plan {
    let statement = one(text);
    let reach = Reach::of(&statement, Some(catalog));
    let copy = statement.copy.as_ref().unwrap();
    copy_plan(copy, &statement, reach, count, Some(catalog), &masks(Preset::SafeHarbor))
}

#[test]
fn copy_is_planned_by_names() {
    let mut raw = Raw::hospital();
    raw.table(30, "a.twice", &[("x", TEXT)]).table(31, "b.twice", &[("ssn", TEXT), ("x", TEXT)]);
    raw.table(33, "a.again", &[("x", TEXT), ("y", TEXT)]);
    raw.table(34, "b.again", &[("ssn", TEXT), ("y", TEXT)]);
    raw.table(32, "public.made", &[("ssn", TEXT), ("whole_name", TEXT), ("n", INT4)]);
    raw.column(32, "ssn").generated = true;
    let catalog = raw.compile();
    for (text, count, expected) in [
        (
            "COPY patients TO STDOUT",
            11,
            "whole whole whole year zip3 agecap scan pass year pass scan",
        ),
        ("COPY patients (ssn, visits, note) TO STDOUT", 3, "whole pass scan"),
        ("COPY patients (ssn, visits) TO STDOUT (FORMAT binary)", 2, "whole pass"),
        ("COPY patients TO STDOUT", 2, "whole whole"),
        ("COPY patients (gone) TO STDOUT", 1, "whole"),
        ("COPY gone TO STDOUT", 2, "whole whole"),
        ("COPY made TO STDOUT", 2, "scan pass"),
        ("COPY twice TO STDOUT", 1, "scan"),
        ("COPY twice TO STDOUT", 2, "whole scan"),
        ("COPY twice TO STDOUT", 3, "whole whole whole"),
        ("COPY again TO STDOUT", 2, "whole scan"),
        ("COPY (SELECT * FROM again) TO STDOUT", 2, "whole scan"),
        ("COPY (SELECT * FROM twice) TO STDOUT", 1, "scan"),
        ("COPY a.twice TO STDOUT", 1, "scan"),
        ("COPY twice (x) TO STDOUT", 1, "scan"),
        ("COPY products TO STDOUT", 5, "pass scan pass pass pass"),
        ("COPY pg_class TO STDOUT", 2, "scan scan"),
        ("COPY pg_class TO STDOUT (FORMAT binary)", 2, "whole whole"),
        (
            "COPY (SELECT * FROM patients) TO STDOUT",
            11,
            "whole whole whole year zip3 agecap scan pass year pass scan",
        ),
        (
            "COPY (SELECT 1, p.*, ssn AS x FROM patients p) TO STDOUT",
            13,
            "scan whole whole whole year zip3 agecap scan pass year pass scan whole",
        ),
        ("COPY (SELECT * FROM patients, products) TO STDOUT", 2, "whole whole"),
        ("COPY (SELECT * FROM products JOIN products x USING (id)) TO STDOUT", 2, "scan scan"),
        (
            "COPY (SELECT ssn x, upper(ssn), count(*), 1 FROM patients) TO STDOUT",
            4,
            "whole whole pass scan",
        ),
        ("COPY (SELECT x.y FROM (SELECT zip AS y FROM patients) x) TO STDOUT", 1, "zip3"),
        ("COPY (SELECT upper(title), price + 1 FROM products) TO STDOUT", 2, "scan scan"),
        ("COPY (SELECT upper(title), 1 FROM products) TO STDOUT (FORMAT binary)", 2, "whole pass"),
        ("COPY (SELECT f(title) FROM products) TO STDOUT", 1, "whole"),
        ("COPY (SELECT id FROM products, patients) TO STDOUT", 1, "whole"),
        ("COPY (SELECT relname FROM pg_class) TO STDOUT", 1, "scan"),
        ("COPY (DELETE FROM patients RETURNING ssn) TO STDOUT", 1, "whole"),
        ("COPY (VALUES (1, 'x')) TO STDOUT", 2, "scan scan"),
    ] {
        assert_eq!(actions(&copied(&catalog, text, count)), expected, "{text}");
    }
    let statement = one("COPY patients TO STDOUT");
    let copy = statement.copy.as_ref().unwrap();
    let unread = copy_plan(copy, &statement, Reach::WORST, 2, None, &masks(Preset::SafeHarbor));
    assert_eq!(actions(&unread), "whole whole");
    let open = copy_plan(copy, &statement, Reach::default(), 2, None, &masks(Preset::Transparent));
    assert!(open.passes);
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 500,
        rng_seed: RngSeed::Fixed(1),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// However the SSN is renamed, qualified, nested or joined, nothing of it comes through.
    #[test]
    fn no_alias_lowers_a_mask(
        schema in prop::sample::select(&["", "public."][..]),
        alias in prop::sample::select(&["", " p", " AS products", " \"x y\""][..]),
        rename in prop::sample::select(&["", " AS title", " AS id", " AS \"count\""][..]),
        wraps in prop::collection::vec(prop::sample::select(&[
            "SELECT * FROM ({}) q",
            "SELECT q.* FROM ({}) q",
            "WITH q AS ({}) SELECT * FROM q",
            "WITH products AS ({}) SELECT * FROM products",
            "SELECT q.c FROM ({}) AS q(c)",
            "{} UNION ALL SELECT 'x'",
            "SELECT * FROM ({}) q CROSS JOIN (SELECT 1) r",
            "SELECT (SELECT * FROM ({}) q LIMIT 1)",
        ][..]), 0..4),
        format in prop::sample::select(&["", " (FORMAT csv)", " (FORMAT binary)"][..]),
    ) {
        let catalog = Raw::hospital().compile();
        let qualifier = if alias.is_empty() { "patients.".to_owned() } else {
            format!("{}.", alias.trim_start().trim_start_matches("AS "))
        };
        let mut query = format!("SELECT {qualifier}ssn{rename} FROM {schema}patients{alias}");
        for wrap in wraps {
            query = wrap.replace("{}", &query);
        }
        // By the server's word, whether it names an origin or not.
        for origin in [(PATIENTS, 3, TEXT), (0, 0, TEXT)] {
            let plan = planned(&catalog, &query, &[origin], Preset::SafeHarbor);
            prop_assert!(matches!(&*actions(&plan), "whole" | "null"), "{}", query);
        }
        let joined = query.contains("CROSS JOIN");
        if !joined {
            let copy = copied(&catalog, &format!("COPY ({query}) TO STDOUT{format}"), 1);
            prop_assert_eq!(actions(&copy), "whole", "{}", query);
        }
    }
}
