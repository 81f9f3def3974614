//! Attempts of PHI.md that are decided here, by their numbers there. `M` is masked whole or by its
//! type, `D` refused, `S` scanned; a plain `-` would be a leak.

use super::*;
use crate::{Action, FieldOrigin, Format, Reach, Verdict, plan};

/// What becomes of a statement whose columns have these (table, attnum, type).
fn fate(raw: &Raw, text: &str, fields: &[(u32, i16, u32)], format: Format) -> String {
    let catalog = raw.compile();
    let statement = one(text);
    let mut engine = engine(ALL, catalog.clone());
    let clearance = engine.decide(&grant(), &statement);
    if matches!(clearance.verdict, Verdict::Deny(_)) {
        return "D".into();
    }
    let origins: Vec<_> = fields
        .iter()
        .map(|&(table_oid, attnum, type_oid)| FieldOrigin { table_oid, attnum, type_oid, format })
        .collect();
    let plan = plan(
        &origins,
        Some(&statement),
        clearance.reach,
        Some(&catalog),
        &masks(Preset::SafeHarbor),
    );
    let letters = plan.columns.iter().map(|column| match column.action {
        Action::Scan => 'S',
        Action::Pass => '-',
        _ => 'M',
    });
    letters.collect()
}

const SSN: (u32, i16, u32) = (PATIENTS, 3, TEXT);
const NO_ORIGIN: (u32, i16, u32) = (0, 0, TEXT);

#[test]
fn attempts_to_read_a_masked_column() {
    let raw = Raw::hospital();
    let text = |oid| (0, 0, oid);
    for (number, statement, field) in [
        (3, "SELECT ssn FROM patients", SSN),
        (4, "SELECT ssn AS x FROM patients", SSN),
        (4, "SELECT x.* FROM (SELECT ssn AS title FROM patients) x", SSN),
        (5, "SELECT substr(ssn, 1, 3), substr(ssn, 5) FROM patients", NO_ORIGIN),
        (7, "SELECT reverse(ssn) FROM patients", NO_ORIGIN),
        (8, "SELECT encode(ssn::bytea, 'hex') FROM patients", NO_ORIGIN),
        (10, "SELECT translate(ssn, '0123456789', 'abcdefghij') FROM patients", NO_ORIGIN),
        (11, "SELECT md5(ssn) FROM patients", NO_ORIGIN),
        (14, "SELECT birth_date FROM patients", (PATIENTS, 4, DATE)),
        (15, "SELECT ARRAY[ssn] FROM patients", text(1009)),
        (15, "SELECT ROW(ssn, 1) FROM patients", text(2249)),
        (16, "SELECT row_to_json(p) FROM patients p", text(114)),
        (16, "SELECT xmlagg(xmlelement(name x, ssn)) FROM patients", text(142)),
        (16, "SELECT xmlforest(ssn) FROM patients", text(142)),
        (27, "SELECT ssn FROM patients UNION ALL SELECT 'x'", NO_ORIGIN),
        (27, "WITH w AS (SELECT ssn FROM patients) SELECT * FROM w", SSN),
        (27, "WITH w AS (SELECT ssn || '' AS s FROM patients) SELECT s FROM w", NO_ORIGIN),
        (27, "SELECT patient_ssn(1)", NO_ORIGIN),
        (27, "SELECT * FROM public.patient_ssns()", NO_ORIGIN),
        (35, "SELECT ssn FROM t", (PATIENTS, 3, TEXT)),
    ] {
        for format in [Format::Text, Format::Binary] {
            let fate = fate(&raw, statement, &[field], format);
            assert_eq!(fate, "M", "attempt {number}: {statement}");
        }
    }
}

/// By an error, by the number of rows, or by which rows there are.
#[test]
fn attempts_to_tell_of_a_masked_column_without_showing_it() {
    let raw = Raw::hospital();
    for (number, statement) in [
        (6, "SELECT substr(ssn, g, 1) FROM patients, generate_series(1, 11) g"),
        (12, "SELECT ssn::bigint + 1 FROM patients"),
        (13, "SELECT array_agg(ascii(c)) FROM patients, regexp_split_to_table(ssn, '') c"),
        (14, "SELECT birth_date + 0 FROM patients"),
        (15, "SELECT daterange(birth_date, NULL) FROM patients"),
        (23, "SELECT ssn::int FROM patients"),
        (26, "SELECT 1 FROM patients WHERE ssn LIKE '1%'"),
        (26, "SELECT ssn, count(*) FROM patients GROUP BY ssn"),
        (26, "SELECT visits FROM patients ORDER BY ssn"),
        (27, "SELECT ssn FROM patients INTERSECT SELECT 'x'"),
        (36, "SELECT public.count(ssn) FROM patients"),
    ] {
        let fate = fate(&raw, statement, &[NO_ORIGIN], Format::Text);
        assert_eq!(fate, "D", "attempt {number}: {statement}");
    }
}

