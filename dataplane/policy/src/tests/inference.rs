//! What masked columns may be used for beside being shown, and who may say otherwise.

use super::*;
use crate::Verdict;

/// `yes`, or the message of the refusal.
fn verdict(policy: &str, text: &str) -> String {
    let mut raw = Raw::hospital();
    raw.0.builtin_functions.extend(["max", "length", "date_trunc"].map(str::to_owned));
    raw.table(30, "public.visits", &[("patient_id", INT4), ("cost", NUMERIC), ("seen", DATE)]);
    raw.view(
        31,
        "public.v",
        "SELECT reverse(ssn) AS code, visits FROM patients;",
        &[("code", TEXT), ("visits", INT4)],
    );
    let mut engine = engine(policy, raw.compile());
    match engine.decide(&grant(), &one(text)).verdict {
        Verdict::Allow { .. } => "yes".to_owned(),
        Verdict::Deny(refusal) => refusal.message,
    }
}

fn allows(policy: &str, text: &str) -> bool {
    verdict(policy, text) == "yes"
}

#[test]
fn a_masked_column_is_shown_and_nothing_else() {
    for text in [
        "SELECT * FROM patients WHERE ssn = '123-45-6789'",
        "SELECT 1 FROM patients WHERE age > 65",
        "SELECT 1 FROM patients WHERE updated > now()",
        "SELECT visits FROM patients ORDER BY birth_date",
        "SELECT visits FROM patients ORDER BY 1, name",
        "SELECT zip, count(*) FROM patients GROUP BY zip",
        "SELECT DISTINCT zip FROM patients",
        "SELECT count(*) FROM patients HAVING max(age) > 100",
        "SELECT count(*) FILTER (WHERE age > 100) FROM patients",
        "SELECT CASE WHEN ssn LIKE '1%' THEN 1 END FROM patients",
        "SELECT 1 / (age - 50) FROM patients",
        "SELECT generate_series(1, age) FROM patients",
        "SELECT 1 FROM patients JOIN (VALUES ('x')) v(s) ON ssn = s",
        "SELECT 1 FROM patients a JOIN patients b ON a.ssn = b.ssn",
        "SELECT 1 FROM patients a NATURAL JOIN patients b",
        "SELECT 1 FROM products WHERE EXISTS (SELECT 1 FROM patients WHERE ssn LIKE '1%')",
        "SELECT 1 FROM products LIMIT (SELECT max(age) FROM patients)",
        "SELECT LEAST(ssn, '5'), GREATEST('5', ssn) FROM patients",
        "SELECT (SELECT count(DISTINCT s) FROM (SELECT ssn UNION ALL SELECT '5') q(s)) FROM patients",
        "SELECT (SELECT min(s) FROM (SELECT ssn UNION ALL SELECT '5') q(s)) FROM patients",
        "SELECT LEAST(ssn) FROM patients, (SELECT 1 AS least) q ORDER BY least",
        "SELECT (SELECT count(*) FROM (SELECT '5' AS ssn) p, products JOIN visits ON p.ssn LIKE '1%') FROM patients p",
        "EXPLAIN SELECT 1 FROM patients WHERE ssn LIKE '1%'",
        "COPY (SELECT 1 FROM patients WHERE ssn LIKE '1%') TO STDOUT",
        "PREPARE p AS SELECT 1 FROM patients WHERE ssn = $1",
        "DECLARE c CURSOR FOR SELECT 1 FROM patients WHERE ssn = $1",
        "UPDATE products SET ok = true FROM patients WHERE ssn LIKE '1%'",
        "DELETE FROM patients WHERE age > 65",
        "SELECT visits FROM v WHERE code = '9876-54-321'",
        "SELECT 1 FROM gone WHERE anything = 1",
        "SELECT 1 FROM patients WHERE gone = 1",
    ] {
        assert!(verdict(ALL, text).contains("can't be used"), "{text}");
    }
}

