//! What a statement touches: relations, code, and whether it copies.

use crate::{Access, Arguments, Invocation};

use super::one;

/// `r:name`, `w:name`, `d:name` for each relation.
fn relations(text: &str) -> String {
    let mut uses: Vec<_> = one(text)
        .relations
        .iter()
        .map(|of| {
            let access = match of.access {
                Access::Read => "r",
                Access::Write => "w",
                Access::Define => "d",
            };
            match &of.schema {
                Some(schema) => format!("{access}:{schema}.{}", of.name),
                None => format!("{access}:{}", of.name),
            }
        })
        .collect();
    uses.sort();
    uses.join(" ")
}

#[test]
fn relations_are_found_wherever_they_stand() {
    for (text, expected) in [
        ("SELECT * FROM a, b.c, a", "r:a r:b.c"),
        ("SELECT * FROM d.b.c", "r:b.c"),
        ("SELECT * FROM ONLY a AS x TABLESAMPLE system (1)", "r:a"),
        ("SELECT * FROM a JOIN b USING (x) LEFT JOIN c ON true", "r:a r:b r:c"),
        ("SELECT (SELECT max(x) FROM a), ARRAY(SELECT x FROM b)", "r:a r:b"),
        ("SELECT 1 WHERE EXISTS (SELECT FROM a) AND 1 IN (TABLE b)", "r:a r:b"),
        ("SELECT 1 GROUP BY (SELECT x FROM a) HAVING (SELECT true FROM b)", "r:a r:b"),
        (
            "SELECT 1 ORDER BY (SELECT x FROM a) LIMIT (SELECT 1 FROM b) OFFSET (SELECT 1 FROM c)",
            "r:a r:b r:c",
        ),
        (
            "SELECT sum(x) OVER (PARTITION BY (SELECT 1 FROM a) ORDER BY (SELECT 1 FROM b)) FROM c",
            "r:a r:b r:c",
        ),
        ("SELECT sum(x) OVER w FROM c WINDOW w AS (PARTITION BY (SELECT 1 FROM a))", "r:a r:c"),
        (
            "SELECT count(*) FILTER (WHERE (SELECT true FROM a)), max(x ORDER BY (SELECT 1 FROM b)) \
          FROM c",
            "r:a r:b r:c",
        ),
        (
            "SELECT CASE (SELECT 1 FROM a) WHEN 1 THEN (SELECT 1 FROM b) ELSE (SELECT 1 FROM c) END",
            "r:a r:b r:c",
        ),
        ("SELECT COALESCE((SELECT 1 FROM a)), GREATEST(1, (SELECT 1 FROM b))", "r:a r:b"),
        (
            "SELECT ROW((SELECT 1 FROM a)), (ARRAY[(SELECT 1 FROM b)])[(SELECT 1 FROM c)]",
            "r:a r:b r:c",
        ),
        (
            "SELECT xmlelement(name x, xmlattributes((SELECT 1 FROM a) AS y), (SELECT 1 FROM b))",
            "r:a r:b",
        ),
        ("SELECT json_object('k': (SELECT 1 FROM a)), json_array(SELECT x FROM b)", "r:a r:b"),
        ("SELECT json_value((SELECT j FROM a), '$' PASSING (SELECT 1 FROM b) AS x)", "r:a r:b"),
        ("SELECT * FROM JSON_TABLE((SELECT j FROM a), '$' COLUMNS (x int PATH '$'))", "r:a"),
        ("SELECT * FROM XMLTABLE('/' PASSING (SELECT x FROM a) COLUMNS y text)", "r:a"),
        ("SELECT * FROM f((SELECT 1 FROM a)), ROWS FROM (g((SELECT 1 FROM b)))", "r:a r:b"),
        ("SELECT * FROM LATERAL (SELECT * FROM a) x", "r:a"),
        ("SELECT DISTINCT ON ((SELECT 1 FROM a)) 1", "r:a"),
        ("VALUES ((SELECT 1 FROM a))", "r:a"),
        (
            "SELECT x FROM a UNION SELECT x FROM b EXCEPT (SELECT x FROM c ORDER BY 1)",
            "r:a r:b r:c",
        ),
        ("SELECT * FROM a x FOR UPDATE OF x", "r:a"),
        ("INSERT INTO a SELECT * FROM b", "r:b w:a"),
        (
            "INSERT INTO a VALUES (1) ON CONFLICT (x) WHERE (SELECT true FROM b) DO UPDATE SET x = 1 \
          WHERE (SELECT true FROM c)",
            "r:b r:c w:a",
        ),
        ("INSERT INTO a VALUES (1) RETURNING (SELECT 1 FROM b)", "r:a r:b w:a"),
        ("INSERT INTO a VALUES (1) ON CONFLICT (x) DO UPDATE SET y = a.z", "r:a w:a"),
        ("UPDATE a SET x = 1 FROM b WHERE (SELECT true FROM c)", "r:b r:c w:a"),
        ("UPDATE a SET x = y", "r:a w:a"),
        ("UPDATE a SET (x, y) = (SELECT 1, 2 FROM b)", "r:a r:b w:a"),
        ("DELETE FROM a USING b WHERE (SELECT true FROM c)", "r:b r:c w:a"),
        ("DELETE FROM a RETURNING x", "r:a w:a"),
        (
            "MERGE INTO a USING b ON (SELECT true FROM c) WHEN MATCHED AND (SELECT true FROM d) \
          THEN DELETE",
            "r:b r:c r:d w:a",
        ),
        ("TRUNCATE a, b", "w:a w:b"),
        ("LOCK a", "r:a"),
        ("COPY a TO STDOUT", "r:a"),
        ("COPY a FROM STDIN WHERE (SELECT true FROM b)", "r:b w:a"),
        ("COPY (SELECT * FROM a) TO STDOUT", "r:a"),
        ("EXPLAIN SELECT * FROM a", "r:a"),
        ("DECLARE c CURSOR FOR SELECT * FROM a", "r:a"),
        ("PREPARE p AS SELECT * FROM a", "r:a"),
        ("EXECUTE p((SELECT x FROM a))", "r:a"),
        ("CALL p((SELECT x FROM a))", "r:a"),
        ("CREATE TABLE a AS SELECT * FROM b", "d:a r:b"),
        ("SELECT * INTO a FROM b", "d:a r:b"),
        ("CREATE VIEW a AS SELECT * FROM b", "d:a r:b"),
        ("CREATE MATERIALIZED VIEW a AS SELECT * FROM b", "d:a r:b"),
        ("REFRESH MATERIALIZED VIEW a", "d:a r:a"),
        (
            "CREATE TABLE a (x int REFERENCES b, CHECK ((SELECT true FROM c)), LIKE d) INHERITS (e)",
            "d:a d:b d:d d:e r:c",
        ),
        ("CREATE TABLE a PARTITION OF b FOR VALUES IN ((SELECT 1 FROM c))", "d:a d:b r:c"),
        ("CREATE INDEX ON a (((SELECT 1 FROM b))) WHERE (SELECT true FROM c)", "d:a r:b r:c"),
        ("ALTER TABLE a ADD x int DEFAULT (SELECT 1 FROM b)", "d:a r:b"),
        ("ALTER TABLE a ALTER x TYPE int USING (SELECT 1 FROM b)", "d:a r:b"),
        ("ALTER TABLE a ATTACH PARTITION b DEFAULT", "d:a d:b"),
        ("ALTER TABLE a INHERIT b", "d:a d:b"),
        ("ALTER TABLE a RENAME x TO y", "d:a"),
        ("ALTER VIEW a SET SCHEMA s", "d:a"),
        ("ALTER TABLE a OWNER TO r", "d:a"),
        (
            "CREATE TRIGGER g AFTER INSERT ON a REFERENCING NEW TABLE AS n FOR EACH STATEMENT \
          EXECUTE FUNCTION f()",
            "d:a",
        ),
        (
            "CREATE RULE r AS ON INSERT TO a WHERE (SELECT true FROM b) DO ALSO \
          INSERT INTO c SELECT * FROM d",
            "d:a r:b r:d w:c",
        ),
        (
            "CREATE POLICY p ON a USING ((SELECT true FROM b)) WITH CHECK ((SELECT true FROM c))",
            "d:a r:b r:c",
        ),
        (
            "CREATE FUNCTION f(x int DEFAULT (SELECT 1 FROM a)) RETURNS int RETURN (SELECT 1 FROM b)",
            "r:a r:b",
        ),
        ("CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1 FROM a; END", "r:a"),
        ("CREATE DOMAIN d AS int CHECK ((SELECT true FROM a))", "r:a"),
        ("CREATE SCHEMA s CREATE VIEW a AS SELECT * FROM b", "d:a r:b"),
        ("CREATE PUBLICATION p FOR TABLE a WHERE ((SELECT true FROM b))", "d:a r:b"),
        ("DROP TABLE a, b.c", "d:a d:b.c"),
        ("DROP TRIGGER g ON a", "d:a"),
        ("DROP POLICY p ON s.a", "d:s.a"),
        ("DROP FUNCTION a(int)", ""),
        ("COMMENT ON TABLE a IS 'x'", "d:a"),
        ("COMMENT ON COLUMN s.a.x IS 'x'", "d:s.a"),
        ("COMMENT ON CONSTRAINT c ON a IS 'x'", "d:a"),
        ("SECURITY LABEL ON COLUMN a.x IS 'x'", "d:a"),
        ("GRANT SELECT ON a, s.b TO r", "d:a d:s.b"),
        ("GRANT ALL ON FUNCTION f(int) TO r", ""),
        ("VACUUM a, b", "d:a d:b"),
        ("CLUSTER a", "d:a"),
        ("REINDEX TABLE a", "d:a"),
    ] {
        assert_eq!(relations(text), expected, "{text}");
    }
}

