//! The data plane as a process, with a control that the test plays.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod control;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

use lazaret_audit::RecordType;
use lazaret_link::{FromControl, FromDataplane, ListenerTls, RefusalReason, Secret};
use lazaret_policy::Grant;
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::ServerName;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use control::{Dataplane, Line};

const SILENT: u64 = 10_000;

const TOKEN: &str = "a-token-that-no-log-may-show";

/// PostgreSQL's start-up packet, protocol 3.0.
fn startup() -> Vec<u8> {
    let parameters = b"user\0agent\0database\0db\0\0";
    let length = 8 + u32::try_from(parameters.len()).unwrap();
    [&length.to_be_bytes()[..], &196_608u32.to_be_bytes(), parameters].concat()
}

fn password(token: &str) -> Vec<u8> {
    let length = 5 + u32::try_from(token.len()).unwrap();
    [b"p", &length.to_be_bytes()[..], token.as_bytes(), b"\0"].concat()
}

/// One message: its type and its body.
fn message(stream: &mut impl Read) -> (u8, Vec<u8>) {
    let mut header = [0; 5];
    stream.read_exact(&mut header).unwrap();
    let length = u32::from_be_bytes([header[1], header[2], header[3], header[4]]) as usize;
    let mut body = vec![0; length - 4];
    stream.read_exact(&mut body).unwrap();
    (header[0], body)
}

fn text(body: &[u8]) -> String {
    String::from_utf8_lossy(body).into_owned()
}

/// Logs in as far as the token.
fn present_token(stream: &mut (impl Read + Write)) {
    stream.write_all(&startup()).unwrap();
    assert_eq!(message(stream), (b'R', vec![0, 0, 0, 3]), "the token is asked for");
    stream.write_all(&password(TOKEN)).unwrap();
}

fn asked(line: &Line) -> u64 {
    match line.hear(|message| matches!(message, FromDataplane::Admit(_))) {
        FromDataplane::Admit(admission) => admission.request,
        _ => unreachable!("just matched"),
    }
}

fn grant() -> Grant {
    Grant {
        id: "00000000-0000-4000-8000-000000000001".to_owned(),
        principal: "agent".to_owned(),
        issuer: "https://issuer".to_owned(),
        groups: Vec::new(),
        resource: "warehouse".to_owned(),
        database: "db".to_owned(),
        expires_at_ms: u64::MAX / 2,
    }
}

fn closes(mut stream: impl Read) {
    // An end or a reset, but not a timeout.
    if let Err(error) = stream.read_to_end(&mut Vec::new()) {
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    }
}

#[test]
fn a_client_that_control_refuses_is_told_one_sentence() {
    let (dataplane, mut line) = Dataplane::start(|_| {});
    let mut client = dataplane.connect();
    present_token(&mut client);
    let request = asked(&line);
    line.say(&FromControl::Refused { request, reason: RefusalReason::Expired });
    let (kind, body) = message(&mut client);
    assert_eq!(kind, b'E');
    assert!(text(&body).contains("C28000"), "{}", text(&body));
    assert!(!text(&body).to_lowercase().contains("expired"));
    closes(client);
    assert!(dataplane.records().contains(&RecordType::SessionRefused));
}

#[test]
fn an_admitted_client_hears_that_the_upstream_is_not_there() {
    let (dataplane, mut line) = Dataplane::start(|_| {});
    let mut client = dataplane.connect();
    present_token(&mut client);
    let request = asked(&line);
    line.say(&FromControl::Admitted { request, grant: grant() });
    loop {
        let (kind, body) = message(&mut client);
        if kind == b'E' {
            assert!(text(&body).contains("SFATAL"), "{}", text(&body));
            break;
        }
    }
    closes(client);
    let ended = line.hear(|message| matches!(message, FromDataplane::SessionEnded { .. }));
    assert!(matches!(ended, FromDataplane::SessionEnded { grant: id } if id == grant().id));
}