#[test]
fn what_tells_nothing_of_a_masked_column_is_allowed() {
    for text in [
        "SELECT * FROM patients",
        "SELECT count(ssn), count(DISTINCT ssn) FROM patients",
        "SELECT 1 FROM patients WHERE ssn IS NULL AND name IS NOT NULL",
        "SELECT visits, count(*) FROM patients WHERE visits > 3 GROUP BY visits ORDER BY 2",
        "SELECT upper(name), md5(ssn), substr(ssn, 1, 3) FROM patients",
        "SELECT p.ssn FROM patients p JOIN visits v ON p.id = v.patient_id WHERE v.cost > 5",
        "SELECT 1 FROM patients p JOIN visits v USING (visits)",
        "SELECT 1 FROM patients WHERE EXISTS (SELECT 1 FROM visits WHERE patient_id = patients.id)",
        "SELECT title, made FROM products WHERE title LIKE 'x%' ORDER BY made, upper(title)",
        "SELECT relname FROM pg_class WHERE relname ~ 'x' ORDER BY relname",
        "SELECT note FROM patients WHERE note LIKE '%asthma%'",
    ] {
        assert_eq!(verdict(ALL, text), "yes", "{text}");
    }
}

#[test]
fn a_refusal_names_the_class_and_the_mend() {
    let mut engine = engine(ALL, Raw::hospital().compile());
    let text = "SELECT name FROM patients WHERE ssn LIKE '123-45-6789'";
    let Verdict::Deny(refusal) = engine.decide(&grant(), &one(text)).verdict else { panic!() };
    assert_eq!(refusal.rule, "rule:inference");
    assert_eq!(
        refusal.message,
        "protected columns (class \"ssn\") can't be used in WHERE, HAVING, ON or FILTER"
    );
    assert!(refusal.hint.is_some_and(|hint| hint.contains("@infer(\"ssn\")")));
}

#[test]
fn keys_can_be_looked_up_where_a_permit_says_so() {
    let keys = "@keys(\"unique_code\") permit (principal, action, resource);";
    for (text, allowed) in [
        ("SELECT * FROM patients WHERE id = 42", true),
        ("SELECT * FROM patients WHERE id = $1 AND id IN (1, 2) AND id = ANY ($2)", true),
        ("SELECT id, count(*) FROM patients GROUP BY id ORDER BY id LIMIT 10", true),
        ("SELECT * FROM patients WHERE id > 42", false),
        ("SELECT * FROM patients WHERE id + 1 = 43", false),
        ("SELECT * FROM patients WHERE ssn = '1'", false),
        ("SELECT * FROM v WHERE code = '9876-54-321'", false),
        ("SELECT * FROM gone WHERE id = 1", false),
    ] {
        assert_eq!(allows(keys, text), allowed, "{text}");
        assert!(!allows(ALL, text), "{text}");
    }
}

/// A join of a key with what the client gave, or with what it is shown, is a look-up.
#[test]
fn keys_are_joined_with_keys() {
    for text in [
        "SELECT visits.cost, k FROM visits JOIN generate_series(1, 9) k ON patient_id = k",
        "SELECT v.* FROM visits JOIN (VALUES (1, 'x')) v(patient_id, x) USING (patient_id)",
        "SELECT v.* FROM visits NATURAL JOIN (VALUES (1, 'x')) v(patient_id, x)",
        "SELECT p.visits FROM patients p JOIN visits v ON v.patient_id = p.visits",
        "SELECT oid FROM visits JOIN pg_class ON patient_id = oid",
    ] {
        assert!(!allows(ALL, text), "{text}");
    }
    assert!(allows(ALL, "SELECT 1 FROM patients p JOIN visits v ON v.patient_id = p.id"));
}

#[test]
fn a_permit_lets_classes_be_used() {
    let dates = "@infer(\"date, age\") permit (principal, action, resource);";
    for (text, allowed) in [
        ("SELECT count(*) FROM patients WHERE birth_date > now() AND age > 65", true),
        ("SELECT date_trunc('month', updated) AS m, count(*) FROM patients GROUP BY m", true),
        ("SELECT visits FROM patients ORDER BY birth_date", true),
        ("SELECT 1 FROM patients WHERE birth_date > now() AND zip = '1'", false),
        ("DECLARE c CURSOR FOR SELECT 1 FROM patients WHERE age > 65", true),
    ] {
        assert_eq!(allows(dates, text), allowed, "{text}");
    }
    let all = "@infer(\"*\") permit (principal, action, resource);";
    assert!(allows(all, "SELECT 1 FROM patients WHERE ssn LIKE '1%'"));
    assert!(allows(all, "SELECT 1 FROM gone WHERE anything = 1"));
}

