//! A server with data that nobody needs protection from, and gateways with either preset in front of it, with
//! and without TLS on both sides: where drivers must see no difference.

use std::process::Command;
use std::sync::{Mutex, OnceLock};

use harness::{Gateway, GatewayOptions, Postgres, PostgresOptions, run};

use super::{Target, script};

/// Which gateway stands in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Preset {
    /// Everything is permitted and nothing is masked; scripts may write.
    Transparent,
    /// The default policy, with the tables declared clear; scripts only read.
    SafeHarbor,
}

pub(crate) struct Stage {
    postgres: Postgres,
}

impl Stage {
    /// The one that a test binary's tests share. It ends with the process.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: OnceLock<Stage> = OnceLock::new();
        SHARED.get_or_init(|| {
            let options = PostgresOptions { tls: true, ..PostgresOptions::default() };
            let postgres = Postgres::start(&options).unwrap();
            postgres.execute("postgres", "CREATE DATABASE original").unwrap();
            postgres
                .execute("original", &std::fs::read_to_string(script("stock.sql")).unwrap())
                .unwrap();
            run(Command::new("pgbench")
                .args(["-i", "-q", "-s", "1", "-h"])
                .arg(postgres.folder())
                .args(["-p", &postgres.port().to_string(), "-U", Postgres::SUPERUSER, "original"]))
            .unwrap();
            postgres.execute("postgres", "CREATE DATABASE stock TEMPLATE original").unwrap();
            Self { postgres }
        })
    }

    /// The server itself.
    pub(crate) fn direct(&self, preset: Preset, tls: bool, database: &str) -> Target {
        let certificates = self.postgres.certificates().filter(|_| tls);
        Target {
            port: self.postgres.port(),
            user: Postgres::SUPERUSER.into(),
            password: Postgres::PASSWORD.into(),
            database: database.into(),
            authority: certificates.map(|made| made.authority.clone()),
            read_only: preset == Preset::SafeHarbor,
        }
    }

    /// A gateway in front of it.
    pub(crate) fn through(&self, preset: Preset, tls: bool, database: &str) -> Target {
        let gateway = self.gateway(preset, tls);
        Target {
            port: gateway.port(),
            user: "ci-agent".into(),
            password: gateway.token("ci-agent", "agents").unwrap(),
            database: database.into(),
            authority: tls.then(|| gateway.authority()),
            read_only: preset == Preset::SafeHarbor,
        }
    }

    /// Copies of the data for one pair of runs; a script that only reads needs none.
    pub(crate) fn databases(&self, preset: Preset, name: &str) -> [String; 2] {
        if preset == Preset::SafeHarbor {
            return ["stock".into(), "stock".into()];
        }
        // PostgreSQL copies a database only while nobody else is at it: no gateway, whose control
        // reads the catalog, and no other copy.
        static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
        let _guard = ONE_AT_A_TIME.lock().unwrap();
        ["direct", "through"].map(|way| {
            let database = format!("{name}_{way}");
            let sql = format!("CREATE DATABASE {database} TEMPLATE original");
            self.postgres.execute("postgres", &sql).unwrap();
            database
        })
    }

    fn gateway(&self, preset: Preset, tls: bool) -> &'static Gateway {
        static GATEWAYS: [OnceLock<Gateway>; 4] = [const { OnceLock::new() }; 4];
        let index = usize::from(preset == Preset::SafeHarbor) * 2 + usize::from(tls);
        GATEWAYS[index].get_or_init(|| {
            let url = self.postgres.url("stock");
            let upstream = match tls {
                true => url,
                false => format!("{}?sslmode=disable", url.split('?').next().unwrap()),
            };
            let mut options = GatewayOptions {
                upstream,
                settings: vec![("listen", "allow_plaintext", (!tls).to_string())],
                ..GatewayOptions::default()
            };
            match preset {
                Preset::Transparent => options.preset = Some("transparent"),
                Preset::SafeHarbor => {
                    for table in ["stock.items", "public.pgbench_accounts"] {
                        let columns: &'static str = format!("\"{table}.*\"").leak();
                        options.settings.push(("classes", columns, "\"clear\"".into()));
                    }
                }
            }
            Gateway::start(&options).unwrap()
        })
    }
}
