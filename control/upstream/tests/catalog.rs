//! The catalog of real servers, old and new.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use harness::{Authentication, Installation, Postgres, PostgresOptions};
use lazaret_config::{Upstream, UpstreamHost};
use lazaret_link::{Secret, UpstreamTlsMode};
use lazaret_policy::{RawCatalog, RawRelation};
use lazaret_upstream::CatalogReader;

const SCHEMA: &str = "
    CREATE SCHEMA clinic;
    CREATE TABLE clinic.patients (id int, dropped int, ssn text, born date);
    ALTER TABLE clinic.patients DROP COLUMN dropped;
    COMMENT ON TABLE clinic.patients IS 'people';
    COMMENT ON COLUMN clinic.patients.ssn IS 'social security number';
    CREATE VIEW clinic.numbers AS SELECT ssn AS n FROM clinic.patients;
    CREATE TABLE clinic.visits (at date) PARTITION BY RANGE (at);
    CREATE TABLE clinic.visits_2024 PARTITION OF clinic.visits
        FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
    CREATE DOMAIN clinic.mrn AS text;
    CREATE TYPE clinic.name_t AS (first text, last text);
    CREATE TYPE clinic.span AS RANGE (subtype = date);
    CREATE FUNCTION clinic.whole_name(clinic.patients) RETURNS text LANGUAGE sql AS 'SELECT $1.ssn';
    CREATE FUNCTION public.count(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
    CREATE AGGREGATE public.count(*) (SFUNC = int8inc, STYPE = int8, INITCOND = '0');
    CREATE FUNCTION public.count(a text, b text DEFAULT '', OUT x text, OUT y text)
        LANGUAGE sql AS 'SELECT a, b';
    CREATE FUNCTION clinic.any_of(text, VARIADIC text[]) RETURNS text LANGUAGE sql AS 'SELECT $1';
    CREATE FUNCTION clinic.same(text, text) RETURNS bool LANGUAGE sql AS 'SELECT $1 = $2';
    CREATE OPERATOR clinic.@@@ (PROCEDURE = clinic.same, LEFTARG = text, RIGHTARG = text);
    CREATE OPERATOR clinic.=== (PROCEDURE = texteq, LEFTARG = text, RIGHTARG = text);
    CREATE ROLE svc LOGIN PASSWORD 'throw-away';
    GRANT USAGE ON SCHEMA clinic TO svc;
    ALTER ROLE svc SET search_path = clinic, public;
";

fn upstream(server: &Postgres, password: &str) -> Upstream {
    let certificates = server.certificates();
    Upstream {
        name: "warehouse".into(),
        host: UpstreamHost::Tcp { host: "localhost".into(), port: server.port() },
        user: "svc".into(),
        password: Some(Secret::new(password.into())),
        tls: certificates.map_or(UpstreamTlsMode::Disable, |_| UpstreamTlsMode::VerifyFull),
        root_certificates: certificates
            .map(|made| std::fs::read_to_string(&made.authority).unwrap()),
        databases: vec!["postgres".into()],
        database: "postgres".into(),
        pass_user: false,
    }
}

fn start(installation: Option<Installation>, tls: bool) -> Postgres {
    let authentication = Authentication::ScramSha256;
    let options = PostgresOptions { installation, authentication, tls, ..Default::default() };
    let server = Postgres::start(&options).unwrap();
    server.execute("postgres", SCHEMA).unwrap();
    server
}

fn read(
    upstream: &Upstream,
    database: &str,
) -> Result<RawCatalog, lazaret_upstream::UpstreamError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(CatalogReader::new(upstream).unwrap().read(database))
}

fn relation<'c>(catalog: &'c RawCatalog, name: &str) -> &'c RawRelation {
    catalog.relations.iter().find(|relation| relation.name == name).unwrap()
}

fn has_function(catalog: &RawCatalog, schema: &str, name: &str, kind: char) -> bool {
    catalog.functions.iter().any(|known| {
        (known.schema.as_str(), known.name.as_str(), known.kind) == (schema, name, kind)
    })
}

/// The fewest and the most arguments of each function of the name, and whether it is an aggregate.
fn takes(catalog: &RawCatalog, name: &str) -> Vec<(i16, Option<i16>, bool)> {
    let named = catalog.functions.iter().filter(|known| known.name == name);
    let mut takes: Vec<_> =
        named.map(|known| (known.least_arguments, known.most_arguments, known.aggregate)).collect();
    takes.sort_unstable();
    takes
}