#[test]
fn an_annotation_counts_for_what_its_permit_permits() {
    let policy = r#"
        @id("a") permit (principal, action, resource);
        @id("b") @infer("age") permit (principal, action == Action::"select", resource);
        @id("c") @infer("age") permit (principal == User::"ann", action, resource);
    "#;
    for (text, allowed) in [
        ("SELECT 1 FROM patients WHERE age > 1", true),
        ("COPY (SELECT 1 FROM patients WHERE age > 1) TO STDOUT", true),
        ("DELETE FROM patients WHERE age > 1", false),
        ("WITH d AS (DELETE FROM patients WHERE age > 1) SELECT 1", false),
        ("EXPLAIN SELECT 1 FROM patients WHERE age > 1", false),
        ("EXPLAIN ANALYZE SELECT 1 FROM patients WHERE age > 1", true),
    ] {
        assert_eq!(allows(policy, text), allowed, "{text}");
    }
}

#[test]
fn masks_are_written_over_masked_rows_only_where_a_permit_says_so() {
    let lifted = "@lift(\"writes-mask\") permit (principal, action, resource);";
    for (policy, text, refused) in [
        (ALL, "UPDATE patients SET ssn = $1", true),
        (ALL, "DO $$ $$", true),
        (ALL, "UPDATE products SET name = $1", false),
        (ALL, "SELECT ssn FROM patients", false),
        (lifted, "UPDATE patients SET ssn = $1", false),
    ] {
        let mut engine = engine(policy, Raw::hospital().compile());
        let clearance = engine.decide(&grant(), &one(text));
        assert_eq!(clearance.writes_masked, refused, "{text}");
    }
}

#[test]
fn a_permit_lifts_the_rules_that_it_names() {
    let policy = "@lift(\"private-relation, copy-server, opaque-code\") \
                  permit (principal, action, resource);";
    for (text, allowed) in [
        ("SELECT * FROM pg_stats", true),
        ("COPY products TO PROGRAM 'x'", true),
        ("DO $$ $$", true),
        ("SELECT lo_get(1)", false),
        ("SELECT lo_get(1) FROM pg_stats", false),
        ("SET client_encoding = 'SJIS'", false),
    ] {
        assert_eq!(allows(policy, text), allowed, "{text}");
        assert!(!allows(ALL, text), "{text}");
    }
}

#[test]
fn text_that_nobody_classified_is_compared_as_a_whole_or_by_patterns() {
    for text in [
        "SELECT 1 FROM products WHERE title LIKE 'x%' AND left(title, 3) = 'abc' OR upper(title) <> 'X'",
        "SELECT 1 FROM products a JOIN products b ON a.title = b.title AND lower(a.title) = lower(b.title)",
        "SELECT CASE WHEN title LIKE 'x%' THEN 1 END FROM products GROUP BY title ORDER BY upper(title)",
        "SELECT 1 FROM patients WHERE data ->> 'k' = 'x' AND data -> 'a' ->> 'b' IN ('x', 'y')",
        "SELECT 1 FROM patients, jsonb_array_elements(data -> 'items') i",
        "SELECT 1 FROM products WHERE price + id > made - $1",
    ] {
        assert_eq!(verdict(ALL, text), "yes", "{text}");
    }
    for text in [
        "SELECT 1 FROM products a, products b WHERE substr(a.title, b.id, 1) = 'x'",
        "SELECT 1 FROM products JOIN (VALUES ('x')) v(c) ON left(title, 1) = c",
        "SELECT 1 FROM products a, products b WHERE a.title LIKE b.title || '%'",
        "SELECT 1 FROM products JOIN (SELECT left(title, 1) AS c FROM products) q USING (c)",
        "SELECT CASE left(title, 1) WHEN 'x' THEN 'y' END FROM products",
        "SELECT 1 FROM products GROUP BY left(title, 1)",
        "SELECT 1 FROM products ORDER BY reverse(title)",
        "SELECT count(*) FROM products, generate_series(1, ascii(title)) g",
        "SELECT generate_series(1, ascii(title)) FROM products",
        "SELECT 1 FROM products LIMIT (SELECT ascii(title) FROM products)",
    ] {
        assert!(verdict(ALL, text).starts_with("pieces of text"), "{text}");
        let open = "@infer(\"*\") permit (principal, action, resource);";
        assert!(allows(open, text), "{text}");
    }
}