#[test]
fn with_hides_a_relation_only_where_its_name_is_in_sight() {
    for (text, expected) in [
        ("WITH t AS (SELECT 1) SELECT * FROM t", ""),
        ("WITH t AS (SELECT * FROM t) SELECT * FROM t", "r:t"),
        ("WITH RECURSIVE t AS (SELECT 1 UNION SELECT * FROM t) SELECT * FROM t", ""),
        ("WITH t AS (SELECT 1) SELECT * FROM s.t", "r:s.t"),
        ("WITH a AS (SELECT * FROM b), b AS (SELECT * FROM a) SELECT * FROM b", "r:b"),
        ("WITH RECURSIVE a AS (SELECT * FROM b), b AS (SELECT 1) SELECT * FROM a", ""),
        ("SELECT * FROM (WITH t AS (SELECT 1) SELECT * FROM t) x, t", "r:t"),
        (
            "WITH t AS (SELECT 1) SELECT * FROM (WITH u AS (SELECT * FROM t) SELECT * FROM u, t) x",
            "",
        ),
        ("WITH t AS (SELECT 1) SELECT (SELECT 1 FROM t) UNION SELECT 1 FROM t", ""),
        ("(WITH t AS (SELECT 1) SELECT 1 FROM t) UNION SELECT 1 FROM t", "r:t"),
        ("WITH t AS (SELECT 1) INSERT INTO t SELECT * FROM t", "w:t"),
        ("WITH t AS (SELECT 1) UPDATE t SET a = 1 FROM t x", "w:t"),
        ("WITH t AS (SELECT 1) DELETE FROM u USING t", "w:u"),
        ("INSERT INTO u WITH t AS (SELECT 1) SELECT * FROM t", "w:u"),
        ("WITH t AS (SELECT 1) MERGE INTO t USING t x ON true WHEN MATCHED THEN DELETE", "w:t"),
        ("CREATE VIEW t AS WITH t AS (SELECT 1) SELECT * FROM t", "d:t"),
        ("WITH d AS (DELETE FROM t RETURNING *) SELECT * FROM d", "r:t w:t"),
    ] {
        assert_eq!(relations(text), expected, "{text}");
    }
}

