//! Every statement of the grammar has a kind, and wrapping one hides nothing.

use std::collections::HashSet;
use std::mem::discriminant;

use crate::Kind;
use crate::Kind::*;

use super::one;

/// One statement for each rule of `stmt:` in gram.y, several where a rule has several kinds.
const STATEMENTS: &[(Kind, &str)] = &[
    (Select, "SELECT 1"),
    (Select, "TABLE t"),
    (Select, "VALUES (1)"),
    (Select, "(SELECT 1) UNION ALL (SELECT 2)"),
    (Select, "SELECT * FROM t FOR UPDATE"),
    (CreateAs, "SELECT a INTO b FROM t"),
    (CreateAs, "SELECT a INTO b FROM t UNION SELECT 1"),
    (CreateAs, "CREATE TABLE a AS SELECT 1"),
    (CreateAs, "CREATE TEMP TABLE a AS EXECUTE p"),
    (CreateAs, "CREATE MATERIALIZED VIEW a AS SELECT 1"),
    (CreateAs, "REFRESH MATERIALIZED VIEW a"),
    (Insert, "INSERT INTO t VALUES (1)"),
    (Update, "UPDATE t SET a = 1"),
    (Delete, "DELETE FROM t"),
    (Merge, "MERGE INTO t USING s ON t.a = s.a WHEN MATCHED THEN DELETE"),
    (Truncate, "TRUNCATE t"),
    (CopyOut, "COPY t TO STDOUT"),
    (CopyOut, "COPY (SELECT 1) TO STDOUT"),
    (CopyIn, "COPY t FROM STDIN"),
    (CopyServer, "COPY t TO '/tmp/x'"),
    (CopyServer, "COPY t FROM '/tmp/x'"),
    (CopyServer, "COPY t TO PROGRAM 'cat'"),
    (CopyServer, "COPY (SELECT 1) TO PROGRAM 'cat'"),
    (Transaction, "BEGIN"),
    (Transaction, "START TRANSACTION READ ONLY"),
    (Transaction, "COMMIT AND CHAIN"),
    (Transaction, "ROLLBACK TO s"),
    (Transaction, "SAVEPOINT s"),
    (Transaction, "RELEASE s"),
    (Transaction, "PREPARE TRANSACTION 'x'"),
    (Transaction, "COMMIT PREPARED 'x'"),
    (Transaction, "SET TRANSACTION READ ONLY"),
    (Transaction, "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY"),
    (Transaction, "SET CONSTRAINTS ALL DEFERRED"),
    (Set, "SET a.b = 1"),
    (Set, "SET ROLE x"),
    (Set, "SET SESSION AUTHORIZATION x"),
    (Set, "RESET ALL"),
    (Show, "SHOW ALL"),
    (Explain, "EXPLAIN SELECT 1"),
    (Declare, "DECLARE c CURSOR FOR SELECT 1"),
    (Fetch, "FETCH c"),
    (Fetch, "MOVE c"),
    (Close, "CLOSE ALL"),
    (Prepare, "PREPARE p AS SELECT 1"),
    (Execute, "EXECUTE p(1)"),
    (Deallocate, "DEALLOCATE ALL"),
    (Listen, "LISTEN c"),
    (Notify, "NOTIFY c, 'x'"),
    (Unlisten, "UNLISTEN *"),
    (Discard, "DISCARD ALL"),
    (Lock, "LOCK TABLE t"),
    (Call, "CALL p()"),
    (Do, "DO $$ BEGIN END $$"),
    (Label, "COMMENT ON TABLE t IS 'x'"),
    (Label, "SECURITY LABEL ON COLUMN t.a IS 'x'"),
    (Maintain, "VACUUM t"),
    (Maintain, "ANALYZE"),
    (Maintain, "CLUSTER t"),
    (Maintain, "REINDEX TABLE t"),
    (Maintain, "CHECKPOINT"),
    (Privilege, "GRANT SELECT ON t TO r"),
    (Privilege, "REVOKE ALL ON SCHEMA s FROM r"),
    (Privilege, "GRANT EXECUTE ON FUNCTION f(int) TO r"),
    (Privilege, "GRANT r TO q"),
    (Privilege, "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO r"),
    (Privilege, "CREATE ROLE r"),
    (Privilege, "CREATE USER r PASSWORD 'x'"),
    (Privilege, "ALTER ROLE r SUPERUSER"),
    (Privilege, "ALTER ROLE r SET a TO 1"),
    (Privilege, "DROP ROLE r"),
    (Privilege, "REASSIGN OWNED BY r TO q"),
    (Privilege, "DROP OWNED BY r"),
    (Privilege, "ALTER FUNCTION f() OWNER TO r"),
    (Other, "LOAD 'x'"),
    (Other, "ALTER SYSTEM SET a = 1"),
    (Ddl, "CREATE TABLE t (a int)"),
    (Ddl, "CREATE TABLE t (LIKE u)"),
    (Ddl, "ALTER TABLE t ADD a int"),
    (Ddl, "ALTER TABLE t OWNER TO r"),
    (Ddl, "DROP TABLE t"),
    (Ddl, "DROP FUNCTION f(int)"),
    (Ddl, "CREATE VIEW v AS SELECT 1"),
    (Ddl, "CREATE RECURSIVE VIEW v (a) AS SELECT 1"),
    (Ddl, "CREATE INDEX ON t (a)"),
    (Ddl, "CREATE SEQUENCE s"),
    (Ddl, "ALTER SEQUENCE s RESTART"),
    (Ddl, "CREATE SCHEMA s CREATE TABLE t (a int)"),
    (Ddl, "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'"),
    (Ddl, "CREATE PROCEDURE p() LANGUAGE sql AS ''"),
    (Ddl, "ALTER FUNCTION f() STABLE"),
    (Ddl, "CREATE TRIGGER g AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()"),
    (Ddl, "CREATE EVENT TRIGGER g ON ddl_command_end EXECUTE FUNCTION f()"),
    (Ddl, "ALTER EVENT TRIGGER g DISABLE"),
    (Ddl, "CREATE RULE r AS ON INSERT TO t DO INSTEAD NOTHING"),
    (Ddl, "CREATE POLICY p ON t USING (true)"),
    (Ddl, "ALTER POLICY p ON t USING (true)"),
    (Ddl, "CREATE DOMAIN d AS int"),
    (Ddl, "ALTER DOMAIN d DROP NOT NULL"),
    (Ddl, "CREATE TYPE c AS (a int)"),
    (Ddl, "CREATE TYPE e AS ENUM ('a')"),
    (Ddl, "CREATE TYPE r AS RANGE (subtype = int4)"),
    (Ddl, "CREATE TYPE b"),
    (Ddl, "ALTER TYPE e ADD VALUE 'b'"),
    (Ddl, "ALTER TYPE b SET (storage = plain)"),
    (Ddl, "CREATE AGGREGATE a (int) (sfunc = f, stype = int)"),
    (Ddl, "CREATE OPERATOR + (function = f, leftarg = int, rightarg = int)"),
    (Ddl, "ALTER OPERATOR + (int, int) SET (restrict = f)"),
    (Ddl, "CREATE OPERATOR CLASS o FOR TYPE int USING btree AS OPERATOR 1 <"),
    (Ddl, "CREATE OPERATOR FAMILY o USING btree"),
    (Ddl, "ALTER OPERATOR FAMILY o USING btree DROP OPERATOR 1 (int, int)"),
    (Ddl, "CREATE CAST (a AS b) WITHOUT FUNCTION"),
    (Ddl, "CREATE TRANSFORM FOR t LANGUAGE l (FROM SQL WITH FUNCTION f(internal))"),
    (Ddl, "CREATE CONVERSION c FOR 'UTF8' TO 'LATIN1' FROM f"),
    (Ddl, "CREATE COLLATION c (locale = 'C')"),
    (Ddl, "ALTER COLLATION c REFRESH VERSION"),
    (Ddl, "CREATE STATISTICS s ON a, b FROM t"),
    (Ddl, "ALTER STATISTICS s SET STATISTICS 1"),
    (Ddl, "CREATE TEXT SEARCH CONFIGURATION c (parser = p)"),
    (Ddl, "ALTER TEXT SEARCH CONFIGURATION c ADD MAPPING FOR a WITH b"),
    (Ddl, "ALTER TEXT SEARCH DICTIONARY d (a = 1)"),
    (Ddl, "CREATE ACCESS METHOD m TYPE INDEX HANDLER f"),
    (Ddl, "CREATE LANGUAGE l HANDLER f"),
    (Ddl, "CREATE EXTENSION e"),
    (Ddl, "ALTER EXTENSION e UPDATE"),
    (Ddl, "ALTER EXTENSION e ADD TABLE t"),
    (Ddl, "CREATE FOREIGN DATA WRAPPER w"),
    (Ddl, "ALTER FOREIGN DATA WRAPPER w OPTIONS (a 'b')"),
    (Ddl, "CREATE SERVER s FOREIGN DATA WRAPPER w"),
    (Ddl, "ALTER SERVER s OPTIONS (a 'b')"),
    (Ddl, "CREATE USER MAPPING FOR r SERVER s"),
    (Ddl, "ALTER USER MAPPING FOR r SERVER s OPTIONS (a 'b')"),
    (Ddl, "DROP USER MAPPING FOR r SERVER s"),
    (Ddl, "IMPORT FOREIGN SCHEMA a FROM SERVER s INTO b"),
    (Ddl, "CREATE DATABASE d"),
    (Ddl, "ALTER DATABASE d CONNECTION LIMIT 1"),
    (Ddl, "ALTER DATABASE d SET a TO 1"),
    (Ddl, "ALTER DATABASE d REFRESH COLLATION VERSION"),
    (Ddl, "DROP DATABASE d"),
    (Ddl, "CREATE TABLESPACE s LOCATION '/x'"),
    (Ddl, "ALTER TABLESPACE s SET (a = 1)"),
    (Ddl, "ALTER TABLE ALL IN TABLESPACE a SET TABLESPACE b"),
    (Ddl, "DROP TABLESPACE s"),
    (Ddl, "CREATE PUBLICATION p FOR TABLE t"),
    (Ddl, "ALTER PUBLICATION p ADD TABLE t"),
    (Ddl, "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p"),
    (Ddl, "ALTER SUBSCRIPTION s DISABLE"),
    (Ddl, "DROP SUBSCRIPTION s"),
    (Ddl, "ALTER TABLE t RENAME a TO b"),
    (Ddl, "ALTER TABLE t SET SCHEMA s"),
    (Ddl, "ALTER TRIGGER g ON t DEPENDS ON EXTENSION e"),
];

