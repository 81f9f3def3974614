//! What is refused whatever the policies say, and what policies decide.

use super::*;
use crate::Verdict;

/// `yes`, or the rule that refused.
fn verdict(engine: &mut Engine, text: &str) -> String {
    match engine.decide(&grant(), &one(text)).verdict {
        Verdict::Allow { .. } => "yes".to_owned(),
        Verdict::Deny(refusal) => {
            assert_eq!(refusal.sqlstate, *b"42501", "{text}");
            assert!(refusal.hint.is_some(), "{text}");
            refusal.rule
        }
    }
}

#[test]
fn fixed_rules_hold_where_the_policy_permits_everything() {
    let mut raw = Raw::hospital();
    raw.view(30, "public.v", "SELECT ssn FROM patients;", &[("x", TEXT)]);
    let mut engine = engine(ALL, raw.compile());
    for (text, expected) in [
        // One lexer, one meaning; one session, one principal.
        ("SET client_encoding = 'SJIS'", "rule:pinned-setting"),
        ("SET NAMES 'GBK'", "rule:pinned-setting"),
        ("SET client_encoding TO 'UTF-8'", "yes"),
        ("SET NAMES 'unicode'", "yes"),
        ("RESET client_encoding", "yes"),
        ("SELECT set_config('client_encoding', $1, false)", "rule:pinned-setting"),
        ("SET standard_conforming_strings = off", "rule:pinned-setting"),
        ("SET standard_conforming_strings = on", "yes"),
        ("SET LOCAL \"Standard_Conforming_Strings\" = off", "rule:pinned-setting"),
        ("ALTER ROLE r SET standard_conforming_strings = off", "rule:pinned-setting"),
        ("ALTER DATABASE d SET client_encoding = 'SJIS'", "rule:pinned-setting"),
        ("ALTER DATABASE d RESET client_encoding", "rule:pinned-setting"),
        (
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql SET client_encoding = 'SJIS' AS ''",
            "rule:pinned-setting",
        ),
        ("ALTER SYSTEM SET session_preload_libraries = 'x'", "rule:pinned-setting"),
        ("SET ROLE admin", "rule:pinned-setting"),
        ("SET ROLE NONE", "yes"),
        ("SET SESSION AUTHORIZATION admin", "rule:pinned-setting"),
        ("RESET SESSION AUTHORIZATION", "yes"),
        (
            "UPDATE pg_settings SET setting = 'off' WHERE name = 'standard_conforming_strings'",
            "rule:pinned-setting",
        ),
        ("CREATE VIEW x AS SELECT * FROM pg_settings", "rule:pinned-setting"),
        ("SELECT * FROM pg_settings", "yes"),
        ("SET search_path = a, pg_catalog", "yes"),
        ("SET DateStyle = 'German'", "yes"),
        ("RESET ALL", "yes"),
        ("DISCARD ALL", "yes"),
        ("SELECT set_config($1, 'x', false)", "rule:unnamed-setting"),
        ("SELECT set_config('application_name', 'x', false)", "yes"),
        ("SELECT set_config('application_name', price::text, false) FROM products", "yes"),
        ("SELECT set_config('application_name', title, false) FROM products", "rule:channel"),
        (
            "SELECT set_config('application_name', ssn, false) FROM patients",
            "rule:setting-from-data",
        ),
        // Files, programs, unknown COPY.
        ("COPY patients TO '/tmp/x'", "rule:copy-server"),
        ("COPY products FROM PROGRAM 'x'", "rule:copy-server"),
        ("COPY patients TO STDOUT (FORMAT parquet)", "rule:copy-option"),
        ("COPY patients TO STDOUT (ENCODING 'LATIN1')", "rule:copy-option"),
        ("COPY patients TO STDOUT (ENCODING 'UTF8')", "yes"),
        // Copies.
        ("CREATE TABLE x AS SELECT * FROM patients", "rule:copies-masked"),
        ("CREATE TEMP TABLE x AS SELECT * FROM v", "rule:copies-masked"),
        ("CREATE MATERIALIZED VIEW x AS SELECT 1 FROM patients", "rule:copies-masked"),
        ("SELECT * INTO x FROM patients", "rule:copies-masked"),
        ("CREATE TABLE x AS EXECUTE p", "rule:copies-masked"),
        ("CREATE TABLE x AS SELECT * FROM products", "yes"),
        ("INSERT INTO products SELECT * FROM patients", "rule:copies-masked"),
        (
            "INSERT INTO products (title) VALUES ((SELECT ssn FROM patients LIMIT 1))",
            "rule:copies-masked",
        ),
        ("INSERT INTO products (title) VALUES (some_function())", "rule:copies-masked"),
        ("INSERT INTO products SELECT * FROM unknown_table", "rule:copies-masked"),
        ("INSERT INTO products (title) VALUES ('x')", "yes"),
        ("INSERT INTO products (title) SELECT title FROM products", "yes"),
        ("INSERT INTO patients (ssn) VALUES ($1)", "yes"),
        ("INSERT INTO patients (ssn) SELECT title FROM products", "yes"),
        ("UPDATE products SET title = ssn FROM patients", "rule:copies-masked"),
        ("UPDATE patients SET note = ssn", "rule:copies-masked"),
        ("UPDATE patients SET visits = visits + 1", "yes"),
        ("UPDATE patients SET ssn = NULL", "yes"),
        ("DELETE FROM patients", "yes"),
        (
            "MERGE INTO products USING patients ON true WHEN MATCHED THEN UPDATE SET title = ssn",
            "rule:copies-masked",
        ),
        (
            "WITH d AS (DELETE FROM patients RETURNING *) INSERT INTO products SELECT * FROM d",
            "rule:copies-masked",
        ),
        ("WITH i AS (INSERT INTO products SELECT * FROM patients) SELECT 1", "rule:copies-masked"),
        ("PREPARE p AS INSERT INTO products SELECT * FROM patients", "rule:copies-masked"),
        ("EXPLAIN ANALYZE CREATE TABLE x AS SELECT * FROM patients", "rule:copies-masked"),
        // Definitions and labels.
        ("ALTER TABLE patients RENAME ssn TO plain", "rule:defines-masked"),
        ("CREATE VIEW x AS SELECT ssn FROM patients", "rule:defines-masked"),
        ("CREATE VIEW x AS SELECT * FROM unknown_table", "rule:defines-masked"),
        (
            "CREATE RULE r AS ON INSERT TO products DO ALSO SELECT * FROM patients",
            "rule:defines-masked",
        ),
        ("CREATE TABLE x () INHERITS (patients)", "rule:defines-masked"),
        ("CREATE TABLE x (a int)", "yes"),
        ("ALTER TABLE products ADD weight int", "yes"),
        ("DROP VIEW v", "rule:defines-masked"),
        ("COMMENT ON COLUMN patients.ssn IS 'clear'", "rule:labels-masked"),
        ("SECURITY LABEL ON TABLE patients IS 'clear'", "rule:labels-masked"),
        ("COMMENT ON TABLE products IS 'x'", "yes"),
        ("CREATE TABLE x (a text DEFAULT leak())", "rule:defines-foreign"),
        (
            "CREATE TRIGGER g BEFORE INSERT ON products EXECUTE FUNCTION leak()",
            "rule:defines-foreign",
        ),
        ("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'", "yes"),
        ("DO $$ BEGIN END $$", "rule:opaque-code"),
        ("EXECUTE p(1, 'x', upper('x'))", "yes"),
        ("EXECUTE p(leak())", "rule:execute-arguments"),
        ("EXPLAIN ANALYZE EXECUTE p(leak())", "rule:execute-arguments"),
        ("CREATE FOREIGN TABLE x (a text) SERVER s", "rule:unreadable"),
        // Ways out.
        ("SELECT query FROM pg_stat_activity", "rule:private-relation"),
        ("SELECT * FROM pg_catalog.pg_stats", "rule:private-relation"),
        ("TABLE pg_prepared_statements", "rule:private-relation"),
        ("SELECT * FROM extensions.pg_stat_statements", "rule:private-relation"),
        ("SELECT 1 FROM products WHERE EXISTS (SELECT FROM pg_authid)", "rule:private-relation"),
        ("SELECT query_to_xml('SELECT ssn FROM patients', true, true, '')", "rule:way-out"),
        ("SELECT pg_catalog.table_to_xml('patients', true, true, '')", "rule:way-out"),
        ("SELECT * FROM ts_stat('SELECT ssn FROM patients')", "rule:way-out"),
        ("SELECT (('SELECT ssn FROM patients'::text).ts_stat).word", "rule:way-out"),
        ("SELECT (90001::oid).lo_get", "rule:way-out"),
        ("SELECT x.pg_terminate_backend FROM (VALUES (1)) x(y)", "rule:way-out"),
        ("SELECT (ssn::bigint).pg_advisory_lock FROM patients", "rule:channel"),
        ("SELECT setseed(ssn::float / 1000) FROM patients", "rule:channel"),
        ("SELECT ts_rewrite('a', 'SELECT ssn FROM patients')", "rule:way-out"),
        ("SELECT * FROM public.dblink('x', 'SELECT 1') AS t(a text)", "rule:way-out"),
        (
            "SELECT * FROM xpath_table('id', 'x', 'patients', '/', 'true') AS t(a int)",
            "rule:way-out",
        ),
        ("SELECT * FROM pg_logical_slot_peek_changes('s', NULL, NULL)", "rule:way-out"),
        ("SELECT get_raw_page('patients', 0)", "rule:way-out"),
        ("SELECT pg_read_file('/etc/passwd')", "rule:way-out"),
        ("SELECT pg_ls_dir('.')", "rule:way-out"),
        ("SELECT lo_export(1, '/tmp/x')", "rule:way-out"),
        ("SELECT pg_terminate_backend(1)", "rule:way-out"),
        ("SELECT pg_notify('c', ssn) FROM patients", "rule:channel"),
        ("SELECT pg_notify('c', title) FROM products", "rule:channel"),
        ("SELECT pg_notify('c', price::text) FROM products", "yes"),
        ("SELECT pg_advisory_lock(ascii(title)) FROM products", "rule:channel"),
        ("SELECT (ascii(title)).pg_advisory_lock FROM products", "rule:channel"),
        ("SELECT setval('s', id) FROM products", "yes"),
        ("SELECT pg_notify('c', 'x')", "yes"),
        ("SELECT pg_advisory_lock(ssn::bigint) FROM patients", "rule:channel"),
        ("SELECT pg_try_advisory_xact_lock(age) FROM patients", "rule:channel"),
        ("SELECT pg_advisory_lock(1), ssn FROM patients", "yes"),
        ("SELECT setval('s', age) FROM patients", "rule:channel"),
        // And these are nobody's business.
        ("SELECT * FROM patients", "yes"),
        ("SELECT count(*) FROM patients", "yes"),
        ("EXPLAIN (ANALYZE, VERBOSE) SELECT * FROM patients", "yes"),
        ("FETCH c", "yes"),
        ("EXECUTE p", "yes"),
        ("LISTEN c", "yes"),
        ("SELECT current_setting('TimeZone')", "yes"),
    ] {
        assert_eq!(verdict(&mut engine, text), expected, "{text}");
    }
}

