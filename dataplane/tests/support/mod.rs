//! What the end-to-end tests share: one PostgreSQL server and one gateway for each test binary, and the
//! driver scripts with the environment that tells them where to connect.

#![allow(dead_code, reason = "each test binary uses its own part of this")]

pub(crate) mod relay;
pub(crate) mod stage;
pub(crate) mod tokio_client;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use harness::wire::Wire;
use harness::{Gateway, GatewayOptions, Postgres, PostgresOptions, patients, tree};

/// Patients in the tests' clinic: few, so that each test may read them all.
pub(crate) const PATIENTS: u32 = 200;

/// The clinic behind a gateway with the default preset.
pub(crate) struct Clinic {
    pub(crate) postgres: Postgres,
    pub(crate) gateway: Gateway,
}

impl Clinic {
    pub(crate) const DATABASE: &str = "clinic";

    /// Starts one. `change` may adjust what `lazaret init` wrote.
    pub(crate) fn start(change: impl FnOnce(&mut GatewayOptions)) -> Self {
        Self::with("", change)
    }

    /// Starts one whose database has more in it.
    pub(crate) fn with(more: &str, change: impl FnOnce(&mut GatewayOptions)) -> Self {
        let postgres = Postgres::start(&PostgresOptions::default()).unwrap();
        postgres.execute("postgres", "CREATE DATABASE clinic").unwrap();
        postgres.execute(Self::DATABASE, &patients::clinic(PATIENTS)).unwrap();
        postgres.execute(Self::DATABASE, include_str!("attempts.sql")).unwrap();
        postgres.execute(Self::DATABASE, more).unwrap();
        let mut options = GatewayOptions {
            upstream: postgres.url(Self::DATABASE),
            settings: vec![("listen", "allow_plaintext", "true".into())],
            ..GatewayOptions::default()
        };
        change(&mut options);
        let gateway = Gateway::start(&options).unwrap();
        Self { postgres, gateway }
    }

    /// The one that a test binary's tests share. It ends with the process.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: OnceLock<Clinic> = OnceLock::new();
        SHARED.get_or_init(|| Self::start(|_| ()))
    }

    pub(crate) fn token(&self) -> String {
        self.gateway.token("ci-agent", "agents").unwrap()
    }

    /// An agent's session through the gateway.
    pub(crate) fn agent(&self) -> Wire<std::net::TcpStream> {
        Wire::session(self.gateway.port(), "ci-agent", Self::DATABASE, &self.token()).unwrap()
    }

    /// A session on the server itself.
    pub(crate) fn direct(&self) -> Wire<std::net::TcpStream> {
        Wire::session(self.postgres.port(), Postgres::SUPERUSER, Self::DATABASE, "").unwrap()
    }

    /// The server's answer to a query of one value.
    pub(crate) fn value(&self, sql: &str) -> String {
        self.postgres.execute(Self::DATABASE, sql).unwrap().trim().to_string()
    }
}

/// Where a driver connects, as libpq's environment variables say it.
pub(crate) struct Target {
    pub(crate) port: u16,
    pub(crate) user: String,
    pub(crate) password: String,
    pub(crate) database: String,
    /// The authority to verify the server by; none means plaintext.
    pub(crate) authority: Option<PathBuf>,
    pub(crate) read_only: bool,
}

impl Target {
    /// Applies it to a command.
    pub(crate) fn set(&self, command: &mut Command) {
        command
            .env("PGHOST", "localhost")
            .env("PGPORT", self.port.to_string())
            .env("PGUSER", &self.user)
            .env("PGPASSWORD", &self.password)
            .env("PGDATABASE", &self.database)
            .env("PGSSLMODE", if self.authority.is_some() { "verify-full" } else { "disable" })
            .env("READ_ONLY", if self.read_only { "1" } else { "0" })
            .env("PGGSSENCMODE", "disable")
            .env("LC_ALL", "C.UTF-8")
            .env_remove("PGSSLROOTCERT");
        if let Some(authority) = &self.authority {
            command.env("PGSSLROOTCERT", authority);
        }
    }
}

/// A file beside the driver scripts.
pub(crate) fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/drivers").join(name)
}

/// A Python script with the drivers that `cargo xtask setup` installed.
pub(crate) fn python(name: &str) -> Command {
    let mut command = Command::new(tree::counterparts().join("venv/bin/python"));
    command.arg(script(name));
    command
}

/// Whether a value stands in these bytes.
pub(crate) fn contains(bytes: &[u8], value: &str) -> bool {
    bytes.windows(value.len()).any(|window| window == value.as_bytes())
}
