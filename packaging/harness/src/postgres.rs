//! A throw-away PostgreSQL server.
//!
//! It listens on 127.0.0.1 and on a Unix socket in its own folder; the socket trusts everyone, so that the
//! harness can set up data whatever the network's authentication is. Durability is off: the data
//! lives as long as the test.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;
use tempfile::{NamedTempFile, TempDir};

use crate::{Account, Certificates, HarnessError, Lifetime, Process, free_port, run, tree};

/// A set of server binaries.
#[derive(Clone, Debug)]
pub struct Installation {
    programs: PathBuf,
    /// What to copy next to the data, because the server's account may not reach it where it is.
    movable: Option<PathBuf>,
}

impl Installation {
    /// Debian's newest.
    pub fn debian() -> Result<Self, HarnessError> {
        let base = Path::new("/usr/lib/postgresql");
        let version = |path: &PathBuf| path.file_name()?.to_str()?.parse::<u32>().ok();
        let newest = fs::read_dir(base)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.join("bin/initdb").exists())
            .max_by_key(version);
        newest
            .map(|path| Self { programs: path.join("bin"), movable: None })
            .ok_or_else(|| HarnessError::Missing(base.join("*/bin/initdb")))
    }

    /// One of the other versions that `cargo xtask setup` unpacks.
    pub fn embedded(major: u32) -> Result<Self, HarnessError> {
        let modules = ["node", "node-outer"].map(|folder| {
            tree::counterparts().join(format!("{folder}/node_modules/postgres-{major}/native"))
        });
        let [_, outer] = &modules;
        let found = modules.iter().find(|path| path.exists()).unwrap_or(outer);
        Self::movable(found, "bin")
    }

    /// A folder that holds an installation, and where its programs are in it.
    pub fn movable(folder: &Path, programs: &str) -> Result<Self, HarnessError> {
        Ok(Self {
            programs: tree::existing(folder.join(programs))?,
            movable: Some(folder.to_path_buf()),
        })
    }

    /// The same installation, where the account that runs the server can reach it.
    fn placed(&self, account: Account, folder: &Path) -> Result<Self, HarnessError> {
        let Some(movable) = &self.movable else { return Ok(self.clone()) };
        let copy = folder.join("installation");
        run(Command::new("cp").arg("-a").arg(movable).arg(&copy))?;
        account.own(&copy)?;
        let programs = self.programs.strip_prefix(movable).unwrap_or(&self.programs);
        Ok(Self { programs: copy.join(programs), movable: None })
    }

    /// A program of this installation.
    pub fn program(&self, name: &str) -> Result<PathBuf, HarnessError> {
        tree::existing(self.programs.join(name))
    }
}

/// How the server asks clients on the network who they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Authentication {
    #[default]
    Trust,
    Md5,
    ScramSha256,
    /// The password itself; with TLS on, over TLS only.
    Password,
}

#[derive(Clone, Debug, Default)]
pub struct PostgresOptions {
    /// Debian's, unless said otherwise.
    pub installation: Option<Installation>,
    pub authentication: Authentication,
    /// Offer TLS with a certificate for localhost.
    pub tls: bool,
    /// More lines for postgresql.conf.
    pub settings: Vec<(&'static str, String)>,
    /// Outlive this process; for `demo --keep`, which names the folder to remove.
    pub keep: bool,
}

/// A running server. Dropping it stops it and removes its data.
#[derive(Debug)]
pub struct Postgres {
    // Dropped in this order: the server must be gone before its folder.
    process: Process,
    _folder: Option<TempDir>,
    path: PathBuf,
    port: u16,
    certificates: Option<Certificates>,
    installation: Installation,
}

impl Postgres {
    pub const SUPERUSER: &str = "postgres";
    /// Of the superuser, where the network's authentication asks for one.
    pub const PASSWORD: &str = "throw-away";

