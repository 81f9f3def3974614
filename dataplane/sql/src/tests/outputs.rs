//! Where the columns of a result come from.

use crate::{Outputs, Source};

use super::one;

/// `table.column` or `a|b.column` for columns, `const`, `count(*)`, `expr`; `*` with its relation.
fn outputs(text: &str) -> String {
    let show = |source: &Source| match source {
        Source::Constant => "const".to_owned(),
        Source::CountStar => "count(*)".to_owned(),
        Source::Expression(_) => "expr".to_owned(),
        Source::Column { relations, name } => {
            let mut relations: Vec<_> = relations.iter().map(qualified).collect();
            relations.sort();
            format!("{}.{name}", relations.join("|"))
        }
    };
    match one(text).outputs {
        Outputs::None => "none".to_owned(),
        Outputs::Unknown => "unknown".to_owned(),
        Outputs::Columns { left, star, star_of, right, .. } => {
            let mut shown: Vec<_> = left.iter().map(show).collect();
            if star {
                shown.push(star_of.as_ref().map_or("*".to_owned(), |of| qualified(of) + ".*"));
            }
            shown.extend(right.iter().map(show));
            shown.join(", ")
        }
    }
}

fn qualified((schema, name): &(Option<String>, String)) -> String {
    schema.as_ref().map(|schema| format!("{schema}.")).unwrap_or_default() + name
}

#[test]
fn columns_are_followed_to_their_relations() {
    for (text, expected) in [
        ("SELECT ssn FROM patients", "patients.ssn"),
        ("SELECT ssn AS x FROM hr.patients p", "hr.patients.ssn"),
        ("SELECT p.ssn FROM patients p", "patients.ssn"),
        ("SELECT patients.ssn FROM patients p", "expr"),
        ("SELECT hr.patients.ssn FROM hr.patients, patients", "hr.patients.ssn"),
        ("SELECT a FROM t, u JOIN v ON true", "t|u|v.a"),
        ("SELECT x.a FROM t x, t x", "expr"),
        ("SELECT a FROM t AS x(a)", "expr"),
        ("SELECT a FROM t x CROSS JOIN f()", "expr"),
        ("SELECT j.a FROM (t JOIN u ON true) j", "expr"),
        ("SELECT x.b FROM (SELECT a AS b FROM t) x", "t.a"),
        ("SELECT b FROM (SELECT a AS b, c FROM t) x, (SELECT d FROM u) y", "t.a"),
        ("SELECT b FROM (SELECT * FROM t) x", "t.b"),
        ("SELECT b FROM (SELECT upper(a) AS b FROM t) x", "expr"),
        ("SELECT b FROM (SELECT upper(a) FROM t) x", "expr"),
        ("SELECT x.n FROM (SELECT count(*) AS n FROM t) x", "count(*)"),
        ("SELECT b FROM (SELECT a FROM t) AS x(b)", "t.a"),
        ("WITH w AS (SELECT a AS b FROM t) SELECT b FROM w", "t.a"),
        ("WITH w(b) AS (SELECT a FROM t) SELECT w.b FROM w", "t.a"),
        ("WITH t AS (SELECT a AS b FROM t) SELECT b, a FROM t", "t.a, expr"),
        ("WITH RECURSIVE w AS (SELECT a FROM t) SELECT a FROM w", "expr"),
        ("WITH w AS (DELETE FROM t RETURNING a) SELECT a FROM w", "expr"),
        ("SELECT x.a FROM t, LATERAL (SELECT t.a) x", "expr"),
        ("SELECT id FROM t JOIN (SELECT id FROM u) x USING (id)", "t|u.id"),
        ("SELECT id FROM t JOIN (SELECT key AS id FROM u) x USING (id)", "expr"),
        ("SELECT (t).a, (SELECT a FROM t), a[1], a::text FROM t", "expr, expr, expr, expr"),
        ("SELECT a FROM t UNION SELECT a FROM t", "expr"),
        ("SELECT 1, a FROM t UNION ALL SELECT 2, b FROM t", "const, expr"),
        ("SELECT a FROM t UNION SELECT * FROM t", "unknown"),
        ("VALUES (1, f(1)), ('x', 2)", "const, expr"),
        ("SELECT * FROM s.t", "s.t.*"),
        ("SELECT 1, t.*, a FROM t, u", "const, t.*, t|u.a"),
        ("SELECT *, 1 FROM t, u", "*, const"),
        ("SELECT a, t.*, u.*, b FROM t, u", "t|u.a, *, t|u.b"),
        ("SELECT * FROM (SELECT a FROM t) x", "*"),
        ("WITH t AS (SELECT 1) SELECT * FROM t", "*"),
        ("SELECT (f(1)).*", "*"),
    ] {
        assert_eq!(outputs(text), expected, "{text}");
    }
}