#[test]
fn attempts_to_carry_data_out_by_another_way() {
    let raw = Raw::hospital();
    for (number, statement) in [
        (25, "COPY patients TO PROGRAM 'cat'"),
        (25, "SELECT lo_get(16384)"),
        (27, "CREATE TEMP TABLE t AS SELECT ssn FROM patients"),
        (31, "DO $$ BEGIN END $$"),
        (37, "SET standard_conforming_strings = off"),
        (37, "SET client_encoding = 'SJIS'"),
        (37, "SELECT set_config('client_encoding', 'GBK', false)"),
        (38, "SELECT query_to_xml('SELECT ssn FROM patients', true, true, '')"),
        (38, "SELECT * FROM ts_stat('SELECT ssn FROM patients')"),
        (38, "SELECT query FROM pg_stat_activity"),
        (38, "SELECT * FROM pg_logical_slot_peek_changes('s', NULL, NULL)"),
        (38, "SELECT get_raw_page('patients', 0)"),
        (40, "UPDATE products SET title = (SELECT ssn FROM patients LIMIT 1)"),
        (41, "COMMENT ON COLUMN patients.ssn IS 'clear'"),
    ] {
        let fate = fate(&raw, statement, &[NO_ORIGIN], Format::Text);
        assert_eq!(fate, "D", "attempt {number}: {statement}");
    }
}

#[test]
fn attempt_27_a_view_of_a_view_is_masked_by_its_origin() {
    let mut raw = Raw::hospital();
    raw.view(
        30,
        "public.v",
        "SELECT ssn AS a, substr(ssn, 5) AS b FROM patients;",
        &[("a", TEXT), ("b", TEXT)],
    );
    raw.view(
        31,
        "public.w",
        "SELECT b AS plain, a AS other FROM v;",
        &[("plain", TEXT), ("other", TEXT)],
    );
    let fields = [(31, 1, TEXT), (31, 2, TEXT)];
    assert_eq!(fate(&raw, "SELECT * FROM w", &fields, Format::Text), "MM");
}

/// A cached statement that is planned again after SET search_path reads another table with the same
/// row type: the plan follows the portal's own RowDescription, whatever the text says.
#[test]
fn attempt_35_the_origin_decides_and_not_the_text() {
    let mut raw = Raw::hospital();
    raw.table(30, "safe.t", &[("plain", TEXT)]);
    assert_eq!(fate(&raw, "SELECT plain FROM t", &[(30, 1, TEXT)], Format::Text), "S");
    assert_eq!(fate(&raw, "SELECT plain FROM t", &[SSN], Format::Text), "M");
    assert_eq!(fate(&raw, "SELECT plain FROM t", &[(40_000, 1, TEXT)], Format::Text), "M");
}

#[test]
fn attempt_36_a_count_of_ones_own_is_masked_and_postgresqls_is_not() {
    let mut raw = Raw::hospital();
    let count = (0, 0, INT8);
    let text = "SELECT count(*) FROM patients";
    assert_eq!(fate(&raw, text, &[count], Format::Binary), "-");
    raw.code("evil.count", 'f');
    assert_eq!(fate(&raw, text, &[count], Format::Binary), "-", "no star calls count(text)");
    assert_eq!(fate(&raw, "SELECT count(ssn) FROM patients", &[count], Format::Binary), "M");
    raw.function("evil.count", 'f', 0, Some(0), true);
    assert_eq!(fate(&raw, text, &[count], Format::Binary), "M");
}

#[test]
fn attempt_32_each_statement_of_a_text_has_its_own_verdict() {
    let mut engine = starter_engine();
    let text = "SELECT id FROM products; DROP TABLE products; SELECT 1";
    let verdicts: Vec<_> = lazaret_sql::parse(text)
        .unwrap()
        .iter()
        .map(|of| matches!(engine.decide(&grant(), of).verdict, Verdict::Allow { .. }))
        .collect();
    assert_eq!(verdicts, [true, false, true]);
}

#[test]
fn what_must_pass_untouched_passes() {
    let mut raw = Raw::hospital();
    raw.0.builtin_functions.extend(["sum", "avg", "max"].map(str::to_owned));
    for (text, field) in [
        ("SELECT id FROM products", (PRODUCTS, 1, INT4)),
        ("SELECT price FROM products", (PRODUCTS, 3, NUMERIC)),
        ("SELECT made FROM products", (PRODUCTS, 4, DATE)),
        ("SELECT count(*) FROM patients", (0, 0, INT8)),
        ("SELECT sum(price) FROM products", (0, 0, NUMERIC)),
        ("SELECT avg(price) FROM products", (0, 0, NUMERIC)),
        ("SELECT sum(visits) FROM patients", (0, 0, INT8)),
        ("SELECT count(ssn) FROM patients", (0, 0, INT8)),
        ("SELECT 89 FROM patients", (0, 0, INT4)),
    ] {
        assert_eq!(fate(&raw, text, &[field], Format::Text), "-", "{text}");
    }
    let worst = Reach::of(&one("SELECT 1"), Some(&raw.compile()));
    assert_eq!(worst, Reach::default());
}
