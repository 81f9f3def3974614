//! PostgreSQL's own regression suite through a gateway that masks, with a listener on either side of it.
//!
//! What the server answered and what the client saw are of the same statement in the same session, so no
//! run has to be like another: each message is compared with the one that it came from. What isn't accepted by a rule
//! is either on the list of known differences, with its reason, or fails the step; so does a line of the list that
//! nothing is like any more.

mod compare;
mod forms;
mod known;
mod leaks;
mod session;
mod tap;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use harness::wire::{self, Wire, first_error};
use harness::{Gateway, GatewayOptions, Postgres};

use super::course::{Course, Route};
use super::step::Count;
use crate::error::TaskError;
use crate::setup;
use crate::terminal::shown;
use compare::{Comparison, Difference, Tally};
use session::Session;
use tap::Tap;

/// A session waits for the catalog after each change of the schema, and the suite makes thousands.
const LIMIT: Duration = Duration::from_secs(60 * 60);

const KNOWN: &str = include_str!("../../data/masked-differences.txt");

/// Beside what `lazaret init` writes, which permits reading: else the suite would find no table to read.
const EVERYTHING: &str = "@id(\"suite\")\n@infer(\"*\")\npermit (principal, action, resource);\n";

pub(super) fn run() -> Result<Count, TaskError> {
    let suite = setup::regression_suite()?;
    let course = Course::prepare(&suite)?;
    course.create_database()?;
    let server_side = Tap::before(course.postgres.port()).map_err(TaskError::io("listening"))?;
    let mut gateway = Gateway::start(&GatewayOptions {
        upstream: upstream(server_side.port()),
        settings: vec![("listen", "allow_plaintext", "true".into())],
        policy: Some(EVERYTHING.into()),
        ..GatewayOptions::default()
    })?;
    let client_side = Tap::before(gateway.port()).map_err(TaskError::io("listening"))?;
    let password = &gateway.token_with("suite", "agents", &["--ttl", "2h"])?;
    let route = Route { port: client_side.port(), password, has_database: true, limit: LIMIT };
    course.run(&route)?;
    gateway.drain();

    let mut tally = Tally::default();
    let sessions = by_test(&client_side.sessions(), &server_side.sessions())?;
    let mut differences = compared(&sessions, &mut tally);
    differences.extend(misread(&course.postgres, &tally.unreadable)?);
    differences.extend(tally.plain.findings()?);
    shown(&format!(
        "{} statements of {} tests, {} of them refused; {} cells, {} of them masked",
        tally.statements,
        sessions.len(),
        tally.refused,
        tally.cells,
        tally.masked
    ));
    verdict(&sessions, &differences)
}

fn upstream(port: u16) -> String {
    let (user, password, database) = (Postgres::SUPERUSER, Postgres::PASSWORD, Course::DATABASE);
    format!("postgres://{user}:{password}@localhost:{port}/{database}?sslmode=disable")
}

/// Of one test: what its client saw and what the server saw, in the order in which the sessions were opened.
type Sessions = BTreeMap<String, (Vec<Session>, Vec<Session>)>;

/// The suite names its test in `application_name`, and the gateway passes it on behind the principal.
fn by_test(client_side: &[Session], server_side: &[Session]) -> Result<Sessions, TaskError> {
    let test = |session: &Session| {
        let name = session.parameter("application_name")?;
        name.split_once("pg_regress/").map(|(_, test)| test.to_owned())
    };
    let mut sessions = Sessions::new();
    for session in client_side {
        if let Some(test) = test(session) {
            sessions.entry(test).or_default().0.push(session.clone());
        }
    }
    for session in server_side {
        if let Some(test) = test(session) {
            sessions.entry(test).or_default().1.push(session.clone());
        }
    }
    match sessions.is_empty() {
        true => Err(TaskError::Unexpected("no test opened a session".into())),
        false => Ok(sessions),
    }
}

fn compared(sessions: &Sessions, tally: &mut Tally) -> Vec<Difference> {
    let mut differences = Vec::new();
    for (test, (clients, servers)) in sessions {
        // A session that is not admitted has no other side.
        let admitted = clients.iter().filter(|client| !client.told(b'Z').is_empty());
        let admitted: Vec<&Session> = admitted.collect();
        if admitted.len() != servers.len() {
            differences.push(Difference {
                test: test.clone(),
                statement: String::new(),
                sort: "sessions",
                detail: format!("{} at the server, {} seen", servers.len(), admitted.len()),
            });
            continue;
        }
        for (client, server) in admitted.into_iter().zip(servers) {
            differences.extend(Comparison::of(test, client, server, tally));
        }
    }
    differences
}

/// Statements refused as syntax errors that are none to the server. It is asked to parse them and no more.
fn misread(postgres: &Postgres, texts: &[(String, String)]) -> Result<Vec<Difference>, TaskError> {
    let asked = || -> std::io::Result<Vec<Difference>> {
        let port = postgres.port();
        let (user, password) = (Postgres::SUPERUSER, Postgres::PASSWORD);
        let mut wire = Wire::session(port, user, Course::DATABASE, password)?;
        let mut differences = Vec::new();
        for (test, text) in texts {
            wire.send_bytes(&[wire::parse("", text), wire::sync()].concat())?;
            let answer = wire.until_ready()?;
            let code = first_error(&answer).and_then(|error| error.field(b'C'));
            if code.as_deref() != Some("42601") {
                differences.push(Difference {
                    test: test.clone(),
                    statement: text.split_whitespace().collect::<Vec<_>>().join(" "),
                    sort: "syntax",
                    detail: "it is none to the server".into(),
                });
            }
        }
        Ok(differences)
    };
    asked().map_err(TaskError::io("asking the server to parse"))
}

/// A test passes whose differences are all known; a line of the list that covers none fails.
fn verdict(sessions: &Sessions, differences: &[Difference]) -> Result<Count, TaskError> {
    let known = known::read(KNOWN)?;
    let is_new = |of: &&Difference| !known.iter().any(|line| line.covers(of));
    let mut failed = BTreeSet::new();
    for Difference { test, statement, sort, detail } in differences.iter().filter(is_new) {
        println!("  {test} | {sort} | {statement}\n      {detail}");
        failed.insert(test);
    }
    let mut idle = 0;
    for line in known.iter().filter(|line| !differences.iter().any(|of| line.covers(of))) {
        println!("  no longer: {} | {} | {}", line.test, line.sort, line.statement);
        idle += 1;
    }
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let passed = number(sessions.len() - failed.len());
    Ok(Count { passed, failed: number(failed.len()) + idle, skipped: 0 })
}
