//! pgbouncer in session mode, as the peer for measurements.

use std::fs;
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use rustix::process::Signal;
use tempfile::TempDir;

use crate::{Account, Certificates, HarnessError, Lifetime, Postgres, Process, free_port, tree};

/// A running pgbouncer. Dropping it stops it.
#[derive(Debug)]
pub struct Pgbouncer {
    process: Process,
    _folder: TempDir,
    port: u16,
    certificates: Option<Certificates>,
}

impl Pgbouncer {
    /// In front of `upstream`; where that offers TLS, so does this, and it verifies the upstream.
    pub fn start(upstream: &Postgres) -> Result<Self, HarnessError> {
        let program = tree::existing("/usr/sbin/pgbouncer".into())?;
        let account = Account::unprivileged()?;
        let folder = tempfile::Builder::new()
            .prefix("lazaret-pgbouncer-")
            .permissions(fs::Permissions::from_mode(0o755))
            .tempdir()
            .map_err(HarnessError::io("making a folder for pgbouncer"))?;
        account.own(folder.path())?;
        let certificates = match upstream.certificates() {
            Some(_) => Some(certificates(account, folder.path())?),
            None => None,
        };
        let port = free_port()?;
        let file = folder.path().join("pgbouncer.ini");
        fs::write(&file, configuration(upstream, port, folder.path(), certificates.as_ref()))
            .map_err(HarnessError::io("writing pgbouncer's configuration"))?;
        let log = folder.path().join("log");
        let lifetime = Lifetime::Bound(Signal::INT);
        let mut process = Process::start(&program, &[&file], account, lifetime, &log)?;
        let address = (Ipv4Addr::LOCALHOST, port);
        process.wait_until(START_PATIENCE, || TcpStream::connect(address).is_ok())?;
        Ok(Self { process, _folder: folder, port, certificates })
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Of its TLS listener.
    pub fn certificates(&self) -> Option<&Certificates> {
        self.certificates.as_ref()
    }
}

const START_PATIENCE: Duration = Duration::from_secs(30);

fn certificates(account: Account, folder: &Path) -> Result<Certificates, HarnessError> {
    let made = Certificates::create(folder)?;
    account.own(&made.key)?;
    Ok(made)
}

fn configuration(
    upstream: &Postgres,
    port: u16,
    folder: &Path,
    certificates: Option<&Certificates>,
) -> String {
    let mut text = format!(
        "[databases]\n\
         * = host=localhost port={upstream_port} user={user} password={password}\n\
         [pgbouncer]\n\
         listen_addr = 127.0.0.1\n\
         listen_port = {port}\n\
         unix_socket_dir = {folder}\n\
         pool_mode = session\n\
         auth_type = any\n\
         max_client_conn = 1000\n\
         default_pool_size = 200\n\
         ignore_startup_parameters = extra_float_digits,options\n\
         log_connections = 0\n\
         log_disconnections = 0\n",
        upstream_port = upstream.port(),
        user = Postgres::SUPERUSER,
        password = Postgres::PASSWORD,
        folder = folder.display(),
    );
    if let (Some(own), Some(upstreams)) = (certificates, upstream.certificates()) {
        text.push_str(&format!(
            "client_tls_sslmode = require\n\
             client_tls_cert_file = {}\n\
             client_tls_key_file = {}\n\
             server_tls_sslmode = verify-full\n\
             server_tls_ca_file = {}\n",
            own.certificate.display(),
            own.key.display(),
            upstreams.authority.display(),
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;
    use crate::{PostgresOptions, run};

    #[test]
    fn pgbouncer_verifies_its_upstream_and_is_verified() {
        let options = PostgresOptions { tls: true, ..PostgresOptions::default() };
        let server = Postgres::start(&options).unwrap();
        let pooler = Pgbouncer::start(&server).unwrap();
        let url = format!(
            "postgres://anyone@localhost:{}/postgres?sslmode=verify-full&sslrootcert={}",
            pooler.port(),
            pooler.certificates().unwrap().authority.display()
        );
        let query = "select ssl from pg_stat_ssl where pid = pg_backend_pid()";
        let answer = run(Command::new("psql").args(["-XAtc", query, &url])).unwrap();
        assert_eq!(answer.trim(), "t");
    }
}
