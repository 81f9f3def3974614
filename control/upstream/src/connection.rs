//! A connection of the service user's to the upstream.

use std::time::Duration;

use lazaret_config::{Upstream, UpstreamHost};
use lazaret_link::{UpstreamTls, UpstreamTlsError};
use tokio::task::JoinHandle;
use tokio_postgres::config::SslMode;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

/// A session that met an unknown relation waits for the answer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The server gives up when we have.
const OPTIONS: &str = "-c statement_timeout=20s";

/// Connects with the service credentials; cheap to make, holds no connection.
#[derive(Clone)]
pub(crate) struct Connector {
    config: tokio_postgres::Config,
    /// Where, for whoever reads that it failed.
    at: String,
    tls: Option<MakeRustlsConnect>,
}

/// The upstream is to blame, or the configuration; no text holds a credential.
#[derive(Debug, thiserror::Error)]
pub enum UpstreamError {
    #[error(transparent)]
    Tls(#[from] UpstreamTlsError),
    #[error("the upstream did not answer within {} seconds", .0.as_secs())]
    Timeout(Duration),
    #[error("the upstream at {at} {}: {}", refuses(.error), describe(.error))]
    Connect { at: String, error: tokio_postgres::Error },
    #[error("the upstream can't be read: {}", describe(.0))]
    Postgres(#[from] tokio_postgres::Error),
    #[error("the upstream states its version as `{0}`")]
    Version(String),
}

impl UpstreamError {
    /// What an operator can do about it.
    pub fn mend(&self) -> &'static str {
        let (Self::Postgres(error) | Self::Connect { error, .. }) = self else {
            return match self {
                Self::Tls(_) => "correct `upstream.root_certificates`",
                Self::Timeout(_) => "see whether the database is overloaded, or locked up",
                _ => "put a PostgreSQL 10 or later behind the gateway",
            };
        };
        match error.code().map(SqlState::code) {
            Some("3D000") => "correct the database in `upstream.url` or `upstream.databases`",
            Some("28P01" | "28000") => {
                "correct the user in `upstream.url`, the password (`upstream.password_file`), or the \
                 server's pg_hba.conf"
            }
            Some(_) => "let the service user connect and read pg_catalog",
            None if describe(error).contains("CaUsedAsEndEntity") => {
                "give the server a certificate without CA:TRUE, signed by an authority that \
                 `upstream.root_certificates` names"
            }
            None if error.to_string().contains("TLS") => {
                "name the authority in `upstream.root_certificates`, correct the host name, or choose \
                 another `upstream.sslmode`"
            }
            None if describe(error).contains("password missing") => {
                "put the password into a file and name it in `upstream.password_file`"
            }
            None => {
                "start the database, or correct host and port in `upstream.url`; `@`, `/`, `:` and `#` \
                 within a password that `init` is given are written `%40`, `%2F`, `%3A` and `%23`"
            }
        }
    }
}

impl UpstreamError {
    /// Whether nobody can have a session there now. One that answers, and says no to this user or
    /// database, is there.
    pub fn is_outage(&self) -> bool {
        let (Self::Postgres(error) | Self::Connect { error, .. }) = self else {
            return matches!(self, Self::Timeout(_));
        };
        match error.code().map(SqlState::code) {
            // Connection exceptions; too many connections; shutting down, crashed, starting up.
            Some(code) => ["08", "53", "57P"].iter().any(|class| code.starts_with(class)),
            None if describe(error).contains("password missing") => false,
            None => matches!(self, Self::Connect { .. }) || error.is_closed(),
        }
    }
}

/// An open connection; it ends with this.
pub(crate) struct Connection {
    pub(crate) client: Client,
    driver: JoinHandle<()>,
}

impl Connector {
    pub(crate) fn new(upstream: &Upstream) -> Result<Self, UpstreamError> {
        let tls = UpstreamTls {
            mode: upstream.tls,
            root_certificates: upstream.root_certificates.clone(),
        };
        let tls = tls.client_config()?.map(|config| MakeRustlsConnect::new((*config).clone()));
        let mut config = tokio_postgres::Config::new();
        config
            .user(&upstream.user)
            .application_name("lazaret-control")
            .connect_timeout(CONNECT_TIMEOUT)
            .options(OPTIONS)
            .ssl_mode(if tls.is_some() { SslMode::Require } else { SslMode::Disable });
        let at = match &upstream.host {
            UpstreamHost::Tcp { host, port } => {
                config.host(host).port(*port);
                if host.contains(':') {
                    format!("[{host}]:{port}")
                } else {
                    format!("{host}:{port}")
                }
            }
            UpstreamHost::Unix { folder, port } => {
                config.host_path(folder).port(*port);
                folder.join(format!(".s.PGSQL.{port}")).display().to_string()
            }
        };
        if let Some(password) = &upstream.password {
            config.password(password.expose());
        }
        Ok(Self { config, at, tls })
    }

    pub(crate) async fn connect(&self, database: &str) -> Result<Connection, UpstreamError> {
        let mut config = self.config.clone();
        config.dbname(database);
        let failed = |error| UpstreamError::Connect { at: self.at.clone(), error };
        // A connection that breaks shows in the statement that waits for it.
        Ok(match &self.tls {
            Some(tls) => {
                let (client, connection) = config.connect(tls.clone()).await.map_err(failed)?;
                Connection { client, driver: tokio::spawn(async { drop(connection.await) }) }
            }
            None => {
                let (client, connection) = config.connect(NoTls).await.map_err(failed)?;
                Connection { client, driver: tokio::spawn(async { drop(connection.await) }) }
            }
        })
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// What a server that answers says of itself, and what is said of one that doesn't.
fn refuses(error: &tokio_postgres::Error) -> &'static str {
    if error.as_db_error().is_some() { "refuses the connection" } else { "can't be reached" }
}

/// tokio_postgres says only `db error` by itself; the server's own message says which.
fn describe(error: &tokio_postgres::Error) -> String {
    error.as_db_error().map_or_else(
        || std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string),
        |error| format!("{} ({})", error.message(), error.code().code()),
    )
}
