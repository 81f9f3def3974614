//! What a statement may touch at worst.

use super::*;
use crate::Reach;

fn reach(text: &str, catalog: Option<&Catalog>) -> &'static str {
    match Reach::of(&one(text), catalog) {
        Reach { masked: false, foreign_function: false, .. } => "plain",
        Reach { masked: true, foreign_function: false, .. } => "masked",
        Reach { masked: false, foreign_function: true, .. } => "foreign",
        Reach { masked: true, foreign_function: true, .. } => "both",
    }
}

#[test]
fn names_stand_for_the_worst_that_they_may_mean() {
    let mut raw = Raw::hospital();
    raw.table(30, "safe.patients", &[("room", INT4)]);
    raw.table(31, "public.pg_class", &[("ssn", TEXT)]);
    raw.table(32, "odd.pg_stats", &[("a", INT4)]);
    let catalog = raw.compile();
    for (text, expected) in [
        ("SELECT 1", "plain"),
        ("SELECT * FROM products", "plain"),
        ("SELECT * FROM public.patients", "masked"),
        ("SELECT * FROM patients", "masked"),
        ("SELECT * FROM safe.patients", "plain"),
        ("SELECT * FROM gone", "masked"),
        ("SELECT * FROM gone.products", "masked"),
        ("SELECT * FROM pg_temp.products", "masked"),
        ("SELECT * FROM products, LATERAL (SELECT 1 FROM patients) x", "masked"),
        ("WITH patients AS (SELECT 1) SELECT * FROM patients", "plain"),
        ("SELECT * FROM pg_type", "plain"),
        ("SELECT * FROM pg_catalog.pg_class", "plain"),
        ("SELECT * FROM pg_class", "masked"),
        ("SELECT * FROM information_schema.columns", "plain"),
        ("SELECT * FROM pg_stat_activity", "masked"),
        ("SELECT * FROM pg_stats", "masked"),
        ("INSERT INTO patients VALUES (1)", "masked"),
        ("CREATE TABLE fresh (a int)", "plain"),
        ("CREATE INDEX ON patients (id)", "masked"),
        ("FETCH c", "both"),
        ("EXECUTE p", "both"),
        ("EXPLAIN EXECUTE p", "both"),
        ("DO $$ $$", "both"),
        ("SHOW x", "plain"),
    ] {
        assert_eq!(reach(text, Some(&catalog)), expected, "{text}");
    }
}

#[test]
fn only_what_is_surely_postgresqls_own_is_not_foreign() {
    let mut raw = Raw::hospital();
    raw.code("public.upper", 'f')
        .code("public.full_name", 'a')
        .code("public.<", 'o')
        .code("public.mood", 'c')
        .code("public.json_scalar", 'f')
        .code("pg_catalog.added", 'f');
    let catalog = raw.compile();
    for (text, expected) in [
        ("SELECT count(*)", "plain"),
        ("SELECT now()", "plain"),
        ("SELECT pg_catalog.upper('x')", "plain"),
        ("SELECT upper('x')", "foreign"),
        ("SELECT public.count(1)", "foreign"),
        ("SELECT made_since_the_catalog_was_read()", "foreign"),
        ("SELECT pg_catalog.added()", "foreign"),
        ("SELECT information_schema._pg_truetypid(1)", "plain"),
        ("SELECT full_name(p) FROM products p", "foreign"),
        ("SELECT p.full_name FROM products p", "foreign"),
        ("SELECT p.title FROM products p", "plain"),
        ("SELECT 1 = 2, 1 + 1", "plain"),
        ("SELECT 1 < 2", "foreign"),
        ("SELECT 1 OPERATOR(pg_catalog.<) 2", "plain"),
        ("SELECT 1 <#> 2", "foreign"),
        ("SELECT 'x'::mood", "foreign"),
        ("SELECT 'x'::text", "plain"),
        ("SELECT JSON_SCALAR(1)", "foreign"),
        ("SELECT JSON_VALUE('1', '$')", "plain"),
        ("CALL refresh_all()", "foreign"),
    ] {
        assert_eq!(reach(text, Some(&catalog)), expected, "{text}");
    }
}

#[test]
fn a_name_of_postgresqls_own_is_foreign_where_something_else_can_be_called_so() {
    let mut raw = Raw::hospital();
    raw.function("own.count", 'f', 1, Some(1), false)
        .function("own.upper", 'f', 2, Some(3), false)
        .function("own.now", 'f', 0, Some(0), false)
        .function("own.setval", 'f', 1, None, false);
    let plain = raw.compile();
    for (text, expected) in [
        ("SELECT count(*)", "plain"),
        ("SELECT count(*) FILTER (WHERE true)", "plain"),
        ("SELECT count(1)", "foreign"),
        ("SELECT count(DISTINCT 1), count(*)", "foreign"),
        ("SELECT count(1, 2)", "plain"),
        ("SELECT count(1) WITHIN GROUP (ORDER BY 1)", "plain"),
        ("SELECT count() WITHIN GROUP (ORDER BY 1)", "foreign"),
        ("SELECT upper('x')", "plain"),
        ("SELECT upper('x', 'y')", "foreign"),
        ("SELECT upper('x', b => 'y', c => 'z')", "foreign"),
        ("SELECT upper('x', 'y', 'z', 'a')", "plain"),
        ("SELECT now()", "foreign"),
        ("SELECT setval()", "plain"),
        ("SELECT setval('a', 'b', 'c', 'd')", "foreign"),
        ("SELECT setval(VARIADIC '{}')", "foreign"),
    ] {
        assert_eq!(reach(text, Some(&plain)), expected, "{text}");
    }
    raw.function("own.count", 'f', 0, Some(0), false);
    assert_eq!(reach("SELECT count(*)", Some(&raw.compile())), "plain", "no aggregate");
    raw.function("own.count", 'f', 0, Some(0), true);
    assert_eq!(reach("SELECT count(*)", Some(&raw.compile())), "foreign");
}

#[test]
fn a_database_that_control_has_not_read_is_all_worst() {
    for (text, expected) in [
        ("SELECT * FROM products", "both"),
        ("SELECT now()", "both"),
        ("FETCH c", "both"),
        ("SELECT 1", "plain"),
        ("BEGIN", "plain"),
    ] {
        assert_eq!(reach(text, None), expected, "{text}");
    }
}
