//! Clients that mean harm, or are broken: they get an error or are cut off, memory stays bounded, and nobody else
//! notices.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod support;

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use harness::wire::{self, frame, rows};
use harness::{raise_open_files, usage_of};
use support::Clinic;

const MIB: u64 = 1 << 20;

/// A gateway that loses patience soon.
fn clinic() -> &'static Clinic {
    static CLINIC: OnceLock<Clinic> = OnceLock::new();
    CLINIC.get_or_init(|| {
        raise_open_files().unwrap();
        Clinic::start(|options| {
            options.settings.push(("limits", "startup_timeout_ms", "2000".into()));
        })
    })
}

fn memory_bytes() -> u64 {
    usage_of(clinic().gateway.dataplane().expect("the data plane is alive")).memory_bytes
}

/// An ordinary agent is served, as ever.
fn others_are_served() {
    let answer = clinic().agent().query("SELECT count(*) FROM patients").unwrap();
    assert_eq!(rows(&answer), [[Some("200".to_string())]]);
}

/// The stream ends before long, whatever comes before.
fn is_cut_off(mut stream: &TcpStream) {
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let mut sink = [0; 4096];
    loop {
        match stream.read(&mut sink) {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return,
            Err(error) => panic!("the connection was left open: {error}"),
        }
    }
}

/// xorshift64*, from a fixed seed.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.next().to_le_bytes()[7]).collect()
    }
}

#[test]
fn random_bytes_instead_of_a_start_up_are_cut_off() {
    let mut noise = Noise(1);
    for length in [1, 4, 7, 8, 9, 64, 1000, 10_000] {
        for _ in 0..5 {
            let mut stream =
                TcpStream::connect((Ipv4Addr::LOCALHOST, clinic().gateway.port())).unwrap();
            let _ = stream.write_all(&noise.bytes(length));
            is_cut_off(&stream);
        }
    }
    others_are_served();
}

#[test]
fn random_bytes_in_a_running_session_are_cut_off() {
    let mut noise = Noise(2);
    for length in [5, 100, 10_000] {
        for _ in 0..5 {
            let agent = clinic().agent();
            let mut stream = agent.stream();
            let _ = stream.write_all(&noise.bytes(length));
            let _ = stream.shutdown(std::net::Shutdown::Write);
            is_cut_off(stream);
        }
    }
    others_are_served();
}

#[test]
fn random_bodies_in_well_formed_messages_never_hang_a_session() {
    let mut noise = Noise(3);
    for kind in b"QPBDECSHXFpdcf" {
        for length in [0, 1, 5, 300] {
            let mut agent = clinic().agent();
            let body = noise.bytes(length);
            let _ = agent.send_bytes(&[frame(*kind, &body), wire::sync()].concat());
            let _ = agent.stream().shutdown(std::net::Shutdown::Write);
            is_cut_off(agent.stream());
        }
    }
    others_are_served();
}

#[test]
fn a_message_that_says_it_is_a_gigabyte_long_is_refused_and_not_waited_for() {
    let before = memory_bytes();
    let mut agent = clinic().agent();
    agent.send_bytes(&[b"Q".as_slice(), &(1_u32 << 30).to_be_bytes(), b"SELECT"].concat()).unwrap();
    let answer = agent.message();
    assert!(answer.is_err() || answer.is_ok_and(|message| message.kind == b'E'));
    assert!(memory_bytes() < before + 64 * MIB);
    others_are_served();
}

#[test]
fn lengths_that_cannot_be_are_refused() {
    for length in [0_u32, 3, 0x8000_0000, u32::MAX] {
        let mut agent = clinic().agent();
        agent.send_bytes(&[b"Q".as_slice(), &length.to_be_bytes()].concat()).unwrap();
        is_cut_off(agent.stream());
    }
    others_are_served();
}

#[test]
fn every_truncation_of_a_start_up_is_given_up_on() {
    let whole = wire::startup(&[("user", "ci-agent"), ("database", Clinic::DATABASE)]);
    let streams: Vec<TcpStream> = (0..whole.len())
        .map(|length| {
            let address = (Ipv4Addr::LOCALHOST, clinic().gateway.port());
            let mut stream = TcpStream::connect(address).unwrap();
            stream.write_all(&whole[..length]).unwrap();
            stream
        })
        .collect();
    streams.iter().for_each(is_cut_off);
    others_are_served();
}

#[test]
fn a_wrong_token_is_refused_and_says_nothing_about_why() {
    for token in ["", "x", "a.b.c", &"y".repeat(20_000)] {
        let port = clinic().gateway.port();
        let refused = wire::Wire::session(port, "ci-agent", Clinic::DATABASE, token).unwrap_err();
        assert!(refused.to_string().starts_with("28"), "{refused}");
    }
}

#[test]
fn two_thousand_silent_connections_cost_little_and_are_given_up_on() {
    silent(2_000);
}

#[test]
#[ignore = "outer suite"]
fn ten_thousand_silent_connections_cost_little_and_are_given_up_on() {
    silent(10_000);
}

fn silent(count: usize) {
    let before = memory_bytes();
    let address = (Ipv4Addr::LOCALHOST, clinic().gateway.port());
    let streams: Vec<TcpStream> =
        (0..count).map(|_| TcpStream::connect(address).unwrap()).collect();
    others_are_served();
    let each = memory_bytes().saturating_sub(before) / count as u64;
    assert!(each < 32 << 10, "{each} bytes for a connection that says nothing");
    streams.iter().for_each(is_cut_off);
    others_are_served();
}

#[test]
fn a_client_that_stops_reading_a_huge_result_holds_up_nobody_and_costs_little() {
    others_are_served();
    let before = memory_bytes();
    let mut greedy = clinic().agent();
    let sql = "SELECT n.* FROM notes n, generate_series(1, 100000)";
    greedy.send(b'Q', &wire::text(sql)).unwrap();
    greedy.message().unwrap();
    let deadline = Instant::now() + Duration::from_secs(3);
    let mut served = 0;
    while served < 20 || Instant::now() < deadline {
        others_are_served();
        served += 1;
        let grown = memory_bytes().saturating_sub(before);
        assert!(grown < 64 * MIB, "{grown} bytes for a client that does not read");
    }
}

#[test]
fn a_client_that_never_ends_its_statement_costs_no_more_than_the_limit() {
    let before = memory_bytes();
    let mut agent = clinic().agent();
    let piece = vec![b'x'; 1 << 20];
    agent.send_bytes(&[b"Q".as_slice(), &(256_u32 << 20).to_be_bytes()].concat()).unwrap();
    for _ in 0..200 {
        if agent.send_bytes(&piece).is_err() {
            break;
        }
        assert!(memory_bytes() < before + 64 * MIB);
    }
    others_are_served();
}

#[test]
fn plaintext_is_refused_where_it_is_not_configured() {
    let strict = Clinic::start(|options| options.settings.clear());
    let token = strict.token();
    let refused = wire::Wire::session(strict.gateway.port(), "ci-agent", Clinic::DATABASE, &token)
        .unwrap_err();
    assert!(refused.to_string().to_lowercase().contains("tls"), "{refused}");
}