/// `name/form`, with `()` where all arguments are constants, and their number behind `call`.
fn code(text: &str) -> String {
    let uses = one(text).functions;
    let uses = uses.iter().map(|of| {
        let form = match of.by {
            Invocation::Call(Arguments::Star) => "call*".to_owned(),
            Invocation::Call(Arguments::Count(count)) => format!("call{count}"),
            Invocation::Keyword => "keyword".to_owned(),
            Invocation::Operator => "operator".to_owned(),
            Invocation::Cast => "cast".to_owned(),
        };
        let schema = of.schema.as_ref().map(|schema| format!("{schema}.")).unwrap_or_default();
        let constant = if of.constant { "()" } else { "" };
        format!("{schema}{}{constant}/{form}", of.name)
    });
    uses.collect::<Vec<_>>().join(" ")
}

#[test]
fn code_is_found_however_it_is_called() {
    for (text, expected) in [
        ("SELECT f(1, $1, 'x'::text)", "f()/call3 text/cast"),
        ("SELECT f(a), f(1) FROM t", "f/call1"),
        ("SELECT s.f(VARIADIC ARRAY[1])", "s.f/call1"),
        ("SELECT f(x => 1)", "f()/call1"),
        ("SELECT f(), f(a, b), f(c, 1) FROM t", "f()/call0 f/call2"),
        ("SELECT f(1) WITHIN GROUP (ORDER BY a, b) FROM t", "f/call3"),
        ("SELECT count(*)", "count()/call*"),
        ("SELECT * FROM f(1)", "f()/call1"),
        ("SELECT a + b, a OPERATOR(s.+) b, - a FROM t", "+/operator -/operator s.+/operator"),
        (
            "SELECT a LIKE b, a BETWEEN 1 AND 2 FROM t",
            "</operator <=/operator >/operator >=/operator ~~/operator",
        ),
        ("SELECT a IN (1), NULLIF(a, b), a IS DISTINCT FROM b FROM t", "=/operator"),
        ("SELECT a IN (SELECT 1), a < ANY (SELECT 1) FROM t", "</operator =/operator"),
        ("SELECT CASE a WHEN 1 THEN 2 END FROM t", "=/operator"),
        ("SELECT 1 FROM a NATURAL JOIN b", "=/operator"),
        ("SELECT 1 FROM t ORDER BY a USING >", ">/operator"),
        ("SELECT a::s.mytype, a::int, CAST(a AS mytype[]) FROM t", "mytype/cast s.mytype/cast"),
        (
            "SELECT EXTRACT(year FROM a), a AT TIME ZONE 'x', TRIM(a) FROM t",
            "pg_catalog.btrim/call1 pg_catalog.extract/call2 pg_catalog.timezone/call2",
        ),
        (
            "SELECT NORMALIZE(a), JSON_SCALAR(a), JSON_VALUE(a, '$') FROM t",
            "json_scalar/keyword json_value/keyword normalize/keyword",
        ),
        ("SELECT * FROM t TABLESAMPLE s.m (1)", "s.m/call1"),
        ("CALL s.p(1)", "s.p()/call1"),
        ("CREATE TRIGGER g AFTER INSERT ON t EXECUTE FUNCTION s.f()", "s.f/call0"),
        ("CREATE TABLE t (a int DEFAULT f(1), CHECK (g(a)))", "f()/call1 g/call1"),
        ("CREATE INDEX ON t (f(a))", "f/call1"),
    ] {
        assert_eq!(code(text), expected, "{text}");
    }
}

