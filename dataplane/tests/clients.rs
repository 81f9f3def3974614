//! Real clients see no difference on data without PHI: the same script, run on the server and through the gateway,
//! gives the same rows, types and errors.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod support;

use std::process::Command;

use harness::{run, tree};
use support::stage::{Preset, Stage};
use support::{Target, python, script};

/// Each client four times: with the default policy and without one, in plaintext and with TLS on both sides,
/// where the client verifies the gateway and the gateway verifies the server.
macro_rules! clients {
    ($($name:ident: $transcript:expr;)*) => {$(
        mod $name {
            use super::*;

            #[test]
            fn sees_no_difference_through_a_transparent_gateway() {
                compare(stringify!($name), Preset::Transparent, false, $transcript);
            }

            #[test]
            fn sees_no_difference_through_a_transparent_gateway_with_tls() {
                compare(stringify!($name), Preset::Transparent, true, $transcript);
            }

            #[test]
            fn reads_clear_data_under_the_default_policy() {
                compare(stringify!($name), Preset::SafeHarbor, false, $transcript);
            }

            #[test]
            fn reads_clear_data_under_the_default_policy_with_tls() {
                compare(stringify!($name), Preset::SafeHarbor, true, $transcript);
            }
        }
    )*};
}

clients! {
    psql: psql_transcript;
    pgbench: pgbench_transcript;
    psycopg: |target| transcript(python("psycopg_script.py"), target);
    asyncpg: |target| transcript(python("asyncpg_script.py"), target);
    node_postgres: node_transcript;
    jdbc: jdbc_transcript;
    tokio_postgres: support::tokio_client::transcript;
}

fn compare(name: &str, preset: Preset, tls: bool, transcript: impl Fn(&Target) -> String) {
    let stage = Stage::shared();
    let copy = format!("{name}_{}", if tls { "tls" } else { "plain" });
    let [direct, through] = stage.databases(preset, &copy);
    let direct = transcript(&stage.direct(preset, tls, &direct));
    let through = transcript(&stage.through(preset, tls, &through));
    assert!(direct.lines().count() > 2, "the script told nothing:\n{direct}");
    let heard = |text: &str| -> Vec<String> {
        let kept = text.lines().filter(|line| preset == Preset::Transparent || !is_reworded(line));
        kept.map(str::to_owned).collect()
    };
    let (direct, through) = (heard(&direct).join("\n"), heard(&through).join("\n"));
    let difference = direct
        .lines()
        .zip(through.lines().chain(std::iter::repeat("(nothing)")))
        .find(|(direct, through)| direct != through);
    if let Some((direct, through)) = difference {
        panic!("{name} saw a difference:\n direct: {direct}\nthrough: {through}");
    }
    assert_eq!(direct.lines().count(), through.lines().count(), "{name} was told more:\n{through}");
}

/// What the default policy tells in its own words: syntax errors come from the gateway's parser and have no
/// line of the server's source; a function that doesn't exist might be anything, so its error is rebuilt.
fn is_reworded(line: &str) -> bool {
    ["LOCATION:", "DETAIL:  The gateway withheld", "HINT:  No function matches"]
        .iter()
        .any(|start| line.starts_with(start))
        || line.contains("nothing_of_the_kind")
}

fn transcript(mut command: Command, target: &Target) -> String {
    target.set(&mut command);
    run(&mut command).unwrap()
}

fn psql_transcript(target: &Target) -> String {
    let mut text = String::new();
    let all = ["psql_script.sql", "psql_writes.sql"];
    let scripts = if target.read_only { &all[..1] } else { &all[..] };
    for name in scripts {
        let mut command = Command::new("sh");
        // Errors belong to the transcript, in their place.
        command.args(["-c", "exec psql -X -f \"$1\" 2>&1", "sh"]).arg(script(name));
        text.push_str(&transcript(command, target));
    }
    // It says which process a notification came from, and from where it read its script.
    let text = text.replace(&script("").to_string_lossy().into_owned(), "");
    let words = text.lines().map(|line| match line.split_once("with PID ") {
        Some((before, _)) => before,
        None => line,
    });
    words.collect::<Vec<_>>().join("\n")
}

/// What was done, without how long it took.
fn pgbench_transcript(target: &Target) -> String {
    let mut text = String::new();
    for protocol in ["simple", "extended", "prepared"] {
        let scripts: &[&str] = match target.read_only {
            true => &["select-only"],
            false => &["select-only", "tpcb-like", "simple-update"],
        };
        for builtin in scripts {
            let mut command = Command::new("pgbench");
            command.args(["-n", "-c", "4", "-t", "50", "-M", protocol, "-b", builtin]);
            let report = transcript(command, target);
            let counts = report.lines().filter(|line| {
                line.contains("transactions actually processed") || line.contains("failed")
            });
            text.push_str(&format!("{protocol} {builtin}\n"));
            text.push_str(&counts.map(|line| format!("{line}\n")).collect::<String>());
        }
    }
    text
}

fn node_transcript(target: &Target) -> String {
    let mut command = Command::new("node");
    command.arg(script("node_script.js"));
    command.env("NODE_PATH", tree::counterparts().join("node/node_modules"));
    transcript(command, target)
}

fn jdbc_transcript(target: &Target) -> String {
    let mut command = Command::new("java");
    let jars = ["postgresql", "scram-client", "scram-common", "stringprep", "saslprep"]
        .map(|jar| format!("/usr/share/java/{jar}.jar"));
    command.args(["-Xshare:auto", "-XX:TieredStopAtLevel=1", "-cp", &jars.join(":")]);
    transcript(
        {
            command.arg(script("JdbcScript.java"));
            command
        },
        target,
    )
}
