//! A fresh server with a copy of PostgreSQL's regression suite where the server can reach it.
//!
//! The suite writes files from the server, so it runs under the server's account in the server's folder. A run that
//! takes too long is ended, and says what was going on: a hang is a failure, not a wait.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use harness::{Account, Installation, Postgres, PostgresOptions};

use crate::error::TaskError;
use crate::setup::Suite;
use crate::shell;
use crate::terminal::shown;

/// Within Debian's packages.
const PROGRAMS: &str = "usr/lib/postgresql/15/bin";
const MODULES: &str = "usr/lib/postgresql/15/lib";
const HEADERS: &str = "usr/include/postgresql/15/server";
const DRIVER: &str = "usr/lib/postgresql/15/lib/pgxs/src/test/regress/pg_regress";

/// As often as it is looked whether a run has ended.
const POLL: Duration = Duration::from_millis(100);

pub(super) struct Course {
    pub(super) postgres: Postgres,
    account: Account,
}

/// How a run reaches the server.
pub(super) struct Route<'a> {
    pub(super) port: u16,
    pub(super) password: &'a str,
    /// Use the database that [`Course::create_database`] made instead of making one.
    pub(super) has_database: bool,
    /// A run that takes longer has failed.
    pub(super) limit: Duration,
}

/// Which tests passed and which failed.
#[derive(Default)]
pub(super) struct Results {
    pub(super) passed: BTreeSet<String>,
    pub(super) failed: BTreeSet<String>,
}

impl Results {
    pub(super) fn report(&self, way: &str) {
        let all = self.passed.len() + self.failed.len();
        shown(&format!("{way}: {} of {all} tests pass", self.passed.len()));
    }
}

impl Course {
    /// The suite's own name for it.
    pub(super) const DATABASE: &str = "regression";

    pub(super) fn prepare(suite: &Suite) -> Result<Self, TaskError> {
        let account = Account::unprivileged()?;
        let postgres = Postgres::start(&PostgresOptions {
            installation: Some(Installation::movable(&suite.root, PROGRAMS)?),
            // What the suite expects beside PostgreSQL's defaults.
            settings: vec![
                ("autovacuum", "on".into()),
                ("timezone", "'GMT'".into()),
                ("max_prepared_transactions", "2".into()),
            ],
            ..PostgresOptions::default()
        })?;
        let course = Self { postgres, account };
        course.copy(suite)?;
        Ok(course)
    }

    fn copy(&self, suite: &Suite) -> Result<(), TaskError> {
        let tests = self.tests();
        harness::run(
            Command::new("cp").arg("-a").arg(suite.source.join("src/test/regress")).arg(&tests),
        )?;
        let modules = self.modules();
        shell::make_folder(&modules)?;
        shell::make_folder(&self.results())?;
        for module in ["autoinc.so", "refint.so"] {
            let from = suite.root.join(MODULES).join(module);
            fs::copy(&from, modules.join(module)).map_err(TaskError::io("copying a module"))?;
        }
        shell::run(
            Command::new("cc")
                .args(["-shared", "-fPIC", "-O1", "-w", "-I"])
                .arg(suite.root.join(HEADERS))
                .arg("-I")
                .arg(&tests)
                .arg("-o")
                .arg(modules.join("regress.so"))
                .arg(tests.join("regress.c")),
        )?;
        for folder in [&tests, &self.results()] {
            self.account.own_all(folder)?;
        }
        Ok(())
    }

    /// Makes the database as the suite's driver would, where the driver itself may not.
    pub(super) fn create_database(&self) -> Result<(), TaskError> {
        let name = Self::DATABASE;
        self.postgres.execute("postgres", &format!("CREATE DATABASE {name} TEMPLATE template0"))?;
        for setting in [
            "lc_messages TO 'C'",
            "lc_monetary TO 'C'",
            "lc_numeric TO 'C'",
            "lc_time TO 'C'",
            "bytea_output TO 'hex'",
            "timezone_abbreviations TO 'Default'",
        ] {
            let sql = format!("ALTER DATABASE {name} SET {setting}");
            self.postgres.execute("postgres", &sql)?;
        }
        Ok(())
    }