/// What each version must say of the same schema.
fn check(catalog: &RawCatalog) {
    let patients = relation(catalog, "patients");
    assert_eq!((patients.schema.as_str(), patients.kind), ("clinic", 'r'));
    assert_eq!(patients.labels, ["people"]);
    let columns: Vec<_> =
        catalog.columns.iter().filter(|column| column.relation == patients.oid).collect();
    let named: Vec<_> =
        columns.iter().map(|column| (column.attnum, column.name.as_str())).collect();
    assert_eq!(named, [(1, "id"), (3, "ssn"), (4, "born")]);
    assert_eq!(columns[1].labels, ["social security number"]);
    assert!(!columns[1].generated);

    let numbers = relation(catalog, "numbers");
    assert_eq!(numbers.kind, 'v');
    // Qualified, whatever the role's search path.
    assert!(numbers.definition.as_ref().unwrap().contains("FROM clinic.patients"));
    let part = relation(catalog, "visits_2024");
    assert_eq!(part.parents, [relation(catalog, "visits").oid]);

    let base = |name: &str| catalog.types.iter().find(|known| known.name == name).unwrap();
    assert_eq!((base("mrn").kind, base("mrn").base), ('d', 25));
    assert_eq!((base("span").kind, base("span").base), ('r', 1082));
    assert_eq!(base("_text").base, 25);
    let fields = catalog.columns.iter().filter(|column| column.relation == base("name_t").relation);
    assert_eq!(fields.map(|field| field.name.as_str()).collect::<Vec<_>>(), ["first", "last"]);

    assert!(has_function(catalog, "clinic", "whole_name", 'a'));
    assert_eq!(takes(catalog, "whole_name"), [(1, Some(1), false)]);
    assert_eq!(takes(catalog, "any_of"), [(2, None, false)]);
    assert_eq!(
        takes(catalog, "count"),
        [(0, Some(0), true), (1, Some(1), false), (1, Some(4), false)]
    );
    assert!(has_function(catalog, "clinic", "@@@", 'o'));
    assert!(!has_function(catalog, "clinic", "===", 'o'), "it runs nobody's code");
    assert!(catalog.builtin_functions.iter().any(|name| name == "count"));
    assert!(["<>", "==="].iter().all(|name| catalog.builtin_operators.iter().any(|n| n == name)));
    assert_eq!(catalog.search_path, ["clinic", "public"]);
}

#[test]
fn debians_server_is_read_over_verified_tls() {
    let server = start(None, true);
    check(&read(&upstream(&server, "throw-away"), "postgres").unwrap());
}

#[test]
fn version_12_is_read() {
    let server = start(Some(Installation::embedded(12).unwrap()), false);
    check(&read_with_generated_columns(&server));
}

/// With columns that are generated: the server's versions note differently what they depend on.
fn read_with_generated_columns(server: &Postgres) -> RawCatalog {
    const TABLE: &str = "CREATE TABLE public.g (a int, b int, c text,
        d int GENERATED ALWAYS AS (a * 2 + b) STORED, e text GENERATED ALWAYS AS ('x') STORED)";
    server.execute("postgres", TABLE).unwrap();
    let catalog = read(&upstream(server, "throw-away"), "postgres").unwrap();
    let table = relation(&catalog, "g").oid;
    let columns = catalog.columns.iter().filter(|column| column.relation == table);
    let generated: Vec<_> =
        columns.map(|column| (column.generated, column.made_of.as_slice())).collect();
    let none = (false, &[][..]);
    assert_eq!(generated, [none, none, none, (true, &[1, 2][..]), (true, &[][..])]);
    catalog
}

#[test]
fn version_18_is_read_with_its_multiranges_and_generated_columns() {
    let server = start(Some(Installation::embedded(18).unwrap()), false);
    let catalog = read_with_generated_columns(&server);
    check(&catalog);
    let multirange = catalog.types.iter().find(|known| known.name == "span_multirange").unwrap();
    assert_eq!((multirange.kind, multirange.base), ('m', 1082));
}

#[test]
fn what_goes_wrong_comes_with_its_mend() {
    let server = start(None, true);
    let good = upstream(&server, "throw-away");
    let refused = |upstream: &Upstream, database| {
        let error = read(upstream, database).err().unwrap();
        assert!(!format!("{error} {error:?}").contains("wrong-one"));
        error.mend()
    };
    assert!(refused(&upstream(&server, "wrong-one"), "postgres").contains("password"));
    assert!(refused(&good, "absent").contains("upstream.databases"));
    let unknown = Upstream { root_certificates: None, ..good.clone() };
    assert!(refused(&unknown, "postgres").contains("upstream.root_certificates"));
    let host = UpstreamHost::Tcp { host: "127.0.0.1".into(), port: 1 };
    assert!(refused(&Upstream { host, ..good }, "postgres").contains("start the database"));
}
