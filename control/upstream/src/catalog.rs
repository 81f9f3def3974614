//! Reads the upstream's catalog over a connection of control's own: names, types, definitions and
//! labels, never a row of anybody's data. What they mean is `lazaret_policy`'s to say.
//!
//! Works on PostgreSQL 10 and later. One read is one snapshot, so that a view's definition and its
//! columns agree.

use std::time::Duration;

use lazaret_config::Upstream;
use lazaret_policy::{RawCatalog, RawColumn, RawFunction, RawRelation, RawType};
use tokio_postgres::{Client, Row};

use crate::UpstreamError;
use crate::connection::Connector;

/// 100,000 relations are read in about a second.
const CATALOG_READ_TIMEOUT: Duration = Duration::from_secs(20);

/// A server that takes longer to begin a session keeps clients waiting as well.
const REACH_TIMEOUT: Duration = Duration::from_secs(10);

/// pg_attribute.attgenerated and multiranges came with these.
const GENERATED_COLUMNS: i32 = 120_000;
const MULTIRANGES: i32 = 140_000;

const RELATIONS: &str = "
    SELECT c.oid, n.nspname::text, c.relname::text, c.relkind,
           CASE WHEN c.relkind IN ('v', 'm') THEN pg_catalog.pg_get_viewdef(c.oid) END,
           ARRAY(SELECT i.inhparent FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid),
           ARRAY(SELECT d.description FROM pg_catalog.pg_description d
                  WHERE d.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass
                    AND d.objoid = c.oid AND d.objsubid = 0
                 UNION ALL
                 SELECT s.label FROM pg_catalog.pg_seclabel s
                  WHERE s.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass
                    AND s.objoid = c.oid AND s.objsubid = 0)
      FROM pg_catalog.pg_class c
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')";

/// `{generated}` is replaced by what the server's version knows. What a generated column is made of,
/// the column depends on until version 14, and its expression from 15 on.
const COLUMNS: &str = "
    SELECT a.attrelid, a.attnum, a.attname::text, a.atttypid, {generated},
           ARRAY(SELECT d.description FROM pg_catalog.pg_description d
                  WHERE d.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass
                    AND d.objoid = a.attrelid AND d.objsubid = a.attnum
                 UNION ALL
                 SELECT s.label FROM pg_catalog.pg_seclabel s
                  WHERE s.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass
                    AND s.objoid = a.attrelid AND s.objsubid = a.attnum),
           ARRAY(SELECT DISTINCT d.refobjsubid::pg_catalog.int2 FROM pg_catalog.pg_depend d
                  WHERE {generated}
                    AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
                    AND d.refobjid = a.attrelid AND d.refobjsubid > 0
                    AND d.refobjsubid <> a.attnum
                    AND (d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                         AND d.objid = a.attrelid AND d.objsubid = a.attnum
                         OR d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass
                         AND d.objid = (SELECT f.oid FROM pg_catalog.pg_attrdef f
                                         WHERE f.adrelid = a.attrelid AND f.adnum = a.attnum)))
      FROM pg_catalog.pg_attribute a
      JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
     WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'c')
       AND a.attnum > 0 AND NOT a.attisdropped";

/// Arrays are of typlen -1, category A; `point` and `name` have a typelem and are none.
const TYPES: &str = "
    SELECT t.oid, t.typname::text, t.typtype,
           CASE WHEN t.typtype = 'd' THEN t.typbasetype
                WHEN t.typtype IN ({ranges}) THEN r.rngsubtype
                WHEN t.typlen = -1 AND t.typcategory = 'A' THEN t.typelem
                ELSE 0::pg_catalog.oid END,
           t.typrelid
      FROM pg_catalog.pg_type t
      LEFT JOIN pg_catalog.pg_range r ON {range_of}
     WHERE t.oid >= 16384 OR t.typtype <> 'b'
        OR (t.typlen = -1 AND t.typcategory = 'A' AND t.typelem <> 0)";

