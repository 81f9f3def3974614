//! Processes die at bad moments; what was recorded stays recorded, and who was in stays in.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod support;

use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use harness::wire::{Wire, error_text, first_error, rows};
use harness::{Gateway, Signal, freeze_process, signal_process, tree};
use support::Clinic;

/// What `lazaret verify --json` says of the shipped folder, and its exit code.
struct Verdict {
    code: i32,
    report: String,
}

impl Verdict {
    fn of(gateway: &Gateway) -> Self {
        let output = Command::new(tree::binary("lazaret").unwrap())
            .arg("verify")
            .arg(gateway.shipped())
            .arg("--trust")
            .arg(gateway.trust())
            .arg("--json")
            .output()
            .unwrap();
        let report = String::from_utf8_lossy(&output.stdout).into_owned();
        Self { code: output.status.code().unwrap(), report }
    }

    /// A number in the report.
    fn number(&self, key: &str) -> u64 {
        let value = self.report.split(&format!("\"{key}\":")).nth(1).unwrap();
        value.trim_start().split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap()
    }
}

/// Four agents run statements until `victim` is killed in the midst of it; returns how many were answered.
fn load_until_killed(clinic: &Clinic, victim: u32) -> u64 {
    let answered = &AtomicU64::new(0);
    let stop = &AtomicBool::new(false);
    // All are in before the first begins, so that nobody logs in at a process that is dead already.
    let agents: Vec<_> = (0..4).map(|_| clinic.agent()).collect();
    thread::scope(|scope| {
        for mut agent in agents {
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    let sql = "SELECT * FROM patients JOIN notes USING (patient_id) LIMIT 50";
                    match agent.query(sql) {
                        Ok(answer) if rows(&answer).len() == 50 => {
                            answered.fetch_add(1, Ordering::Relaxed);
                        }
                        _ => return,
                    }
                }
            });
        }
        while answered.load(Ordering::Relaxed) < 100 {
            thread::yield_now();
        }
        signal_process(victim, Signal::KILL);
        stop.store(true, Ordering::Relaxed);
    });
    answered.load(Ordering::Relaxed)
}

/// Starts the gateway again after a death, ends it properly, and has the evidence verified.
fn recovered(clinic: &mut Clinic) -> Verdict {
    clinic.gateway.drain();
    clinic.gateway.up().unwrap();
    assert_eq!(rows(&clinic.agent().query("SELECT count(*) FROM patients").unwrap()).len(), 1);
    assert!(clinic.gateway.drain().unwrap().success());
    Verdict::of(&clinic.gateway)
}

#[test]
fn a_data_plane_killed_under_load_loses_no_record_of_an_answered_statement() {
    let mut clinic = Clinic::start(|_| ());
    let answered = load_until_killed(&clinic, clinic.gateway.dataplane().unwrap());
    let verdict = recovered(&mut clinic);
    assert_eq!(verdict.code, 0, "{}", verdict.report);
    // A statement and its response have a record each, at the least.
    assert!(verdict.number("records") >= 2 * answered, "{answered} answered, {}", verdict.report);
}

#[test]
fn control_killed_under_load_loses_no_record_of_an_answered_statement() {
    let mut clinic = Clinic::start(|_| ());
    let answered = load_until_killed(&clinic, clinic.gateway.control().unwrap());
    let verdict = recovered(&mut clinic);
    assert_eq!(verdict.code, 0, "{}", verdict.report);
    assert!(verdict.number("records") >= 2 * answered, "{answered} answered, {}", verdict.report);
}

#[test]
fn everything_killed_at_once_still_leaves_evidence_that_verifies() {
    let mut clinic = Clinic::start(|_| ());
    // So that nobody starts anything again behind the test's back.
    let dataplane = clinic.gateway.dataplane().unwrap();
    let answered = load_until_killed(&clinic, dataplane);
    for id in [clinic.gateway.control(), clinic.gateway.id()].into_iter().flatten() {
        signal_process(id, Signal::KILL);
    }
    let verdict = recovered(&mut clinic);
    assert_eq!(verdict.code, 0, "{}", verdict.report);
    assert!(verdict.number("records") >= 2 * answered, "{answered} answered, {}", verdict.report);
}

#[test]
fn without_control_sessions_go_on_and_logins_are_refused_clearly_until_it_returns() {
    let clinic = Clinic::start(|_| ());
    let token = clinic.token();
    let login = || Wire::session(clinic.gateway.port(), "ci-agent", Clinic::DATABASE, &token);
    let mut running = clinic.agent();
    let control = clinic.gateway.control().unwrap();
    // Stopped, not killed, so that it is away for as long as the test wants.
    assert!(freeze_process(control));
    let masked = running.query("SELECT ssn FROM patients").unwrap();
    assert_eq!(rows(&masked).len(), 200, "{:?}", first_error(&masked).map(error_text));
    signal_process(control, Signal::KILL);
    let refused = login();
    let goes_on = running.query("SELECT count(*) FROM patients").unwrap();
    assert_eq!(rows(&goes_on).len(), 1);
    if let Err(error) = refused {
        let text = error.to_string();
        assert!(text.starts_with("57P03") || text.starts_with("08"), "not a clear refusal: {text}");
    }
    let deadline = Instant::now() + Duration::from_secs(60);
    while login().is_err() {
        assert!(Instant::now() < deadline, "control never returned");
        thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(rows(&running.query("SELECT 'still here'").unwrap()).len(), 1);
}