#[test]
fn each_statement_has_its_kind() {
    for (kind, text) in STATEMENTS {
        assert_eq!(one(text).kind, *kind, "{text}");
    }
}

/// The raw grammar makes these statement nodes; a new one in a newer grammar must be added here
/// and be given a kind.
#[test]
fn the_list_has_every_statement_node_of_the_grammar() {
    let trees: Vec<_> =
        STATEMENTS.iter().map(|(_, text)| pg_raw_parse::parse(text).unwrap()).collect();
    let mut nodes = HashSet::new();
    for tree in &trees {
        let statement = tree.iter().next().unwrap().stmt();
        assert!(crate::kind::of(statement).is_some(), "{statement:?}");
        nodes.insert(discriminant(&statement));
    }
    assert_eq!(nodes.len(), 111);
}

#[test]
fn what_the_binding_cant_show_counts_as_reading_the_unknown() {
    let statement = one("CREATE FOREIGN TABLE t (a int) SERVER s");
    assert_eq!(statement.kind, Other);
    assert_eq!(statement.relations.len(), 1);
    assert_eq!(statement.relations[0].name, "");
}

#[test]
fn a_wrapped_statement_shows_its_kind() {
    for (text, inner, runs) in [
        ("EXPLAIN DELETE FROM t", Delete, false),
        ("EXPLAIN ANALYZE DELETE FROM t", Delete, true),
        ("EXPLAIN (ANALYZE off) DELETE FROM t", Delete, false),
        ("EXPLAIN (ANALYZE off, ANALYZE 1) DELETE FROM t", Delete, true),
        ("EXPLAIN (ANALYZE 'maybe') DELETE FROM t", Delete, true),
        ("EXPLAIN CREATE TABLE a AS SELECT 1", CreateAs, false),
        ("EXPLAIN EXECUTE p", Execute, false),
        ("PREPARE p AS UPDATE t SET a = 1", Update, false),
        ("DECLARE c CURSOR FOR SELECT 1", Select, false),
        ("COPY (DELETE FROM t RETURNING a) TO STDOUT", Delete, false),
        ("CREATE TABLE a AS EXECUTE p", Execute, false),
    ] {
        let statement = one(text);
        assert_eq!((statement.inner, statement.runs_inner), (Some(inner), runs), "{text}");
        assert_eq!(statement.nested, [], "{text}");
    }
}