/// One statement makes as many values as it likes, and each of them is a question.
#[test]
fn text_that_nobody_classified_is_not_compared_with_values_that_are_made() {
    let series = "generate_series(0, 9999) g";
    for text in [
        format!("SELECT g FROM products, {series} WHERE title = 'SSN 219-09-' || g"),
        format!("SELECT g FROM products JOIN {series} ON 'SSN 219-09-' || g = title"),
        format!("SELECT g FROM products, {series} WHERE title = g::text"),
        format!("SELECT g FROM products, {series} WHERE title = g::int8::text"),
        format!("SELECT g FROM products, {series} WHERE title = to_char(g, 'FM0000')"),
        format!("SELECT g FROM products, {series} WHERE title IN ('a', 'b' || g)"),
        format!("SELECT g FROM products, {series} WHERE title = ANY (ARRAY['b' || g])"),
        format!("SELECT g FROM products, {series} WHERE title IS NOT DISTINCT FROM 'b' || g"),
        format!("SELECT g FROM {series} WHERE 'b' || g IN (SELECT title FROM products)"),
        format!("SELECT count(*) FROM products WHERE title IN (SELECT 'b' || g FROM {series})"),
        format!(
            "SELECT g FROM {series} WHERE EXISTS (SELECT FROM products WHERE title = 'b' || g)"
        ),
        format!("SELECT g, count(*) FILTER (WHERE title = 'b' || g) FROM products, {series}"),
        format!("SELECT g, CASE title WHEN 'b' || g THEN 1 END FROM products, {series}"),
        format!("SELECT g, CASE WHEN title = 'b' || g THEN 1 END FROM products, {series}"),
        format!("SELECT g, NULLIF(title, 'b' || g) FROM products, {series}"),
        format!("SELECT g, LEAST(title, 'b' || g) FROM products, {series}"),
        format!(
            "SELECT g FROM products JOIN (SELECT 'b' || g AS title, g FROM {series}) q USING (title)"
        ),
        format!(
            "SELECT g FROM products NATURAL JOIN (SELECT 'b' || g AS title, g FROM {series}) q"
        ),
        format!(
            "WITH q AS (SELECT 'b' || g AS t FROM {series}) SELECT t FROM q JOIN products ON title = t"
        ),
        "SELECT 1 FROM products WHERE title = 'b' || (SELECT count(*) FROM visits)".into(),
        "WITH RECURSIVE q(n, t) AS (SELECT 1, 'b' UNION ALL SELECT n + 1, 'b' || n FROM q) \
         SELECT n FROM q JOIN products ON title = t"
            .into(),
        format!("SELECT title FROM products UNION SELECT 'b' || g FROM {series}"),
        format!("SELECT 1, 'b' || g FROM {series} EXCEPT SELECT 1, title FROM products"),
        format!("SELECT 'b' || g FROM {series} INTERSECT SELECT title FROM products"),
        format!(
            "SELECT 'b' || g AS t FROM {series} UNION ALL SELECT title FROM products ORDER BY t"
        ),
        format!(
            "SELECT g, (SELECT max(s) FROM (SELECT title UNION ALL SELECT 'b' || g) q(s)) \
                 FROM products, {series}"
        ),
    ] {
        assert!(
            verdict(ALL, &text).starts_with("pieces of text"),
            "{text}: {}",
            verdict(ALL, &text)
        );
    }
    for text in [
        "SELECT 1 FROM products WHERE title = $1 || ' (old)' OR title = upper('x')",
        "SELECT 1 FROM products JOIN (VALUES ('x'), ('y')) v(c) ON title = c",
        "SELECT 1 FROM products JOIN unnest($1::text[]) v(c) ON title = c",
        "SELECT 1 FROM products WHERE title IN (SELECT lower(title) FROM products)",
        "SELECT title, length(title) FROM products UNION SELECT title, 1 FROM products",
        "SELECT DISTINCT title, id + 1 FROM products",
        "SELECT title, made + 1 FROM products UNION SELECT title, made FROM products",
        "SELECT title, made + 1 AS next FROM products ORDER BY title, next, coalesce(title, 'x')",
        "SELECT 1 FROM products a JOIN products b ON a.title = b.title AND a.id = b.id + 1",
    ] {
        assert_eq!(verdict(ALL, text), "yes", "{text}");
    }
}

