//! Tables whose columns' names say what they hold, read by an agent through the gateway with the default policy.
//!
//! Every column is loaded as text, so that nothing but its name and its content tells.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use harness::{Gateway, GatewayOptions, Postgres, PostgresOptions, run};

use super::Score;
use crate::error::TaskError;

const DATABASE: &str = "labelled";

/// Columns that hold identifiers of patients, in tables about patients.
const IDENTIFYING: [&str; 21] = [
    "ssn",
    "drivers",
    "passport",
    "first",
    "last",
    "maiden",
    "birthdate",
    "deathdate",
    "birthplace",
    "address",
    "city",
    "county",
    "zip",
    "lat",
    "lon",
    "udi",
    "memberid",
    "ownername",
    "start",
    "stop",
    "date",
];

/// Columns that hold medicine and money.
const CLINICAL: [&str; 16] = [
    "code",
    "description",
    "value",
    "units",
    "type",
    "category",
    "encounterclass",
    "base_cost",
    "total_claim_cost",
    "totalcost",
    "dispenses",
    "reasoncode",
    "reasondescription",
    "gender",
    "bodysite_description",
    "modality_code",
];

/// Their addresses are not a patient's.
const NOT_ABOUT_PATIENTS: [&str; 3] = ["organizations", "payers", "providers"];

pub(super) fn score(tables: &[PathBuf]) -> Result<Vec<Score>, TaskError> {
    let postgres = Postgres::start(&PostgresOptions::default())?;
    postgres.execute("postgres", &format!("CREATE DATABASE {DATABASE}"))?;
    let mut loaded = Vec::new();
    for file in tables {
        loaded.push(load(&postgres, file)?);
    }
    let gateway = Gateway::start(&GatewayOptions {
        upstream: postgres.url(DATABASE),
        settings: vec![("listen", "allow_plaintext", "true".into())],
        ..GatewayOptions::default()
    })?;
    let token = gateway.token("ci-agent", "agents")?;
    let mut scores = Vec::new();
    for table in &loaded {
        for column in &table.columns {
            let sort = match column.as_str() {
                _ if NOT_ABOUT_PATIENTS.contains(&table.name.as_str()) => continue,
                name if IDENTIFYING.contains(&name) => "masked",
                name if CLINICAL.contains(&name) => "untouched",
                _ => continue,
            };
            let sql = format!("SELECT \"{column}\" FROM \"{}\"", table.name);
            let direct = cells(postgres.port(), Postgres::SUPERUSER, "", &sql)?;
            let agent = cells(gateway.port(), "ci-agent", &token, &sql)?;
            let pairs = || direct.iter().zip(&agent).filter(|(direct, _)| !direct.is_empty());
            let good = pairs().filter(|(a, b)| (a == b) == (sort == "untouched")).count();
            scores.push(Score::share(
                format!("{}.{column} {sort}", table.name),
                good,
                pairs().count(),
            ));
        }
    }
    Ok(scores.into_iter().flatten().collect())
}

struct Table {
    name: String,
    columns: Vec<String>,
}

fn load(postgres: &Postgres, file: &Path) -> Result<Table, TaskError> {
    let text = fs::read_to_string(file).map_err(TaskError::io("reading a labelled table"))?;
    let head = text.lines().next().unwrap_or_default();
    let columns: Vec<String> = head.split(',').map(|name| name.trim().to_lowercase()).collect();
    let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let typed = columns.iter().map(|column| format!("\"{column}\" text"));
    let typed = typed.collect::<Vec<_>>().join(", ");
    let path = file.display().to_string().replace('\'', "''");
    postgres.execute(
        DATABASE,
        &format!("CREATE TABLE \"{name}\" ({typed});\n\\copy \"{name}\" FROM '{path}' (FORMAT csv, HEADER)\n"),
    )?;
    Ok(Table { name, columns })
}

/// One column's cells, in the order in which the server stores them; NULL as an empty text.
fn cells(port: u16, user: &str, password: &str, sql: &str) -> Result<Vec<String>, TaskError> {
    let mut command = Command::new("psql");
    command
        .args(["-X", "-A", "-t", "-R", "\x1e", "-h", "localhost", "-p", &port.to_string()])
        .args(["-U", user, "-d", DATABASE, "-c", sql])
        .env("PGPASSWORD", password)
        .env("PGSSLMODE", "disable");
    let output = run(&mut command)?;
    Ok(output.trim_end_matches('\n').split('\x1e').map(str::to_string).collect())
}