#[test]
fn a_statement_inside_another_is_not_hidden() {
    for (text, nested) in [
        ("WITH d AS (DELETE FROM t RETURNING *) SELECT * FROM d", vec![Delete]),
        ("EXPLAIN WITH d AS (INSERT INTO t VALUES (1)) SELECT 1", vec![Insert]),
        ("CREATE RULE r AS ON INSERT TO t DO ALSO (DELETE FROM u; NOTIFY c)", vec![Delete, Notify]),
        (
            "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC UPDATE t SET a = 1; SELECT 1; END",
            vec![Update],
        ),
        ("CREATE SCHEMA s GRANT SELECT ON t TO r CREATE VIEW v AS SELECT 1", vec![Ddl, Privilege]),
        ("SELECT (SELECT 1) FROM (SELECT 2) s", vec![]),
    ] {
        assert_eq!(one(text).nested, nested, "{text}");
    }
}

#[test]
fn statements_of_one_text_know_their_places() {
    let text = "SELECT 1;\n-- two\nDROP TABLE t ; ;SELECT 'é'";
    let places: Vec<_> =
        crate::parse(text).unwrap().iter().map(|of| (of.kind, &text[of.start..of.end])).collect();
    assert_eq!(places.len(), 3);
    assert_eq!(places[0], (Select, "SELECT 1"));
    assert!(places[1].1.ends_with("DROP TABLE t "), "{places:?}");
    assert_eq!(places[2], (Select, "SELECT 'é'"));
}

#[test]
fn objects_are_named() {
    for (text, object) in [
        ("DECLARE c CURSOR FOR SELECT 1", Some("c")),
        ("FETCH 5 FROM c", Some("c")),
        ("CLOSE c", Some("c")),
        ("CLOSE ALL", None),
        ("PREPARE p AS SELECT 1", Some("p")),
        ("EXECUTE p", Some("p")),
        ("DEALLOCATE p", Some("p")),
        ("DEALLOCATE ALL", None),
        ("LISTEN l", Some("l")),
        ("UNLISTEN *", None),
        ("NOTIFY l", Some("l")),
    ] {
        assert_eq!(one(text).object.as_deref(), object, "{text}");
    }
}