    /// Runs the whole suite; failing tests are results, not errors.
    pub(super) fn run(&self, route: &Route<'_>) -> Result<Results, TaskError> {
        let log = self.folder().join("regress-report");
        let report = fs::File::create(&log).map_err(TaskError::io("making a log"))?;
        let errors = report.try_clone().map_err(TaskError::io("making a log"))?;
        let mut child = self
            .command(route)
            .stdin(Stdio::null())
            .stdout(report)
            .stderr(errors)
            .spawn()
            .map_err(TaskError::io("starting pg_regress"))?;
        let ended = self.wait(&mut child, route.limit);
        let text = fs::read_to_string(&log).unwrap_or_default();
        let results = results(&text);
        if results.passed.is_empty() {
            println!("{text}");
        }
        ended.map(|()| results)
    }

    fn command(&self, route: &Route<'_>) -> Command {
        let installation = self.folder().join("installation");
        let mut command = self.account.command(&installation.join(DRIVER));
        command
            .arg(format!("--bindir={}", installation.join(PROGRAMS).display()))
            .arg(format!("--dlpath={}", self.modules().display()))
            .arg(format!("--inputdir={}", self.tests().display()))
            .arg(format!("--outputdir={}", self.results().display()))
            .arg(format!("--port={}", route.port))
            .arg(format!("--user={}", Postgres::SUPERUSER))
            .arg(format!("--dbname={}", Self::DATABASE))
            .args(["--host=127.0.0.1", "--schedule=parallel_schedule", "--max-connections=10"])
            .args(route.has_database.then_some("--use-existing"))
            .current_dir(self.tests())
            .env("PGPASSWORD", route.password)
            .env("PGSSLMODE", "disable")
            .env("PGGSSENCMODE", "disable");
        command
    }

    fn wait(&self, child: &mut Child, limit: Duration) -> Result<(), TaskError> {
        let deadline = Instant::now() + limit;
        loop {
            let status = child.try_wait().map_err(TaskError::io("waiting for pg_regress"))?;
            if status.is_some() {
                return Ok(());
            }
            if Instant::now() > deadline {
                let running = self.running();
                let _ = child.kill();
                let _ = child.wait();
                let seconds = limit.as_secs();
                return Err(TaskError::Unexpected(format!(
                    "the suite did not end within {seconds} s; these were running:\n{running}"
                )));
            }
            thread::sleep(POLL);
        }
    }

    /// What the server's sessions do, and what they wait for.
    fn running(&self) -> String {
        const SESSIONS: &str = "SELECT application_name, state, wait_event, left(query, 200) \
             FROM pg_stat_activity WHERE application_name LIKE '%pg_regress/%'";
        self.postgres.execute("postgres", SESSIONS).unwrap_or_else(|error| error.to_string())
    }

    /// What the suite says about its failures, its beginning if that is long.
    pub(super) fn differences(&self) -> String {
        let text = fs::read_to_string(self.results().join("regression.diffs")).unwrap_or_default();
        text.lines().take(200).collect::<Vec<_>>().join("\n")
    }

    fn tests(&self) -> PathBuf {
        self.folder().join("regress")
    }

    fn results(&self) -> PathBuf {
        self.folder().join("regress-results")
    }

    fn modules(&self) -> PathBuf {
        self.folder().join("regress-modules")
    }

    fn folder(&self) -> &Path {
        self.postgres.folder()
    }
}

/// `test name ... ok 12 ms`, or set in under a parallel group without the word.
fn results(report: &str) -> Results {
    let mut results = Results::default();
    for line in report.lines() {
        let Some((name, result)) = line.split_once(" ... ") else { continue };
        let name = name.trim().trim_start_matches("test ").trim().to_string();
        match result.trim_start().starts_with("ok") {
            true => results.passed.insert(name),
            false => results.failed.insert(name),
        };
    }
    results
}

#[cfg(test)]
mod tests {
    use super::results;

    #[test]
    fn tests_in_and_outside_groups_are_counted() {
        let report = "\
============== running regression test queries        ==============
test tablespace                   ... ok          412 ms
parallel group (2 tests):  boolean char
     boolean                      ... ok           52 ms
     char                         ... FAILED       33 ms
";
        let results = results(report);
        assert_eq!(results.passed.len(), 2);
        assert!(results.failed.contains("char"));
    }
}