#[test]
fn what_is_made_of_unclassified_text_is_not_written_where_it_could_be_read() {
    for (text, allowed) in [
        ("CREATE TABLE x AS SELECT upper(title) AS t, price + 2 AS p FROM products", true),
        ("INSERT INTO x SELECT title FROM products", true),
        ("UPDATE products SET title = upper(title), price = price + 1", true),
        ("UPDATE products SET title = title || ' (old)'", true),
        ("CREATE TABLE x AS SELECT reverse(title) AS t FROM products", false),
        ("SELECT translate(title, '0', 'a') INTO x FROM products", false),
        ("INSERT INTO x VALUES ((SELECT md5(title) FROM products LIMIT 1))", false),
        ("UPDATE products SET title = reverse(title)", false),
        ("WITH w AS (INSERT INTO x SELECT left(title, 3) FROM products) SELECT 1", false),
    ] {
        assert_eq!(allows(ALL, text), allowed, "{text}");
        let lifted = "@lift(\"copies-masked\") permit (principal, action, resource);";
        assert!(allows(lifted, text), "{text}");
    }
}

#[test]
fn errors_about_what_is_made_of_unclassified_text_are_not_quoted() {
    let mut engine = engine(ALL, Raw::hospital().compile());
    for (text, quoted) in [
        ("SELECT title FROM products WHERE title LIKE 'x%' AND id = 1", true),
        ("SELECT price + id FROM products", true),
        ("SELECT upper(title) FROM products", true),
        ("SELECT title::int FROM products", false),
        ("SELECT 1 FROM products WHERE reverse(title)::int > 5", false),
        ("INSERT INTO products (title) SELECT title FROM products", false),
    ] {
        let reach = engine.decide(&grant(), &one(text)).reach;
        assert_eq!(!reach.may_be_quoted(), quoted, "{text}");
    }
}

#[test]
fn what_a_trusted_function_returns_is_shown_and_used() {
    let mut raw = Raw::hospital();
    raw.code("clinic.band", 'f')
        .code("clinic.other", 'f')
        .code("evil.shared", 'f')
        .code("clinic.shared", 'f');
    raw.0.builtin_functions.push("avg".into());
    let policy = "@trust(\"clinic.band, clinic.shared, pg_catalog.avg\") \
                  permit (principal, action, resource);";
    let catalog = raw.compile();
    let mut engine = engine(policy, catalog.clone());
    for (text, shown) in [
        ("SELECT clinic.band(age) FROM patients", true),
        ("SELECT band(age) FROM patients", true),
        ("SELECT upper(band(ssn)) FROM patients WHERE band(ssn) = 'x'", true),
        ("SELECT avg(age) FROM patients", true),
        ("SELECT clinic.shared(ssn) FROM patients", true),
        ("SELECT shared(ssn) FROM patients", false),
        ("SELECT clinic.other(visits) FROM patients", false),
        ("SELECT clinic.band(age) || clinic.other(visits) FROM patients", false),
        ("SELECT clinic.band(age) || ssn FROM patients", false),
        ("SELECT band(age, 1) FROM patients", false),
    ] {
        let statement = one(text);
        let clearance = engine.decide(&grant(), &statement);
        let field = crate::FieldOrigin {
            table_oid: 0,
            attnum: 0,
            type_oid: TEXT,
            format: crate::Format::Text,
        };
        let plan = crate::plan(
            &[field],
            Some(&statement),
            clearance.reach,
            Some(&catalog),
            &clearance.masks,
        );
        let allowed = matches!(clearance.verdict, Verdict::Allow { .. });
        let scanned = plan.columns[0].action == crate::Action::Scan;
        assert_eq!(allowed && scanned, shown, "{text}");
    }
}