#[test]
fn a_database_that_control_has_not_read_gets_the_strictest_rules() {
    let mut engine = Engine::compile(snapshot(Preset::SafeHarbor, ALL, None)).unwrap();
    for (text, expected) in [
        ("SELECT 1", "yes"),
        ("SELECT * FROM products", "yes"),
        ("CREATE TABLE x AS SELECT * FROM products", "rule:copies-masked"),
        ("INSERT INTO x VALUES (1)", "yes"),
        ("ALTER TABLE products ADD a int", "rule:defines-masked"),
        ("COMMENT ON TABLE products IS 'x'", "rule:labels-masked"),
    ] {
        assert_eq!(verdict(&mut engine, text), expected, "{text}");
    }
}

#[test]
fn the_transparent_preset_refuses_nothing() {
    let mut engine =
        Engine::compile(snapshot(Preset::Transparent, "", Some(Raw::hospital().compile())))
            .unwrap();
    for text in ["DO $$ $$", "SET client_encoding = 'SJIS'", "COPY patients TO '/tmp/x'"] {
        let clearance = engine.decide(&grant(), &one(text));
        assert_eq!(
            clearance.verdict,
            Verdict::Allow { policy: "preset:transparent".into() },
            "{text}"
        );
        assert_eq!(clearance.reach, crate::Reach::default(), "{text}");
    }
}