#[test]
fn only_what_the_client_sent_is_constant() {
    for (text, expected) in [
        ("SELECT 1, 'x', NULL, true, -1, 1.5, B'1', $1", &["const"; 8][..]),
        ("SELECT 'x'::text, 'x'::s.mytype, $1::mytype, 1::int, date '2020-01-01'", &["const"; 5]),
        ("SELECT 1::mytype, 'x'::text::mytype", &["expr"; 2]),
        ("SELECT 1 + 1, 'a' || 'b', f(1), now(), ARRAY[1], current_user", &["expr"; 6]),
        ("SELECT count(*), pg_catalog.count(*) FILTER (WHERE true)", &["count(*)"; 2]),
        ("SELECT s.count(*), count(1), count(*) OVER ()", &["expr"; 3]),
        ("SELECT count(*), count(*) FROM t JOIN u USING (a), v WHERE b > c", &["count(*)"; 2]),
        ("SELECT count(*) FROM (SELECT DISTINCT a, 1 FROM t LIMIT 10) x", &["count(*)"]),
        ("WITH w AS (SELECT * FROM t) SELECT count(*) FROM w, w v", &["count(*)"]),
        ("SELECT count(*) FROM generate_series(1, (SELECT a FROM t))", &["expr"]),
        ("SELECT count(*) FROM t, LATERAL unnest(t.a)", &["expr"]),
        ("SELECT count(*) FROM t JOIN generate_series(1, 2) ON true", &["expr"]),
        ("SELECT count(*) FROM t TABLESAMPLE bernoulli ((SELECT a FROM u))", &["expr"]),
        ("SELECT count(*) FROM (SELECT generate_series(1, a) FROM t) x", &["expr"]),
        ("SELECT count(*) FROM (SELECT a FROM t LIMIT (SELECT b FROM u)) x", &["expr"]),
        ("SELECT count(*) FROM (SELECT a FROM t OFFSET length(repeat('a', 3))) x", &["expr"]),
        ("SELECT count(*) FROM (SELECT a FROM t UNION ALL SELECT f(a) FROM u) x", &["expr"]),
        ("WITH w AS (SELECT f(a) FROM t) SELECT count(*) FROM w", &["expr"]),
        ("WITH RECURSIVE w AS (SELECT a FROM t) SELECT count(*) FROM w", &["expr"]),
        ("SELECT n FROM (SELECT count(*) AS n FROM f(1)) x", &["expr"]),
    ] {
        assert_eq!(outputs(text), expected.join(", "), "{text}");
    }
}

#[test]
fn statements_without_a_query_of_their_own() {
    for (text, expected) in [
        ("INSERT INTO t VALUES (1)", "none"),
        ("INSERT INTO t VALUES (1) RETURNING a, 1, *", "expr, const, *"),
        ("DECLARE c CURSOR FOR SELECT a FROM t", "t.a"),
        ("PREPARE p AS SELECT a FROM t", "t.a"),
        ("COPY (SELECT a FROM t) TO STDOUT", "t.a"),
        ("COPY t TO STDOUT", "unknown"),
        ("COPY t FROM STDIN", "none"),
        ("EXPLAIN SELECT a FROM t", "unknown"),
        ("FETCH c", "unknown"),
        ("EXECUTE p", "unknown"),
        ("SHOW a", "unknown"),
        ("CALL p()", "unknown"),
        ("SELECT a INTO u FROM t", "none"),
        ("CREATE TABLE u AS SELECT a FROM t", "none"),
        ("BEGIN", "none"),
    ] {
        assert_eq!(outputs(text), expected, "{text}");
    }
}

#[test]
fn what_is_left_when_the_budget_is_used_up_is_an_expression() {
    let many = |part: &str, count: usize| vec![part; count].join(",");
    for text in [
        format!("SELECT a, {} FROM t, {}", many("t.c", 10_000), many("u", 40_000)),
        format!("SELECT a, {} FROM {}", many("c", 10_000), many("t", 40_000)),
        format!(
            "WITH q({}) AS (SELECT {}) SELECT {} FROM q",
            many("n", 60_000),
            many("1", 60_000),
            many("m", 20_000)
        ),
        format!("SELECT {} FROM (SELECT {} FROM t) q", many("a", 3_000), many("b AS x", 60_000)),
        format!("SELECT {} FROM {}", many("count(*)", 10_000), many("t", 40_000)),
    ] {
        let Outputs::Columns { left, .. } = one(&text).outputs else { panic!("{text:.60}") };
        assert!(matches!(left.last(), Some(Source::Expression(_))), "{text:.60}");
    }
}
