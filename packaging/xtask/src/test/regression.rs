//! PostgreSQL's own regression suite, on a server and through a transparent gateway.
//!
//! The same tests must pass both ways. The suite writes files from the server, so it runs under the server's account
//! in the server's folder.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use harness::{Account, Gateway, GatewayOptions, Installation, Postgres, PostgresOptions};

use super::step::Count;
use crate::error::TaskError;
use crate::setup::{self, Suite};
use crate::shell;
use crate::terminal::shown;

/// Within Debian's packages.
const PROGRAMS: &str = "usr/lib/postgresql/15/bin";
const MODULES: &str = "usr/lib/postgresql/15/lib";
const HEADERS: &str = "usr/include/postgresql/15/server";
const DRIVER: &str = "usr/lib/postgresql/15/lib/pgxs/src/test/regress/pg_regress";

pub(super) fn run() -> Result<Count, TaskError> {
    let suite = setup::regression_suite()?;
    let direct = Course::prepare(&suite)?;
    let expected = direct.run(direct.postgres.port(), Postgres::PASSWORD)?;
    report("direct", &expected);
    drop(direct);

    let course = Course::prepare(&suite)?;
    let mut gateway = Gateway::start(&GatewayOptions {
        upstream: course.postgres.url("postgres"),
        preset: Some("transparent"),
        settings: vec![
            ("listen", "allow_plaintext", "true".into()),
            ("upstream", "pass_user", "true".into()),
        ],
        ..GatewayOptions::default()
    })?;
    let token = gateway.token_with("regression", "agents", &["--ttl", "1h"])?;
    let through = course.run(gateway.port(), &token)?;
    report("through the gateway", &through);
    gateway.drain();

    let lost: Vec<&String> = expected.passed.difference(&through.passed).collect();
    for test in &lost {
        println!("  {test} passes directly and not through the gateway");
    }
    if !lost.is_empty() {
        println!("{}", course.differences());
    }
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    Ok(Count {
        passed: number(through.passed.len()),
        failed: number(lost.len()) + u32::from(expected.passed.is_empty()),
        skipped: 0,
    })
}

/// Which tests passed and which failed.
#[derive(Default)]
struct Results {
    passed: BTreeSet<String>,
    failed: BTreeSet<String>,
}

fn report(way: &str, results: &Results) {
    let all = results.passed.len() + results.failed.len();
    shown(&format!("{way}: {} of {all} tests pass", results.passed.len()));
}

/// A fresh server with a copy of the suite where the server can reach it.
struct Course {
    postgres: Postgres,
    account: Account,
}

impl Course {
    fn prepare(suite: &Suite) -> Result<Self, TaskError> {
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

    /// Runs the whole suite; failing tests are results, not errors.
    fn run(&self, port: u16, password: &str) -> Result<Results, TaskError> {
        let installation = self.postgres.folder().join("installation");
        let mut command = self.account.command(&installation.join(DRIVER));
        let output = command
            .arg(format!("--bindir={}", installation.join(PROGRAMS).display()))
            .arg(format!("--dlpath={}", self.modules().display()))
            .arg(format!("--inputdir={}", self.tests().display()))
            .arg(format!("--outputdir={}", self.results().display()))
            .arg(format!("--port={port}"))
            .arg(format!("--user={}", Postgres::SUPERUSER))
            .args(["--host=127.0.0.1", "--schedule=parallel_schedule", "--max-connections=10"])
            .current_dir(self.tests())
            .env("PGPASSWORD", password)
            .env("PGSSLMODE", "disable")
            .output()
            .map_err(TaskError::io("starting pg_regress"))?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let results = results(&text);
        if results.passed.is_empty() {
            println!("{text}\n{}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(results)
    }

    /// What the suite says about its failures, its end if that is long.
    fn differences(&self) -> String {
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