#[test]
fn agents_read_and_nothing_else_to_start_with() {
    let mut engine = starter_engine();
    for text in [
        "SELECT * FROM patients",
        "TABLE products",
        "SHOW search_path",
        "EXPLAIN SELECT 1",
        "EXPLAIN DELETE FROM products",
        "DECLARE c CURSOR FOR SELECT 1",
        "FETCH c",
        "CLOSE c",
        "PREPARE p AS SELECT 1",
        "EXECUTE p",
        "DEALLOCATE p",
        "BEGIN",
        "SET search_path = public",
        "LISTEN c",
        "UNLISTEN c",
        "NOTIFY c",
        "DISCARD ALL",
        "COPY products TO STDOUT",
    ] {
        assert_eq!(verdict(&mut engine, text), "yes", "{text}");
    }
    for text in [
        "INSERT INTO products VALUES (1)",
        "UPDATE products SET id = 1",
        "DELETE FROM products",
        "TRUNCATE products",
        "COPY products FROM STDIN",
        "CREATE TABLE x (a int)",
        "CREATE TABLE x AS SELECT 1",
        "DROP TABLE products",
        "GRANT SELECT ON products TO x",
        "COMMENT ON TABLE products IS 'x'",
        "LOCK products",
        "CALL count()",
        "VACUUM",
        "LOAD 'x'",
        "WITH d AS (DELETE FROM products RETURNING *) SELECT * FROM d",
        "EXPLAIN ANALYZE DELETE FROM products",
        "PREPARE p AS DELETE FROM products",
        "COPY (DELETE FROM products RETURNING *) TO STDOUT",
        "DECLARE c CURSOR FOR WITH d AS (DELETE FROM products RETURNING *) SELECT * FROM d",
    ] {
        assert_eq!(verdict(&mut engine, text), "no-policy", "{text}");
    }
}

