//! A gateway whose checkpoints a witness cosigns, and what `lazaret verify` says with it, without it,
//! and when it is away.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use harness::{Account, Gateway, GatewayOptions, Lifetime, Process, Signal, free_port};
use lazaret_audit::{Role, SigningKey, Trust};
use tempfile::TempDir;

/// Longer than any of this takes on a busy machine, so that a hang fails the test.
const PATIENCE: Duration = Duration::from_secs(90);

struct Site {
    folder: TempDir,
    gateway: Gateway,
    address: String,
    witness_key: String,
}

impl Site {
    /// A gateway that was run without a witness and is told of one.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut gateway = Gateway::start(&GatewayOptions {
            upstream: "postgres://svc@127.0.0.1:1/main".to_owned(),
            preset: Some("transparent"),
            ..GatewayOptions::default()
        })
        .unwrap();
        gateway.drain().unwrap();
        let address = format!("127.0.0.1:{}", free_port().unwrap());
        let mut site = Self { folder, gateway, address, witness_key: String::new() };
        let witness = site.witness();
        site.witness_key = witness.log().lines().next().unwrap().to_owned();
        let config = site.gateway.folder().join("lazaret.toml");
        let text = fs::read_to_string(&config).unwrap();
        let section = format!(
            "\n[[recording.witness]]\nurl = \"http://{}\"\nkey = \"{}\"\n",
            site.address, site.witness_key
        );
        fs::write(&config, text + &section).unwrap();
        site
    }

    fn trust(&self) -> Trust {
        Trust::read(&self.gateway.trust()).unwrap()
    }

    /// The witness, from its folder.
    fn witness(&self) -> Process {
        let dir = self.folder.path().join("witness");
        let log_key = self.trust().keys.remove(0);
        let arguments = ["witness", "--listen", &self.address, "--log", &log_key, "--dir"];
        let mut arguments = arguments.map(OsStr::new).to_vec();
        arguments.push(dir.as_os_str());
        let log = self.folder.path().join("witness.log");
        let _ = fs::remove_file(&log);
        let program = Path::new(env!("CARGO_BIN_EXE_lazaret"));
        let lifetime = Lifetime::Bound(Signal::TERM);
        let mut witness =
            Process::start(program, &arguments, Account::Same, lifetime, &log).unwrap();
        let serves = || fs::read_to_string(&log).unwrap_or_default().contains("serving http://");
        witness.wait_until(PATIENCE, serves).unwrap();
        witness
    }

    /// A trust file that names these witnesses.
    fn trusting(&self, witnesses: &[&str], quorum: Option<usize>) -> PathBuf {
        let witnesses = witnesses.iter().map(|&key| key.to_owned()).collect();
        let trust = Trust { witnesses, quorum, ..self.trust() };
        let path = self.folder.path().join("trust.json");
        fs::write(&path, serde_json::to_string(&trust).unwrap()).unwrap();
        path
    }

    /// The last word of `lazaret verify`.
    fn verdict_now(&self, trust: &Path) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lazaret"));
        last_word(command.arg("verify"), &self.gateway.shipped(), trust)
    }

    /// The same, with which the other reader agrees; nothing may be shipped meanwhile.
    fn verdict(&self, witnesses: &[&str], quorum: Option<usize>) -> String {
        let trust = self.trusting(witnesses, quorum);
        let ours = self.verdict_now(&trust);
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../packaging/verify.py");
        let mut command = Command::new("python3");
        let theirs = last_word(command.arg("-B").arg(script), &self.gateway.shipped(), &trust);
        assert_eq!(ours, theirs);
        ours
    }

    /// Runs the gateway, which ships the records of its own life.
    fn run(&mut self) {
        self.gateway.up().unwrap();
        self.gateway.drain().unwrap();
    }
}

fn last_word(command: &mut Command, shipped: &Path, trust: &Path) -> String {
    let output = command.arg(shipped).arg("--trust").arg(trust).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().last().unwrap_or_default().to_owned()
}

#[test]
fn a_witness_cosigns_what_is_shipped_and_is_missed_while_it_is_away() {
    let mut site = Site::new();
    let key = site.witness_key.clone();
    let nobody = SigningKey::generate("down.example", Role::Witness).unwrap();
    let nobody = nobody.verifier().to_string();
    assert_eq!(site.verdict(&[&key], None), "INCOMPLETE", "shipped before there was a witness");

    let witness = site.witness();
    for _ in 0..2 {
        site.run();
        assert_eq!(site.verdict(&[&key], None), "VERIFIED");
        assert_eq!(site.verdict(&[&key, &nobody], None), "INCOMPLETE", "the other is down");
        assert_eq!(site.verdict(&[&key, &nobody], Some(1)), "VERIFIED");
    }

    drop(witness);
    site.run();
    assert_eq!(site.verdict(&[&key], None), "INCOMPLETE", "the witness is away");
    assert_eq!(site.verdict(&[], None), "VERIFIED", "shipped all the same");

    // Back, it is asked for what was shipped without it, though nothing new is.
    site.gateway.up().unwrap();
    let _witness = site.witness();
    let (trust, deadline) = (site.trusting(&[&key], None), Instant::now() + PATIENCE);
    while site.verdict_now(&trust) != "VERIFIED" {
        assert!(Instant::now() < deadline, "{}", site.gateway.log());
        sleep(Duration::from_millis(200));
    }
    site.gateway.drain().unwrap();
    assert_eq!(site.verdict(&[&key], None), "VERIFIED");
}
