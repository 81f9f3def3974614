//! Who is measured: one server, and three ways to it.

use std::path::PathBuf;
use std::process::Command;

use harness::{
    Gateway, GatewayOptions, Pgbouncer, Postgres, PostgresOptions, patients, run, usage_of,
};

use crate::LoadtestError;

/// One way to the database.
pub(crate) struct Contestant {
    pub(crate) name: &'static str,
    pub(crate) port: u16,
    pub(crate) user: &'static str,
    pub(crate) password: String,
    /// The authority to verify it by; none means plaintext.
    pub(crate) authority: Option<PathBuf>,
    /// The processes whose work is the proxy's.
    processes: Vec<u32>,
}

impl Contestant {
    /// CPU time of the proxy so far, control's included.
    pub(crate) fn cpu_seconds(&self) -> f64 {
        self.processes.iter().map(|id| usage_of(*id).cpu_seconds).sum()
    }
}

/// A server with data, and the contestants in front of it.
pub(crate) struct Field {
    contestants: Vec<Contestant>,
    postgres: Postgres,
    tls: bool,
    _pgbouncer: Pgbouncer,
    // More gateways may join; each lives as long as the field.
    gateway: Gateway,
}

impl Field {
    pub(crate) const DATABASE: &str = "clinic";
    /// One of pgbench's tables holds 100,000 accounts for each unit.
    const SCALE: &str = "5";

    /// Loads `rows` patients and pgbench's tables, and starts the proxies.
    pub(crate) fn start(rows: u32, tls: bool) -> Result<Self, LoadtestError> {
        let postgres = Postgres::start(&PostgresOptions { tls, ..PostgresOptions::default() })?;
        postgres.execute("postgres", &format!("CREATE DATABASE {}", Self::DATABASE))?;
        postgres.execute(Self::DATABASE, &patients::table(rows))?;
        postgres.execute(Self::DATABASE, "VACUUM ANALYZE")?;
        run(Command::new("pgbench")
            .args(["-i", "-q", "-s", Self::SCALE, "-h"])
            .arg(postgres.folder())
            .args(["-p", &postgres.port().to_string(), "-U", Postgres::SUPERUSER])
            .arg(Self::DATABASE))?;
        let pgbouncer = Pgbouncer::start(&postgres)?;
        let gateway = start_gateway(&postgres, tls, &[])?;
        let direct = Contestant {
            name: "direct",
            port: postgres.port(),
            user: Postgres::SUPERUSER,
            password: Postgres::PASSWORD.into(),
            authority: postgres.certificates().map(|made| made.authority.clone()),
            processes: Vec::new(),
        };
        let pooler = Contestant {
            name: "pgbouncer",
            port: pgbouncer.port(),
            user: Postgres::SUPERUSER,
            password: Postgres::PASSWORD.into(),
            authority: pgbouncer.certificates().map(|made| made.authority.clone()),
            processes: vec![pgbouncer.id()],
        };
        let ours = contestant(&gateway, tls)?;
        let contestants = vec![direct, pooler, ours];
        Ok(Self { contestants, postgres, tls, _pgbouncer: pgbouncer, gateway })
    }

    /// Direct, pgbouncer and the gateway, in this order.
    pub(crate) fn contestants(&self) -> &[Contestant] {
        &self.contestants
    }

    /// A second gateway with other settings, and what measures it.
    pub(crate) fn other_gateway(
        &self,
        settings: &[(&'static str, &'static str, &str)],
    ) -> Result<(Gateway, Contestant), LoadtestError> {
        let gateway = start_gateway(&self.postgres, self.tls, settings)?;
        let contestant = contestant(&gateway, self.tls)?;
        Ok((gateway, contestant))
    }

    /// Where the gateway's log is, for when something went wrong.
    pub(crate) fn gateway_log(&self) -> String {
        self.gateway.log()
    }
}

fn start_gateway(
    postgres: &Postgres,
    tls: bool,
    settings: &[(&'static str, &'static str, &str)],
) -> Result<Gateway, LoadtestError> {
    let mut options = GatewayOptions {
        upstream: postgres.url(Field::DATABASE),
        settings: vec![("listen", "allow_plaintext", (!tls).to_string())],
        ..GatewayOptions::default()
    };
    let more = settings.iter().map(|(section, key, value)| (*section, *key, (*value).to_string()));
    options.settings.extend(more);
    Ok(Gateway::start(&options)?)
}

fn contestant(gateway: &Gateway, tls: bool) -> Result<Contestant, LoadtestError> {
    Ok(Contestant {
        name: "gateway",
        port: gateway.port(),
        user: "ci-agent",
        // Rounds take longer than a token's usual ten minutes.
        password: gateway.token_with("ci-agent", "agents", &["--ttl", "2h"])?,
        authority: tls.then(|| gateway.authority()),
        processes: [gateway.control(), gateway.dataplane()].into_iter().flatten().collect(),
    })
}
