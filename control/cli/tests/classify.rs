//! `lazaret classify`, over a real database.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use harness::{Postgres, PostgresOptions, free_port_base};

/// Columns whose names say nothing, and one that is known by name.
const SCHEMA: &str = "
    CREATE TABLE intake (id int, f1 text, f2 text, f3 text, f4 bigint, patient_ssn text, \"Odd \"\"x\" text);
    INSERT INTO intake
    SELECT n, 'p' || n || '@example.org', 'E11.' || n % 10, 'Seen on 2024-03-' || 10 + n % 20 || ', stable.',
           101020003 + n * 765431, '123-45-' || 1000 + n, '10.1.' || n % 200 || '.7'
      FROM generate_series(1, 1000) n;
    CREATE VIEW seen AS SELECT f1 FROM intake;
    CREATE TABLE shut (f1 text);
    CREATE TABLE days (at date, f1 text) PARTITION BY RANGE (at);
    CREATE TABLE days_2024 PARTITION OF days FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
    INSERT INTO days SELECT '2024-01-01', '(617) 555-' || 1000 + n FROM generate_series(1, 50) n;
    CREATE ROLE svc LOGIN;
    GRANT SELECT ON intake, seen, days TO svc;
";

fn lazaret(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_lazaret")).args(args).output().unwrap()
}

fn install(folder: &Path, server: &Postgres) {
    let upstream = format!("postgres://svc@127.0.0.1:{}/postgres", server.port());
    let port_base = free_port_base().unwrap().to_string();
    let dir = folder.to_str().unwrap();
    let made = lazaret(&["init", "--upstream", &upstream, "--port-base", &port_base, "--dir", dir]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

#[test]
fn columns_are_proposed_by_what_they_hold_and_nothing_of_it_is_shown() {
    let server = Postgres::start(&PostgresOptions::default()).unwrap();
    server.execute("postgres", SCHEMA).unwrap();
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path().join("gateway");
    install(&folder, &server);
    let out = temporary.path().join("proposed.toml");
    let (dir, out) = (folder.to_str().unwrap(), out.to_str().unwrap());
    let config = fs::read_to_string(folder.join("lazaret.toml")).unwrap();
    let named = toml::from_str::<toml::Table>(&config).unwrap();
    let resource = named["upstream"]["name"].as_str().unwrap();
    let args = ["classify", "--dir", dir, "--resource", resource, "--rows", "500", "--out", out];

    let run = lazaret(&args);
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let text = fs::read_to_string(out).unwrap();
    let proposed: toml::Table = toml::from_str(&text).unwrap();
    let class = |name: &str| proposed["classes"].get(name).and_then(toml::Value::as_str);
    assert_eq!(class("public.intake.f1"), Some("email"), "{text}");
    assert_eq!(class("public.intake.f2"), None, "{text}");
    assert_eq!(class("public.intake.f4"), Some("ssn"), "{text}");
    assert_eq!(class("public.intake.\"Odd \"\"x\""), Some("ip_address"), "{text}");
    assert_eq!(class("public.days.f1"), Some("telephone"), "{text}");
    assert!(text.contains("# f3 is scanned; of 500 values: date in 500"), "{text}");
    assert!(text.contains("# \"public.intake.patient_ssn\" = \"ssn\"\n"), "{text}");
    assert!(text.contains("public.shut: not sampled: "), "{text}");
    assert!(!text.contains("days_2024") && !text.contains("public.seen"), "{text}");
    assert!(!text.contains("example.org") && !text.contains("123-45") && !text.contains("555"));

    // What was reviewed is not overwritten, and can be put into force.
    for out in [out, "/dev/full", "/proc/proposed.toml"] {
        let mut args = args;
        args[8] = out;
        let refused = lazaret(&args);
        let told = String::from_utf8(refused.stderr).unwrap();
        assert_eq!(refused.status.code(), Some(1));
        assert!(told.contains(out) && told.contains("mend: name a file"), "{told}");
    }
    let classes = text.split_once("[classes]\n").unwrap().1;
    let config = config.replace("[classes]\n", &format!("[classes]\n{classes}"));
    fs::write(folder.join("lazaret.toml"), config).unwrap();
    let check = lazaret(&["check", "--dir", dir, "--columns"]);
    let told = String::from_utf8(check.stdout).unwrap();
    assert_eq!(check.status.code(), Some(0), "{told}");
    assert!(told.contains("\"public.seen.f1\" = \"email\""), "{told}");
}

#[test]
fn a_resource_or_database_that_is_not_there_is_named_with_its_mend() {
    let server = Postgres::start(&PostgresOptions::default()).unwrap();
    server.execute("postgres", "CREATE ROLE svc LOGIN").unwrap();
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path().join("gateway");
    install(&folder, &server);
    let dir = folder.to_str().unwrap();
    let error = |args: &[&str]| {
        let output = lazaret(&[&["classify", "--dir", dir], args].concat());
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    };
    let unknown = error(&["--resource", "nosuch"]);
    assert!(unknown.contains("no resource `nosuch`") && unknown.contains("mend: "), "{unknown}");
    let known = unknown.split('`').rev().nth(1).unwrap().to_owned();
    let database = error(&["--resource", &known, "--database", "absent"]);
    assert!(database.contains("`absent`") && database.contains("mend: "), "{database}");
}