#[test]
fn a_unix_socket_serves_too() {
    let (dataplane, line) = Dataplane::start(|settings| settings.allow_plaintext = false);
    let path = dataplane.settings.listen_unix.clone().unwrap();
    let mut client = UnixStream::connect(path).unwrap();
    present_token(&mut client);
    asked(&line);
}

#[test]
fn tls_is_spoken_when_asked_for_and_directly() {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = certificate.self_signed(&key).unwrap().pem();
    let tls = ListenerTls {
        certificate_chain: certificate.clone(),
        private_key: Secret::new(key.serialize_pem()),
    };
    let (dataplane, line) = Dataplane::start(|settings| {
        settings.tls = Some(tls);
        settings.allow_plaintext = false;
    });
    let mut roots = RootCertStore::empty();
    roots.add(PemObject::from_pem_slice(certificate.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let secured = |stream: TcpStream, config: &ClientConfig| {
        let name = ServerName::try_from("localhost").unwrap();
        let connection = ClientConnection::new(Arc::new(config.clone()), name).unwrap();
        StreamOwned::new(connection, stream)
    };

    let mut stream = dataplane.connect();
    stream.write_all(&[0, 0, 0, 8, 4, 210, 22, 47]).unwrap();
    let mut answer = [0];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"S");
    present_token(&mut secured(stream, &config));
    asked(&line);

    config.alpn_protocols = vec![b"postgresql".to_vec()];
    present_token(&mut secured(dataplane.connect(), &config));
    asked(&line);

    config.alpn_protocols = vec![];
    let mut without_alpn = secured(dataplane.connect(), &config);
    // It may be cut off before all of it is written.
    let _ = without_alpn.write_all(&startup());
    let mut answer = [0];
    assert!(!matches!(without_alpn.read(&mut answer), Ok(1) if answer != *b"E"));

    let mut in_the_clear = dataplane.connect();
    in_the_clear.write_all(&startup()).unwrap();
    assert_eq!(message(&mut in_the_clear).0, b'E');
}

#[test]
fn ten_thousand_silent_clients_hold_no_buffers_and_are_timed_out() {
    harness::raise_open_files().unwrap();
    let (dataplane, line) = Dataplane::start(|settings| settings.startup_timeout_ms = 15_000);
    let before = dataplane.resident_bytes();
    let silent: Vec<TcpStream> = (0..SILENT).map(|_| dataplane.connect()).collect();
    // The one behind them all is served, so they have all been accepted.
    let mut client = dataplane.connect();
    present_token(&mut client);
    asked(&line);
    let held = dataplane.resident_bytes().saturating_sub(before);
    assert!(held < SILENT * 8192, "{held} bytes for {SILENT} clients");
    for stream in silent {
        closes(stream);
    }
}

#[test]
fn a_client_that_sends_a_byte_at_a_time_does_not_outlive_the_startup_timeout() {
    let (dataplane, _line) = Dataplane::start(|settings| settings.startup_timeout_ms = 2_000);
    let mut client = dataplane.connect();
    client.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    let packet = startup();
    let (mut sent, mut ended) = (0, false);
    while !ended {
        if sent < packet.len() - 1 {
            sent += client.write(&packet[sent..=sent]).unwrap_or(0);
        }
        ended = match client.read(&mut [0; 512]) {
            Ok(0) => true,
            Ok(_) => false,
            Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
        };
    }
}

#[test]
fn sigterm_ends_sessions_finishes_the_log_and_exits_zero() {
    let (mut dataplane, line) = Dataplane::start(|_| {});
    let mut client = dataplane.connect();
    present_token(&mut client);
    asked(&line);
    dataplane.terminate();
    line.hear(|message| matches!(message, FromDataplane::SegmentDone { shard: 0, index: 0 }));
    line.hear(|message| matches!(message, FromDataplane::Drained));
    assert!(dataplane.wait().success(), "{}", dataplane.log());
    let records = dataplane.records();
    assert_eq!(records.first(), Some(&RecordType::Boot));
    assert_eq!(records.last(), Some(&RecordType::SegmentEnd));
    assert!(!dataplane.log().contains(TOKEN), "no payload is logged");
}

#[test]
fn a_rotation_leaves_no_hole_between_segments() {
    let (mut dataplane, mut line) = Dataplane::start(|_| {});
    for _ in 0..3 {
        line.say(&FromControl::Rotate);
        line.hear(|message| matches!(message, FromDataplane::SegmentDone { .. }));
        line.hear(|message| matches!(message, FromDataplane::SegmentWanted { .. }));
        dataplane.give_segment(&mut line);
    }
    line.say(&FromControl::Drain { within_ms: 0 });
    line.hear(|message| matches!(message, FromDataplane::Drained));
    let ends = dataplane.records().into_iter().filter(|kind| *kind == RecordType::SegmentEnd);
    assert_eq!(ends.count(), 4);
}

#[test]
fn without_control_logins_are_refused_and_with_it_again_they_go_on() {
    let (mut dataplane, line) = Dataplane::start(|_| {});
    dataplane.leave(line);
    while !dataplane.page("/metrics").contains("lazaret_control_connected{node=\"test\"} 0") {}
    let mut client = dataplane.connect();
    present_token(&mut client);
    assert_eq!(message(&mut client).0, b'E', "it is refused, not kept waiting");
    closes(client);
    let mut line = dataplane.come_back();
    let hello = line.hear(|message| matches!(message, FromDataplane::Hello { .. }));
    assert!(matches!(hello, FromDataplane::Hello { boot: Some(7), .. }));
    line.hear(|message| matches!(message, FromDataplane::Serving));
    dataplane.give_segments_again(&mut line);
    let mut client = dataplane.connect();
    present_token(&mut client);
    asked(&line);
    line.say(&FromControl::Drain { within_ms: 0 });
    assert!(dataplane.wait().success());
    let log = dataplane.log();
    assert_eq!(log.matches("control is gone").count(), 1, "{log}");
    assert!(!log.contains("ERROR"), "what came twice is passed over: {log}");
}

#[test]
fn a_control_that_says_nothing_is_not_waited_for_long() {
    let (dataplane, line) = Dataplane::start(|_| {});
    let mut client = dataplane.connect();
    present_token(&mut client);
    asked(&line);
    assert_eq!(message(&mut client).0, b'E');
    closes(client);
}

#[test]
fn sessions_end_when_the_lease_runs_out() {
    let upstream = TcpListener::bind("127.0.0.1:0").unwrap();
    let (dataplane, mut line) = Dataplane::start(|settings| {
        settings.upstream = upstream.local_addr().unwrap().to_string();
        settings.lease_ms = 1_500;
    });
    line.say(&FromControl::Lease { snapshot_version: 1 });
    let mut client = dataplane.connect();
    present_token(&mut client);
    let request = asked(&line);
    line.say(&FromControl::Admitted { request, grant: grant() });
    let _silent = upstream.accept().unwrap();
    // No lease comes any more.
    while message(&mut client).0 != b'E' {}
    closes(client);
}

#[test]
fn health_and_metrics_are_served() {
    let (dataplane, _line) = Dataplane::start(|_| {});
    assert!(dataplane.page("/healthz").starts_with("HTTP/1.1 200"));
    let metrics = dataplane.page("/metrics");
    assert!(metrics.contains("lazaret_control_connected{node=\"test\"} 1"), "{metrics}");
    assert!(dataplane.page("/else").starts_with("HTTP/1.1 404"));
}

#[test]
fn a_port_that_is_taken_is_named_with_the_mend() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let mut dataplane = Dataplane::launch(|settings| settings.listen = vec![address]);
    let mut line = dataplane.answer();
    dataplane.provide(&mut line);
    assert_eq!(dataplane.wait().code(), Some(1));
    assert!(dataplane.log().contains(&format!("can't listen on {address}: it is in use")));
}
