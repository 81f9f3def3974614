//! `lazaret check`, on an installation that is well and on each way to spoil it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use harness::{Postgres, PostgresOptions, free_port_base};
use tempfile::TempDir;

struct Installation {
    _temporary: TempDir,
    folder: PathBuf,
}

impl Installation {
    fn new(upstream: &str) -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let folder = temporary.path().join("gateway");
        let port_base = free_port_base().unwrap().to_string();
        let made = Command::new(env!("CARGO_BIN_EXE_lazaret"))
            .args(["init", "--upstream", upstream, "--port-base", &port_base, "--dir"])
            .arg(&folder)
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        Self { _temporary: temporary, folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn edit(&self, name: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.path(name)).unwrap();
        assert!(text.contains(from), "{name} does not say {from}");
        fs::write(self.path(name), text.replace(from, to)).unwrap();
    }

    /// The exit code and what is printed.
    fn check(&self) -> (Option<i32>, String) {
        self.check_with(&[])
    }

    fn check_with(&self, more: &[&str]) -> (Option<i32>, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_lazaret"))
            .args(["check", "--dir"])
            .arg(&self.folder)
            .args(more)
            .output()
            .unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    }

    /// What is printed when something must be mended.
    fn complaint(&self) -> String {
        let (code, text) = self.check();
        assert_eq!(code, Some(1), "{text}");
        assert!(text.contains("mend: "), "{text}");
        text
    }
}

fn server() -> Postgres {
    Postgres::start(&PostgresOptions::default()).unwrap()
}

fn url(server: &Postgres) -> String {
    format!("postgres://{}@127.0.0.1:{}/postgres", Postgres::SUPERUSER, server.port())
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_new_installation_in_front_of_a_running_server_is_well() {
    let server = server();
    let (code, text) = Installation::new(&url(&server)).check();
    assert_eq!(code, Some(0), "{text}");
    assert!(text.ends_with("All is well.\n"), "{text}");
    assert!(text.contains("note  a development issuer is trusted"), "{text}");
}

#[test]
fn the_columns_that_have_a_class_are_told_and_one_that_is_not_there_is_refused() {
    let server = server();
    server
        .execute("postgres", "CREATE TABLE patients (ssn text, weight int, \"Note\" text)")
        .unwrap();
    let installation = Installation::new(&url(&server));
    let (code, text) = installation.check_with(&["--columns"]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("\n\"public.patients.ssn\" = \"ssn\"\n"), "{text}");
    assert!(!text.contains("patients.weight"), "{text}");
    assert!(text.contains("1 of 3 columns have a class"), "{text}");
    assert!(text.contains("is a superuser"), "{text}");

    let config = fs::read_to_string(installation.path("lazaret.toml")).unwrap();
    let classes = "[classes]\n\"public.patients.Note\" = \"name\"\n";
    fs::write(installation.path("lazaret.toml"), config.replace("[classes]\n", classes)).unwrap();
    assert_eq!(installation.check().0, Some(0));
    installation.edit("lazaret.toml", "patients.Note", "patients.note");
    let text = installation.complaint();
    assert!(text.contains("no database of the upstream has public.patients.note"), "{text}");
}

#[test]
fn a_column_that_is_cleared_against_its_name_or_origin_is_told() {
    let server = server();
    let schema = "CREATE TABLE patients (first_name text, weight int, note text, born date);
        CREATE VIEW seen AS SELECT first_name AS a, weight AS b FROM patients";
    server.execute("postgres", schema).unwrap();
    let installation = Installation::new(&url(&server));
    let classes = "[classes]\n\"public.patients.first_name\" = \"clear\"\n\
        \"public.patients.note\" = \"clear\"\n\"public.patients.weight\" = \"clear\"\n";
    installation.edit("lazaret.toml", "[classes]\n", classes);
    let (code, text) = installation.check();
    assert_eq!(code, Some(0), "{text}");
    let cleared = |text: &str| {
        let lines = text.lines().filter(|line| line.contains("passes as it is"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let told = cleared(&text);
    assert_eq!(told.len(), 1, "{text}");
    assert!(told[0].starts_with("note  postgres: public.patients.first_name "), "{text}");
    assert!(told[0].ends_with("would be name"), "{text}");

    installation.edit("lazaret.toml", "patients.first_name", "seen.*");
    let told = cleared(&installation.check().1);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("public.seen.a ") && told[0].ends_with("would be name"), "{told:?}");
}

#[test]
fn an_upstream_that_is_away_is_named_at_its_line() {
    let installation = Installation::new("postgres://svc@127.0.0.1:1/postgres");
    let text = installation.complaint();
    let config = fs::read_to_string(installation.path("lazaret.toml")).unwrap();
    let line = config.lines().position(|line| line.starts_with("url = \"postgres")).unwrap() + 1;
    assert!(text.contains(&format!("lazaret.toml:{line}:7: ")), "{text}");
    assert!(text.contains("FAIL  upstream"), "{text}");
    assert!(text.contains("the upstream at 127.0.0.1:1 can't be reached"), "{text}");
    assert!(text.contains("ok    TLS"), "{text}");
}

#[test]
fn each_spoilt_part_is_named_with_its_mend() {
    let server = server();
    let new = || Installation::new(&url(&server));

    let misspelt = new();
    misspelt.edit("lazaret.toml", "allow_plaintext", "allow_plain_text");
    assert!(misspelt.complaint().contains("did you mean `allow_plaintext`?"));

    let wrong_key = new();
    let other = new();
    fs::copy(other.path("tls/server.key"), wrong_key.path("tls/server.key")).unwrap();
    assert!(wrong_key.complaint().contains("tls/server.key: "));

    let open_key = new();
    chmod(&open_key.path("keys/seal.key"), 0o644);
    assert!(open_key.complaint().contains("others may look into it"));

    let bad_policy = new();
    bad_policy.edit("policy/agents-read-only.cedar", "Action::\"select\"", "Action::\"selekt\"");
    assert!(bad_policy.complaint().contains("policy/agents-read-only.cedar:"));

    let bad_pattern = new();
    let pattern = "[[detectors.pattern]]\nname = \"chart\"\nexpression = 'KX-\\d+'\nidentifier = \"medical_record\"";
    bad_pattern.edit("lazaret.toml", "[recording]", &format!("{pattern}\n[recording]"));
    assert!(bad_pattern.complaint().contains("the expression has no longest match\n  mend: "));

    let no_policy = new();
    fs::remove_file(no_policy.path("policy/agents-read-only.cedar")).unwrap();
    assert!(no_policy.complaint().contains("without a policy nothing is permitted"));

    let no_folder = new();
    fs::remove_dir(no_folder.path("segments")).unwrap();
    assert!(no_folder.complaint().contains("segments: is no folder"));

    let no_database = new();
    no_database.edit("lazaret.toml", "databases = [\"postgres\"]", "databases = [\"absent\"]");
    assert!(no_database.complaint().contains("correct the database"));
}

#[test]
fn a_port_that_is_taken_is_named() {
    let server = server();
    let installation = Installation::new(&url(&server));
    let config = fs::read_to_string(installation.path("lazaret.toml")).unwrap();
    let line = config.lines().find(|line| line.starts_with("metrics = ")).unwrap();
    let address = line.split('"').nth(1).unwrap();
    let _taken = TcpListener::bind(address).unwrap();
    let text = installation.complaint();
    assert!(text.contains(&format!("can't listen on {address}")), "{text}");
}

#[test]
fn a_folder_without_a_configuration_is_refused() {
    let empty = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_lazaret"))
        .args(["check", "--dir"])
        .arg(empty.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).contains("run `lazaret init` first"));
}