#[test]
fn attribute_notation_is_told() {
    for (text, expected) in [
        ("SELECT t.full_name, s.t.b, t.*, c FROM t", vec!["b", "full_name", "t"]),
        ("SELECT (a).b.c, (f(x)).d FROM t", vec!["b", "c", "d"]),
        ("SELECT 1 FROM t WHERE t.secret = 1", vec!["secret"]),
    ] {
        assert_eq!(one(text).attributes, expected, "{text}");
    }
}

#[test]
fn a_write_copies_when_its_values_come_from_what_it_reads() {
    for (text, copies) in [
        ("INSERT INTO t VALUES (1, $1, DEFAULT, NULL, 'x'::text)", false),
        ("INSERT INTO t DEFAULT VALUES", false),
        ("INSERT INTO t VALUES (1), ((SELECT a FROM u))", true),
        ("INSERT INTO t VALUES (f())", true),
        ("INSERT INTO t SELECT 1", true),
        ("INSERT INTO t VALUES (1) ON CONFLICT (a) DO UPDATE SET a = EXCLUDED.a, b = 1", false),
        ("INSERT INTO t VALUES (1) ON CONFLICT (a) DO UPDATE SET a = t.b", true),
        ("UPDATE t SET a = 1, b = $1 WHERE c = d", false),
        ("UPDATE t SET a = a + 1", false),
        ("UPDATE t SET a = b", true),
        ("UPDATE t SET a = u.a FROM u", true),
        ("UPDATE t SET a = f(a)", true),
        ("UPDATE t SET (a, b) = (1, $1)", false),
        ("UPDATE t SET (a, b) = (1, a)", true),
        ("UPDATE t SET (a, b) = (SELECT 1, 2)", true),
        ("UPDATE t SET a = 1 FROM u", false),
        ("DELETE FROM t USING u", false),
        ("MERGE INTO t USING u ON true WHEN MATCHED THEN UPDATE SET a = u.a", true),
        ("MERGE INTO t USING u ON true WHEN NOT MATCHED THEN INSERT VALUES (1)", false),
        ("MERGE INTO t USING u ON true WHEN NOT MATCHED THEN INSERT VALUES (u.a)", true),
        ("CREATE TABLE t AS SELECT 1", true),
        ("SELECT * INTO t FROM u", true),
        ("EXPLAIN CREATE TABLE t AS SELECT 1", true),
        ("WITH i AS (INSERT INTO t SELECT * FROM u) SELECT 1", true),
        ("WITH d AS (DELETE FROM t RETURNING *) SELECT * FROM d", false),
        ("WITH d AS (DELETE FROM t RETURNING *) INSERT INTO u SELECT * FROM d", true),
        ("REFRESH MATERIALIZED VIEW t", false),
        ("COPY t FROM STDIN", false),
        ("CREATE VIEW v AS SELECT * FROM t", false),
    ] {
        assert_eq!(one(text).copies, copies, "{text}");
    }
}