/// `t.name` calls a function whose first argument is a row, if the others have defaults.
const FUNCTIONS: &str = "
    SELECT n.nspname::text, p.proname::text,
           CASE WHEN p.pronargs - p.pronargdefaults <= 1 AND t.typtype IN ('c', 'd', 'p')
                THEN 'a'::\"char\" ELSE 'f'::\"char\" END,
           (p.pronargs - p.pronargdefaults)::int2,
           CASE WHEN p.provariadic = 0
                THEN GREATEST(p.pronargs, pg_catalog.cardinality(p.proallargtypes))::int2 END,
           EXISTS (SELECT FROM pg_catalog.pg_aggregate g WHERE g.aggfnoid = p.oid)
      FROM pg_catalog.pg_proc p
      JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
      LEFT JOIN pg_catalog.pg_type t ON p.pronargs > 0 AND t.oid = p.proargtypes[0]
     WHERE p.oid >= 16384
       AND NOT (EXISTS (SELECT 1 FROM pg_catalog.pg_depend d
                         WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
                           AND d.objid = p.oid AND d.deptype = 'e')
                AND EXISTS (SELECT 1 FROM pg_catalog.pg_proc b
                             WHERE b.proname = p.proname AND b.oid < 16384
                               AND b.pronamespace = 'pg_catalog'::pg_catalog.regnamespace))
    UNION
    SELECT n.nspname::text, o.oprname::text, 'o'::\"char\", 0::int2, NULL, false
      FROM pg_catalog.pg_operator o
      JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
      JOIN pg_catalog.pg_proc p ON p.oid = o.oprcode
      JOIN pg_catalog.pg_language l ON l.oid = p.prolang
     WHERE o.oid >= 16384 AND l.lanname NOT IN ('internal', 'c')
    UNION
    SELECT n.nspname::text, t.typname::text, 'c'::\"char\", 0::int2, NULL, false
      FROM pg_catalog.pg_cast k
      JOIN pg_catalog.pg_type t ON t.oid IN (k.castsource, k.casttarget)
      JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
      JOIN pg_catalog.pg_proc p ON p.oid = k.castfunc
      JOIN pg_catalog.pg_language l ON l.oid = p.prolang
     WHERE k.castfunc >= 16384 AND l.lanname NOT IN ('internal', 'c')";

const BUILTIN_FUNCTIONS: &str = "
    SELECT DISTINCT p.proname::text FROM pg_catalog.pg_proc p
     WHERE p.oid < 16384 AND p.pronamespace = 'pg_catalog'::pg_catalog.regnamespace";

const BUILTIN_OPERATORS: &str = "
    SELECT DISTINCT o.oprname::text
      FROM pg_catalog.pg_operator o
      JOIN pg_catalog.pg_proc p ON p.oid = o.oprcode
      JOIN pg_catalog.pg_language l ON l.oid = p.prolang
     WHERE (o.oid < 16384 AND o.oprnamespace = 'pg_catalog'::pg_catalog.regnamespace)
        OR l.lanname IN ('internal', 'c')";

const SEARCH_PATH: &str =
    "SELECT s::text FROM pg_catalog.unnest(pg_catalog.current_schemas(false)) s";

const SUPERUSER: &str = "
    SELECT r.rolsuper FROM pg_catalog.pg_roles r WHERE r.rolname = current_user";

/// Reads catalogs; cheap to make, holds no connection.
#[derive(Clone)]
pub struct CatalogReader(Connector);

impl CatalogReader {
    pub fn new(upstream: &Upstream) -> Result<Self, UpstreamError> {
        Connector::new(upstream).map(Self)
    }

    /// Reads one database's catalog.
    pub async fn read(&self, database: &str) -> Result<RawCatalog, UpstreamError> {
        let mut connection = self.0.connect(database).await?;
        let read = tokio::time::timeout(CATALOG_READ_TIMEOUT, read(&mut connection.client)).await;
        read.map_err(|_| UpstreamError::Timeout(CATALOG_READ_TIMEOUT))?
    }

