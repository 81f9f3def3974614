//! PostgreSQL's versions and its ways to ask who one is: through the gateway each starts up, answers both protocols,
//! copies in and out, and cancels.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod support;

use std::net::TcpStream;

use harness::wire::{
    self, Wire, bind, cancel_request, describe, execute, first_error, frame, parse, rows, sync,
};
use harness::{Authentication, Gateway, GatewayOptions, Installation, Postgres, PostgresOptions};

/// The whole round on one server. The service's password goes over TLS, and the server is verified.
fn round(major: u32, authentication: Authentication, tls: bool) {
    let postgres = Postgres::start(&PostgresOptions {
        installation: Some(Installation::embedded(major).unwrap()),
        authentication,
        tls,
        settings: match authentication {
            // Which form of the password is stored decides which method works.
            Authentication::Md5 => vec![("password_encryption", "md5".into())],
            _ => Vec::new(),
        },
        ..PostgresOptions::default()
    })
    .unwrap();
    let gateway = Gateway::start(&GatewayOptions {
        upstream: postgres.url("postgres"),
        preset: Some("transparent"),
        settings: vec![("listen", "allow_plaintext", "true".into())],
        ..GatewayOptions::default()
    })
    .unwrap();
    let token = gateway.token("ci-agent", "agents").unwrap();
    let mut wire = Wire::session(gateway.port(), "ci-agent", "postgres", &token).unwrap();

    let version = rows(&wire.query("SHOW server_version_num").unwrap());
    assert!(version[0][0].as_ref().unwrap().starts_with(&major.to_string()));
    extended(&mut wire);
    copied(&mut wire);
    cancelled(&mut wire, gateway.port());
    let error = wire.query("SELECT 1 / 0").unwrap();
    assert_eq!(first_error(&error).unwrap().field(b'C').unwrap(), "22012");
    assert_eq!(rows(&wire.query("SELECT 'still here'").unwrap()).len(), 1);
}

fn extended(wire: &mut Wire<TcpStream>) {
    let pipeline = [
        parse("s", "SELECT n, n::text FROM generate_series(1, $1::int) AS n"),
        describe(b'S', "s"),
        bind("p", "s", &["5"], 1),
        execute("p", 2),
        execute("p", 0),
        sync(),
        bind("", "s", &["3"], 0),
        execute("", 0),
        wire::close(b'S', "s"),
        sync(),
    ];
    wire.send_bytes(&pipeline.concat()).unwrap();
    let first = wire.until_ready().unwrap();
    let cells = first.iter().filter(|message| message.kind == b'D').map(wire::Message::cells);
    let numbers: Vec<_> = cells.map(|cells| cells[0].clone().unwrap()).collect();
    assert_eq!(numbers, (1..=5_i32).map(|n| n.to_be_bytes().to_vec()).collect::<Vec<_>>());
    assert!(first.iter().any(|message| message.kind == b's'), "a portal was suspended");
    assert_eq!(rows(&wire.until_ready().unwrap()).len(), 3);
}

fn copied(wire: &mut Wire<TcpStream>) {
    wire.query("CREATE TABLE parts (part_id int, label text)").unwrap();
    wire.send(b'Q', &wire::text("COPY parts FROM STDIN")).unwrap();
    wire.until(b'G').unwrap();
    for part in 0..1000 {
        wire.send_bytes(&frame(b'd', format!("{part}\tpart {part}\n").as_bytes())).unwrap();
    }
    wire.send(b'c', &[]).unwrap();
    assert_eq!(first_error(&wire.until_ready().unwrap()), None);
    let out = wire.query("COPY parts TO STDOUT (FORMAT csv)").unwrap();
    let lines = out.iter().filter(|message| message.kind == b'd').count();
    assert_eq!(lines, 1000);
}

fn cancelled(wire: &mut Wire<TcpStream>, port: u16) {
    wire.send(b'Q', &wire::text("SELECT pg_sleep(600)")).unwrap();
    let request = cancel_request(&wire.cancel_key);
    let answer = loop {
        // A request that comes before the sleep has begun cancels nothing.
        let mut canceller = Wire::connect(port).unwrap();
        canceller.send_bytes(&request).unwrap();
        canceller.to_end().unwrap();
        wire.stream().set_read_timeout(Some(std::time::Duration::from_secs(2))).unwrap();
        if let Ok(answer) = wire.until_ready() {
            break answer;
        }
    };
    wire.stream().set_read_timeout(Some(std::time::Duration::from_secs(120))).unwrap();
    let code = first_error(&answer).and_then(|error| error.field(b'C'));
    assert_eq!(code.as_deref(), Some("57014"));
}

#[test]
fn version_12_with_scram() {
    round(12, Authentication::ScramSha256, true);
}

#[test]
fn version_12_with_md5() {
    round(12, Authentication::Md5, false);
}

#[test]
fn version_12_with_a_cleartext_password_over_tls() {
    round(12, Authentication::Password, true);
}

#[test]
fn version_18_with_scram() {
    round(18, Authentication::ScramSha256, true);
}

#[test]
fn version_18_with_scram_in_plaintext() {
    round(18, Authentication::ScramSha256, false);
}

#[test]
fn version_18_with_md5() {
    round(18, Authentication::Md5, true);
}

#[test]
fn version_18_with_a_cleartext_password_over_tls() {
    round(18, Authentication::Password, true);
}

#[test]
#[ignore = "outer suite"]
fn version_14() {
    round(14, Authentication::ScramSha256, true);
}

#[test]
#[ignore = "outer suite"]
fn version_16() {
    round(16, Authentication::ScramSha256, true);
}

#[test]
#[ignore = "outer suite"]
fn version_17() {
    round(17, Authentication::ScramSha256, true);
}