#[test]
fn who_asks_is_who_the_policy_names() {
    let policy = r#"
        @id("agents") permit (principal in Group::"agents", action == Action::"select", resource);
        @id("ann") permit (principal == User::"ann", action == Action::"insert",
                           resource == Resource::"warehouse")
            when { principal.issuer == "https://issuer.example" && context.database == "hospital" };
        @id("no-secrets") forbid (principal, action, resource)
            when { context.relations.contains("public.products") };
        @id("no-now") forbid (principal, action, resource)
            when { context.functions.contains("now") || context.masked && context.copies };
    "#;
    let mut engine = engine(policy, Raw::hospital().compile());
    let ann = Grant { principal: "ann".into(), groups: vec![], ..grant() };
    let elsewhere = Grant { resource: "other".into(), ..ann.clone() };
    let stranger = Grant { issuer: "https://else.example".into(), ..ann.clone() };
    for (grant, text, expected) in [
        (&grant(), "SELECT * FROM patients", Ok("agents")),
        (&grant(), "SELECT * FROM products", Err("no-secrets")),
        (&grant(), "SELECT * FROM public.products", Err("no-secrets")),
        (&grant(), "SELECT now()", Err("no-now")),
        (&grant(), "INSERT INTO patients VALUES (1)", Err("no-policy")),
        (&ann, "INSERT INTO patients VALUES (1)", Ok("ann")),
        (&ann, "SELECT 1", Err("no-policy")),
        (&elsewhere, "INSERT INTO patients VALUES (1)", Err("no-policy")),
        (&stranger, "INSERT INTO patients VALUES (1)", Err("no-policy")),
    ] {
        let found = match engine.decide(grant, &one(text)).verdict {
            Verdict::Allow { policy } => Ok(policy),
            Verdict::Deny(refusal) => Err(refusal.rule),
        };
        let expected = expected.map(str::to_owned).map_err(str::to_owned);
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn a_refusal_quotes_nothing_of_the_statement() {
    let mut engine = engine(ALL, Raw::hospital().compile());
    for text in [
        "SELECT pg_read_file('123-45-6789')",
        "COPY patients TO '/tmp/123-45-6789'",
        "SELECT set_config('123-45-6789' || 'x', '123-45-6789', false)",
        "SET ROLE \"123-45-6789\"",
        "ALTER TABLE patients RENAME ssn TO \"123-45-6789\"",
    ] {
        let Verdict::Deny(refusal) = engine.decide(&grant(), &one(text)).verdict else {
            panic!("{text}")
        };
        assert!(!format!("{refusal:?}").contains("123-45-6789"), "{text}");
    }
}

#[test]
fn a_decision_made_before_is_the_same_for_the_same_shape_only() {
    let mut engine = starter_engine();
    let first = engine.decide(&grant(), &one("SELECT * FROM patients WHERE id = 1"));
    let again = engine.decide(&grant(), &one("  SELECT *  FROM patients WHERE id = 2"));
    assert_eq!(first, again);
    let other = Grant { groups: vec![], ..grant() };
    let denied = engine.decide(&other, &one("SELECT * FROM patients WHERE id = 1"));
    assert!(matches!(denied.verdict, Verdict::Deny(_)));
    let renewed = Grant { id: "other".into(), expires_at_ms: 9, ..grant() };
    assert_eq!(engine.decide(&renewed, &one("SELECT * FROM patients WHERE id = 1")), first);
    for text in ["SELECT * FROM products WHERE id = 1", "SELECT f(id) FROM patients WHERE id = 1"] {
        assert_ne!(engine.decide(&grant(), &one(text)).reach, first.reach, "{text}");
    }
}