    /// Whether a session can be had in this database: begins one, and ends it.
    pub async fn reach(&self, database: &str) -> Result<(), UpstreamError> {
        let reached = tokio::time::timeout(REACH_TIMEOUT, self.0.connect(database)).await;
        reached.map_err(|_| UpstreamError::Timeout(REACH_TIMEOUT))?.map(drop)
    }

    /// Whether the service user may do anything there.
    pub async fn is_superuser(&self, database: &str) -> Result<bool, UpstreamError> {
        let connection = self.0.connect(database).await?;
        let asked = connection.client.query_one(SUPERUSER, &[]);
        let answer = tokio::time::timeout(CATALOG_READ_TIMEOUT, asked).await;
        Ok(answer.map_err(|_| UpstreamError::Timeout(CATALOG_READ_TIMEOUT))??.get(0))
    }
}

async fn read(client: &mut Client) -> Result<RawCatalog, UpstreamError> {
    let transaction = client
        .build_transaction()
        .isolation_level(tokio_postgres::IsolationLevel::RepeatableRead)
        .read_only(true)
        .start()
        .await?;
    let search_path = strings(&transaction.query(SEARCH_PATH, &[]).await?);
    // Under this path pg_get_viewdef qualifies every name outside pg_catalog.
    transaction.batch_execute("SET LOCAL search_path = pg_catalog").await?;
    let version: String = transaction.query_one("SHOW server_version_num", &[]).await?.get(0);
    let version = version.parse().map_err(|_| UpstreamError::Version(version))?;
    Ok(RawCatalog {
        relations: rows(&transaction.query(RELATIONS, &[]).await?, relation),
        columns: rows(&transaction.query(&columns_query(version), &[]).await?, column),
        types: rows(&transaction.query(&types_query(version), &[]).await?, type_),
        functions: rows(&transaction.query(FUNCTIONS, &[]).await?, function),
        builtin_functions: strings(&transaction.query(BUILTIN_FUNCTIONS, &[]).await?),
        builtin_operators: strings(&transaction.query(BUILTIN_OPERATORS, &[]).await?),
        search_path,
    })
}

fn columns_query(version: i32) -> String {
    let generated = if version >= GENERATED_COLUMNS { "a.attgenerated <> ''" } else { "false" };
    COLUMNS.replace("{generated}", generated)
}

fn types_query(version: i32) -> String {
    let (ranges, range_of) = if version >= MULTIRANGES {
        ("'r', 'm'", "r.rngtypid = t.oid OR r.rngmultitypid = t.oid")
    } else {
        ("'r'", "r.rngtypid = t.oid")
    };
    TYPES.replace("{ranges}", ranges).replace("{range_of}", range_of)
}

fn rows<T>(rows: &[Row], make: fn(&Row) -> T) -> Vec<T> {
    rows.iter().map(make).collect()
}

fn strings(rows: &[Row]) -> Vec<String> {
    rows.iter().map(|row| row.get(0)).collect()
}

fn relation(row: &Row) -> RawRelation {
    RawRelation {
        oid: row.get(0),
        schema: row.get(1),
        name: row.get(2),
        kind: character(row, 3),
        definition: row.get(4),
        parents: row.get(5),
        labels: row.get(6),
    }
}

fn column(row: &Row) -> RawColumn {
    RawColumn {
        relation: row.get(0),
        attnum: row.get(1),
        name: row.get(2),
        type_oid: row.get(3),
        generated: row.get(4),
        labels: row.get(5),
        made_of: row.get(6),
    }
}

fn type_(row: &Row) -> RawType {
    RawType {
        oid: row.get(0),
        name: row.get(1),
        kind: character(row, 2),
        base: row.get(3),
        relation: row.get(4),
    }
}

fn function(row: &Row) -> RawFunction {
    RawFunction {
        schema: row.get(0),
        name: row.get(1),
        kind: character(row, 2),
        least_arguments: row.get(3),
        most_arguments: row.get(4),
        aggregate: row.get(5),
    }
}

/// A value of type `"char"`: one ASCII character in the catalog's columns.
fn character(row: &Row, column: usize) -> char {
    let value: i8 = row.get(column);
    char::from(value.cast_unsigned())
}
