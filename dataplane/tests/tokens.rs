//! Tokens of the vault that control keeps: a client can join by them, whoever has only a part can't tell what they
//! stand for, and without control a value is covered rather than shown.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod support;

use std::collections::BTreeSet;
use std::thread;
use std::time::{Duration, Instant};

use harness::wire::{Wire, rows};
use harness::{GatewayOptions, freeze_process, run, signal_process};
use rustix::process::Signal;
use support::{Clinic, Target, contains, python};

/// Patients, and what they paid, by two identifiers of other types.
const TABLES: &str = "
    CREATE TABLE insured AS
        SELECT patient_id AS nth, ssn, 4000000000 + patient_id * 7 AS member_id FROM patients;
    CREATE TABLE billing AS
        SELECT ssn, member_id, nth % 10 + step AS amount FROM insured, generate_series(1, 3) step;
    CREATE TABLE seen AS SELECT ssn FROM patients ORDER BY patient_id LIMIT 5;
";

fn clinic(scope: &str) -> Clinic {
    Clinic::with(TABLES, |options: &mut GatewayOptions| {
        options.settings.push(("masks", "ssn", "\"token\"".into()));
        options.settings.push(("masks", "\"public.*.member_id\"", "\"token\"".into()));
        options.settings.push(("tokens", "scope", format!("\"{scope}\"")));
    })
}

#[test]
fn a_client_joins_and_groups_two_results_by_their_tokens() {
    let clinic = clinic("resource");
    let target = Target {
        port: clinic.gateway.port(),
        user: "ci-agent".into(),
        password: clinic.token(),
        database: Clinic::DATABASE.into(),
        authority: None,
        read_only: true,
    };
    let mut command = python("psycopg_tokens.py");
    target.set(&mut command);
    let joined: BTreeSet<String> = run(&mut command).unwrap().lines().map(str::to_owned).collect();
    let expected = clinic.value(
        "SELECT nth || ' ' || sum(amount) FROM insured JOIN billing USING (ssn) GROUP BY nth",
    );
    assert_eq!(joined, expected.lines().map(str::to_owned).collect());
    assert_eq!(joined.len(), 200);
}

#[test]
fn without_control_a_value_is_covered_and_later_has_the_token_that_it_had() {
    let clinic = clinic("resource");
    let mut agent = clinic.agent();
    let known = column(&mut agent, "SELECT ssn FROM seen");
    assert!(known.iter().all(|ssn| ssn.starts_with("tk_")), "{known:?}");

    let control = clinic.gateway.control().unwrap();
    assert!(freeze_process(control), "control goes on answering");
    let all = column(&mut agent, "SELECT ssn FROM patients");
    assert_eq!(all.len(), 200);
    let covered = all.iter().filter(|ssn| *ssn == "***********").count();
    assert_eq!((covered, all.len() - covered), (195, 5), "{all:?}");
    assert!(known.iter().all(|ssn| all.contains(ssn)));

    signal_process(control, Signal::KILL);
    let deadline = Instant::now() + Duration::from_secs(60);
    let mut later = loop {
        match Wire::session(clinic.gateway.port(), "ci-agent", Clinic::DATABASE, &clinic.token()) {
            Ok(agent) => break agent,
            Err(error) => assert!(Instant::now() < deadline, "control never returned: {error}"),
        }
        thread::sleep(Duration::from_millis(50));
    };
    let all = column(&mut later, "SELECT ssn FROM patients");
    assert!(all.iter().all(|ssn| ssn.starts_with("tk_")), "{all:?}");
    assert!(known.iter().all(|ssn| all.contains(ssn)), "control forgot what it gave out");
}

#[test]
fn tokens_of_a_grant_agree_within_its_session_and_with_no_other() {
    let clinic = clinic("grant");
    let [mut one, mut other] = [clinic.agent(), clinic.agent()];
    let first = column(&mut one, "SELECT ssn FROM seen");
    assert_eq!(first, column(&mut one, "SELECT ssn FROM seen"));
    let second = column(&mut other, "SELECT ssn FROM seen");
    assert!(second.iter().all(|ssn| ssn.starts_with("tk_") && !first.contains(ssn)));
}

#[test]
fn controls_store_holds_tokens_and_no_value() {
    let mut clinic = clinic("resource");
    let tokens = column(&mut clinic.agent(), "SELECT ssn FROM patients");
    clinic.gateway.drain();
    let mut store = Vec::new();
    for name in ["state.db", "state.db-wal"] {
        store.extend(std::fs::read(clinic.gateway.folder().join(name)).unwrap_or_default());
    }
    for token in tokens {
        assert!(contains(&store, token.strip_prefix("tk_").unwrap()), "{token} is not kept");
    }
    let values = clinic.value("SELECT ssn || E'\\n' || replace(ssn, '-', '') FROM patients");
    for value in values.lines() {
        assert!(!contains(&store, value), "a value is kept");
    }
}

fn column(agent: &mut Wire<std::net::TcpStream>, sql: &str) -> Vec<String> {
    let answer = agent.query(sql).unwrap();
    rows(&answer).into_iter().map(|row| row[0].clone().unwrap()).collect()
}
