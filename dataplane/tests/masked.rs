//! Real clients read a masked cell as the type that they read the original as, or as NULL, whichever mask made it,
//! in text and in binary; and no mask is the value that it stands for.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod support;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::Command;
use std::sync::OnceLock;

use harness::{Postgres, run, tree};
use support::{Clinic, Target, python, script};

/// Each has a table of its own, and each table a column of each type.
const MASKS: [(&str, &str); 11] = [
    ("\"masked.redact.*\"", "redact"),
    ("\"masked.redact_fixed.*\"", "redact-fixed"),
    ("\"masked.keep_last_4.*\"", "keep-last-4"),
    ("\"masked.null.*\"", "null"),
    ("\"masked.year.*\"", "year"),
    ("\"masked.age_cap.*\"", "age-cap"),
    ("\"masked.zip3.*\"", "zip3"),
    ("\"masked.hmac.*\"", "hmac"),
    ("\"masked.fpe.*\"", "fpe"),
    ("\"masked.date_shift.*\"", "date-shift"),
    ("\"masked.token.*\"", "token"),
];

/// Types with a value of each. Texts and numbers are what their mask is made for.
const TYPES: [(&str, &str); 31] = [
    ("text", "TEXT"),
    ("varchar(40)", "TEXT"),
    ("char(40)", "TEXT"),
    ("int2", "97"),
    ("int4", "NUMBER"),
    ("int8", "NUMBER"),
    ("oid", "NUMBER"),
    ("numeric", "NUMBER"),
    ("numeric(14, 2)", "NUMBER.50"),
    ("float4", "97.25"),
    ("float8", "NUMBER.25"),
    ("bool", "true"),
    ("date", "1981-05-17"),
    ("timestamp", "1981-05-17 13:45:59.5"),
    ("timestamptz", "1981-05-17 13:45:59.5+02"),
    ("time", "13:45:59.5"),
    ("timetz", "13:45:59.5+02"),
    ("interval", "3 days 04:05:06"),
    ("uuid", "8d3f2a64-1f0e-4f65-9f8e-0c2d3b4a5968"),
    ("json", "\"Jane\""),
    ("jsonb", "\"Jane\""),
    ("xml", "<name>Jane</name>"),
    ("bytea", "\\x4a616e65"),
    ("inet", "192.0.2.77"),
    ("macaddr", "08:00:2b:01:02:03"),
    ("money", "12.34"),
    ("varbit", "1010101"),
    ("int4[]", "{1, 2}"),
    ("text[]", "{Jane}"),
    ("int4range", "[1,5)"),
    ("masked.mood", "glad"),
];

macro_rules! clients {
    ($($name:ident: $command:expr;)*) => {$(
        #[test]
        fn $name() {
            compare(stringify!($name), $command);
        }
    )*};
}

clients! {
    psycopg_reads_masked_cells_in_text_and_in_binary: || python("psycopg_masked.py");
    asyncpg_reads_masked_cells_in_binary: || python("asyncpg_masked.py");
    node_postgres_reads_masked_cells: node;
    jdbc_reads_masked_cells_in_text_and_in_binary: jdbc;
}

/// What a client made of one cell.
#[derive(Debug, PartialEq, Eq)]
struct Read {
    /// In the client's own words; `null` for NULL.
    kind: String,
    value: String,
}

fn compare(name: &str, command: impl Fn() -> Command) {
    let clinic = clinic();
    let read = |target: &Target| {
        let mut command = command();
        command.arg(MASKS.map(|(_, mask)| table(mask)).join(","));
        target.set(&mut command);
        cells(&run(&mut command).unwrap())
    };
    let direct = read(&target(clinic.postgres.port(), Postgres::SUPERUSER, ""));
    let through = read(&target(clinic.gateway.port(), "ci-agent", &clinic.token()));
    assert_eq!(direct.len() % (MASKS.len() * TYPES.len()), 0, "{name} read {}", direct.len());
    assert!(direct.keys().eq(through.keys()), "{name} read other cells");
    for (cell, original) in &direct {
        let masked = &through[cell];
        let is_valid = masked.kind == original.kind || masked.kind == "null";
        assert!(is_valid && masked.value != original.value, "{cell}: {original:?} -> {masked:?}");
    }
}

/// A line is a cell, its kind and its value, with tabs between.
fn cells(transcript: &str) -> BTreeMap<String, Read> {
    let cell = |line: &str| {
        let mut parts = line.splitn(3, '\t').map(str::to_owned);
        let (cell, kind) = (parts.next()?, parts.next()?);
        Some((cell, Read { kind, value: parts.next()? }))
    };
    transcript.lines().map(|line| cell(line).unwrap_or_else(|| panic!("{line}"))).collect()
}

fn clinic() -> &'static Clinic {
    static CLINIC: OnceLock<Clinic> = OnceLock::new();
    CLINIC.get_or_init(|| {
        Clinic::with(&tables(), |options| {
            options.preset = Some("expert");
            for (columns, mask) in MASKS {
                options.settings.push(("masks", columns, format!("\"{mask}\"")));
            }
        })
    })
}

fn tables() -> String {
    let mut sql = "CREATE SCHEMA masked;
        CREATE TYPE masked.mood AS ENUM ('glad', 'sad');"
        .to_owned();
    for (_, mask) in MASKS {
        let (text, number) = match mask {
            "year" => ("1981-05-17", "19810517"),
            "date-shift" => ("1981-05-17", "123456789"),
            "age-cap" => ("97", "97"),
            "zip3" => ("90210-1234", "90210"),
            _ => ("Jane 078-05-1120", "123456789"),
        };
        let columns = TYPES.iter().enumerate().map(|(at, (kind, value))| {
            let value = value.replace("TEXT", text).replace("NUMBER", number);
            format!("'{value}'::{kind} AS c{at}")
        });
        let columns: Vec<String> = columns.collect();
        let _ = write!(sql, "CREATE TABLE {} AS SELECT {};", table(mask), columns.join(", "));
    }
    sql
}

fn table(mask: &str) -> String {
    format!("masked.{}", mask.replace('-', "_"))
}

fn target(port: u16, user: &str, password: &str) -> Target {
    Target {
        port,
        user: user.into(),
        password: password.into(),
        database: Clinic::DATABASE.into(),
        authority: None,
        read_only: true,
    }
}

fn node() -> Command {
    let mut command = Command::new("node");
    command.arg(script("node_masked.js"));
    command.env("NODE_PATH", tree::counterparts().join("node/node_modules"));
    command
}

fn jdbc() -> Command {
    let mut command = Command::new("java");
    let jars = ["postgresql", "scram-client", "scram-common", "stringprep", "saslprep"]
        .map(|jar| format!("/usr/share/java/{jar}.jar"));
    command.args(["-Xshare:auto", "-XX:TieredStopAtLevel=1", "-cp", &jars.join(":")]);
    command.arg(script("JdbcMasked.java"));
    command
}
