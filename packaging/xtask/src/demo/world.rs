//! What the demo runs on: a clinic's database, the gateway, and psql on either side of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use harness::{Gateway, GatewayOptions, Postgres, PostgresOptions, patients};

use crate::error::TaskError;
use crate::terminal::{shown, typed};

pub(crate) struct World {
    pub(super) postgres: Postgres,
    pub(super) gateway: Gateway,
    pub(super) folder: PathBuf,
    token: String,
    keep: bool,
}

/// Who asks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum View {
    Database,
    Agent,
}

/// What psql said and whether it was content.
pub(super) struct Answer {
    pub(super) output: String,
    pub(super) errors: String,
    pub(super) succeeded: bool,
}

/// A result as names and rows of texts.
pub(super) struct Table {
    pub(super) names: Vec<String>,
    pub(super) rows: Vec<Vec<String>>,
}

impl World {
    pub(super) const DATABASE: &str = "clinic";

    pub(super) fn create(folder: &Path, keep: bool) -> Result<Self, TaskError> {
        let options = PostgresOptions { tls: true, keep, ..PostgresOptions::default() };
        let postgres = Postgres::start(&options)?;
        postgres.execute("postgres", &format!("CREATE DATABASE {}", Self::DATABASE))?;
        postgres.execute(Self::DATABASE, &patients::clinic(patients::DEMO_PATIENTS))?;
        let estimate = "SELECT sum(reltuples)::bigint, count(*) FROM pg_class
                        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace";
        let size = postgres.execute(Self::DATABASE, estimate)?;
        let (rows, tables) = size.trim().split_once('|').unwrap_or(("?", "?"));
        shown(&format!("PostgreSQL on port {}: {rows} rows in {tables} tables", postgres.port()));

        typed("lazaret init --dir DIR --upstream postgres://...?sslmode=verify-full");
        typed("lazaret up --dir DIR");
        let gateway = Gateway::start(&GatewayOptions {
            upstream: postgres.url(Self::DATABASE),
            folder: Some(folder.to_path_buf()),
            keep,
            ..GatewayOptions::default()
        })?;
        shown(&format!("the gateway on port {}, TLS on both sides", gateway.port()));
        typed("lazaret token --dir DIR --subject ci-agent --groups agents");
        let token = gateway.token("ci-agent", "agents")?;
        shown("a token for the agent, which it presents as its password");
        Ok(Self { postgres, gateway, folder: folder.to_path_buf(), token, keep })
    }

    /// Runs statements on one connection.
    pub(super) fn psql(&self, view: View, arguments: &[&str]) -> Result<Answer, TaskError> {
        let mut command = Command::new("psql");
        let (port, user, authority) = match view {
            View::Database => {
                let certificates = self.postgres.certificates();
                let authority = certificates.map(|made| made.authority.clone());
                (self.postgres.port(), Postgres::SUPERUSER, authority.unwrap_or_default())
            }
            View::Agent => (self.gateway.port(), "ci-agent", self.gateway.authority()),
        };
        let secret = if view == View::Agent { &self.token } else { Postgres::PASSWORD };
        command
            .args(["-X", "-d", Self::DATABASE])
            .args(arguments)
            .env("PGHOST", "localhost")
            .env("PGPORT", port.to_string())
            .env("PGUSER", user)
            .env("PGPASSWORD", secret)
            .env("PGSSLMODE", "verify-full")
            .env("PGSSLROOTCERT", authority);
        let output = command.output().map_err(TaskError::io("starting psql"))?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ok(Answer {
            output: text(&output.stdout),
            errors: text(&output.stderr),
            succeeded: output.status.success(),
        })
    }

    /// One query's result.
    pub(super) fn table(&self, view: View, query: &str) -> Result<Table, TaskError> {
        let answer =
            self.psql(view, &["-A", "-F", "\x1f", "-R", "\x1e", "-P", "footer=off", "-c", query])?;
        if !answer.succeeded {
            return Err(TaskError::Unexpected(format!("{query}\n{}", answer.errors)));
        }
        let mut rows = answer
            .output
            .trim_end_matches(['\x1e', '\n'])
            .split('\x1e')
            .map(|row| row.split('\x1f').map(str::to_string).collect::<Vec<_>>());
        Ok(Table { names: rows.next().unwrap_or_default(), rows: rows.collect() })
    }

    /// Stops what runs and removes all but the evidence.
    pub(super) fn end(mut self) -> Result<(), TaskError> {
        self.gateway.drain();
        if self.keep {
            self.postgres.end();
        }
        let segments = self.folder.join("segments");
        if segments.exists() {
            fs::remove_dir_all(&segments).map_err(TaskError::io("removing prepared segments"))?;
        }
        Ok(())
    }
}