    pub fn start(options: &PostgresOptions) -> Result<Self, HarnessError> {
        let installation = match &options.installation {
            Some(installation) => installation.clone(),
            None => Installation::debian()?,
        };
        let account = Account::unprivileged()?;
        let folder = tempfile::Builder::new()
            .prefix("lazaret-postgres-")
            .permissions(fs::Permissions::from_mode(0o755))
            .tempdir()
            .map_err(HarnessError::io("making a folder for PostgreSQL"))?;
        account.own(folder.path())?;
        let path = folder.path().to_path_buf();

        let installation = installation.placed(account, &path)?;
        initialise(&installation, account, &path, options.authentication)?;
        let certificates = match options.tls {
            true => Some(certificates(account, &path)?),
            false => None,
        };
        let port = free_port()?;
        configure(&path, port, options, certificates.as_ref())?;

        let lifetime = match options.keep {
            true => Lifetime::Free,
            // Fast shutdown; TERM would wait for the clients.
            false => Lifetime::Bound(Signal::INT),
        };
        let data = path.join("data");
        let mut process = Process::start(
            &installation.program("postgres")?,
            &["-D".as_ref(), data.as_os_str()],
            account,
            lifetime,
            &path.join("log"),
        )?;
        process.wait_until(START_PATIENCE, || is_ready(&data))?;
        let folder = match options.keep {
            true => {
                let _kept = folder.keep();
                None
            }
            false => Some(folder),
        };
        Ok(Self { process, _folder: folder, path, port, certificates, installation })
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// The binaries it runs from.
    pub fn installation(&self) -> &Installation {
        &self.installation
    }

    /// The folder of the Unix socket, which trusts everyone, and of the server's data.
    pub fn folder(&self) -> &Path {
        &self.path
    }

    /// Of its TLS listener.
    pub fn certificates(&self) -> Option<&Certificates> {
        self.certificates.as_ref()
    }

    /// For a client on the network; with TLS on, it verifies the server.
    pub fn url(&self, database: &str) -> String {
        let tls = match &self.certificates {
            Some(made) => {
                format!("sslmode=verify-full&sslrootcert={}", made.authority.display())
            }
            None => "sslmode=disable".into(),
        };
        format!(
            "postgres://{}:{}@localhost:{}/{database}?{tls}",
            Self::SUPERUSER,
            Self::PASSWORD,
            self.port
        )
    }

    /// Runs SQL over the Unix socket, stopping at the first error; returns unaligned rows.
    pub fn execute(&self, database: &str, sql: &str) -> Result<String, HarnessError> {
        // A file of its own: tests that share a server run side by side.
        let script = NamedTempFile::new().map_err(HarnessError::io("making a script"))?;
        fs::write(script.path(), sql).map_err(HarnessError::io("writing a script"))?;
        let arguments = ["-q", "-v", "ON_ERROR_STOP=1", "-A", "-t", "-f"];
        run(self.psql(database).args(arguments).arg(script.path()))
    }

    /// A `psql` that goes past the network's authentication.
    pub fn psql(&self, database: &str) -> Command {
        let mut command = Command::new("psql");
        command.args(["-X", "-h"]).arg(&self.path).args([
            "-p",
            &self.port.to_string(),
            "-U",
            Self::SUPERUSER,
            "-d",
            database,
        ]);
        command
    }

    /// Stops a server that would outlive this process, and removes its data.
    pub fn end(mut self) {
        self.process.stop(Signal::INT, START_PATIENCE);
        let _ = fs::remove_dir_all(&self.path);
    }

    pub fn log(&self) -> String {
        self.process.log()
    }
}

const START_PATIENCE: Duration = Duration::from_secs(120);

fn initialise(
    installation: &Installation,
    account: Account,
    folder: &Path,
    authentication: Authentication,
) -> Result<(), HarnessError> {
    let password = folder.join("password");
    fs::write(&password, Postgres::PASSWORD).map_err(HarnessError::io("writing a password"))?;
    account.own(&password)?;
    let method = match authentication {
        Authentication::Trust => "trust",
        Authentication::Md5 => "md5",
        Authentication::ScramSha256 => "scram-sha-256",
        Authentication::Password => "password",
    };
    let initdb = installation.program("initdb")?;
    run(crate::process::wrapped(&initdb, account, Lifetime::Bound(Signal::KILL))
        .args(["--no-sync", "--encoding=UTF8", "--locale=C.UTF-8", "--auth-local=trust"])
        .arg(format!("--auth-host={method}"))
        .arg(format!("--username={}", Postgres::SUPERUSER))
        .arg(format!("--pwfile={}", password.display()))
        .arg("-D")
        .arg(folder.join("data"))
        .current_dir(folder))?;
    if authentication == Authentication::Password {
        let rules = "local all all trust\nhostssl all all 127.0.0.1/32 password\n";
        let file = folder.join("data/pg_hba.conf");
        fs::write(file, rules).map_err(HarnessError::io("writing pg_hba.conf"))?;
    }
    Ok(())
}

fn certificates(account: Account, folder: &Path) -> Result<Certificates, HarnessError> {
    let made = Certificates::create(folder)?;
    account.own(&made.key)?;
    fs::set_permissions(&made.key, fs::Permissions::from_mode(0o600))
        .map_err(HarnessError::io("closing the server's key"))?;
    Ok(made)
}

fn configure(
    folder: &Path,
    port: u16,
    options: &PostgresOptions,
    certificates: Option<&Certificates>,
) -> Result<(), HarnessError> {
    let quoted = |value: &Path| format!("'{}'", value.display());
    let mut settings = vec![
        ("listen_addresses", "'127.0.0.1'".into()),
        ("port", port.to_string()),
        ("unix_socket_directories", quoted(folder)),
        ("max_connections", "300".into()),
        ("shared_buffers", "128MB".into()),
        ("fsync", "off".into()),
        ("full_page_writes", "off".into()),
        ("synchronous_commit", "off".into()),
        ("autovacuum", "off".into()),
        ("timezone", "'UTC'".into()),
    ];
    if let Some(made) = certificates {
        settings.push(("ssl", "on".into()));
        settings.push(("ssl_cert_file", quoted(&made.certificate)));
        settings.push(("ssl_key_file", quoted(&made.key)));
    }
    settings.extend(options.settings.iter().cloned());
    let mut text = String::new();
    for (name, value) in settings {
        text.push_str(&format!("{name} = {value}\n"));
    }
    let file = folder.join("data/postgresql.auto.conf");
    fs::write(file, text).map_err(HarnessError::io("writing PostgreSQL's configuration"))
}

/// The server writes its state into the eighth line of its pid file.
fn is_ready(data: &Path) -> bool {
    let text = fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default();
    text.lines().nth(7).is_some_and(|state| state.trim() == "ready")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_answers_and_leaves_nothing_behind() {
        let server = Postgres::start(&PostgresOptions::default()).unwrap();
        assert_eq!(server.execute("postgres", "select 6 * 7").unwrap().trim(), "42");
        let (id, folder) = (server.id(), server.folder().to_path_buf());
        drop(server);
        assert!(!folder.exists());
        assert!(!Path::new(&format!("/proc/{id}")).exists());
    }

    #[test]
    fn servers_12_and_18_run_from_a_copy() {
        for major in [12, 18] {
            let options = PostgresOptions {
                installation: Some(Installation::embedded(major).unwrap()),
                ..PostgresOptions::default()
            };
            let server = Postgres::start(&options).unwrap();
            let version = server.execute("postgres", "show server_version_num").unwrap();
            assert!(version.starts_with(&major.to_string()), "{version}");
        }
    }

    #[test]
    fn a_server_with_tls_and_scram_lets_in_who_verifies_it_and_knows_the_password() {
        let options = PostgresOptions {
            tls: true,
            authentication: Authentication::ScramSha256,
            ..PostgresOptions::default()
        };
        let server = Postgres::start(&options).unwrap();
        let query = "select ssl from pg_stat_ssl where pid = pg_backend_pid()";
        let url = server.url("postgres");
        let answer = run(Command::new("psql").args(["-XAtc", query, &url])).unwrap();
        assert_eq!(answer.trim(), "t");
        let wrong = url.replace(Postgres::PASSWORD, "wrong");
        assert!(run(Command::new("psql").args(["-XAtc", query, &wrong])).is_err());
    }
}
