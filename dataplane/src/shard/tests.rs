//! The loop under machines that are simpler than any protocol: what they see on real sockets.

mod machines;

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use lazaret_audit::{Identity, RecordType, SegmentImage, SegmentReader, prepare};
use lazaret_link::{Durability, Secret, UpstreamTls, UpstreamTlsMode};
use lazaret_policy::{Preset, Snapshot};
use tempfile::TempDir;

use super::accept::Listener;
use super::letters::{FilesInbox, ToShard, files_post, shard_post};
use super::*;
use crate::metrics::Report;
use machines::{echo, panicking, pump};

/// Patience with a loaded machine; nothing is measured by it.
const PATIENCE: Duration = Duration::from_secs(60);

struct Setup {
    settings: Settings,
    accept: Accept,
    shards: u16,
    segment_bytes: u64,
}

/// Shards that run in threads of this test.
struct Running {
    address: SocketAddr,
    posts: Arc<[ShardPost]>,
    files: FilesInbox,
    threads: Vec<JoinHandle<Result<(), ShardError>>>,
    folder: TempDir,
}

impl Setup {
    fn new(accept: Accept) -> Self {
        let settings = Settings {
            node: "test".to_owned(),
            boot: 1,
            shards: 1,
            durability: Durability::Process,
            listen: Vec::new(),
            listen_unix: None,
            metrics_listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            tls: None,
            allow_plaintext: true,
            resource: "r".to_owned(),
            upstream: "127.0.0.1:1".to_owned(),
            upstream_host_name: "localhost".to_owned(),
            upstream_user: "u".to_owned(),
            upstream_password: None,
            upstream_tls: UpstreamTls { mode: UpstreamTlsMode::Disable, root_certificates: None },
            databases: Vec::new(),
            pass_user: false,
            startup_timeout_ms: 60_000,
            idle_timeout_ms: 60_000,
            max_sessions: 100,
            lease_ms: 600_000,
            commitment_key: Secret::new("00".repeat(32)),
            tokens: lazaret_link::Tokens {
                key_path: "/none".into(),
                key: None,
                scope: lazaret_link::TokenScope::Resource,
                date_shift_days: 30,
            },
            site: Default::default(),
        };
        Self { settings, accept, shards: 1, segment_bytes: 4 << 20 }
    }

    fn start(self) -> Running {
        let folder = TempDir::new().unwrap();
        let settings = Arc::new(self.settings);
        let listener = Listener::tcp(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let address = listener.local_address().unwrap();
        let mut listeners = vec![listener];
        let pack = Pack::load(None).unwrap();
        let loads: Arc<[AtomicU32]> = (0..self.shards).map(|_| AtomicU32::new(0)).collect();
        let (files, inbox) = files_post();
        let ends: Vec<_> = (0..self.shards).map(|_| shard_post().unwrap()).collect();
        let (posts, inboxes): (Vec<_>, Vec<_>) = ends.into_iter().unzip();
        let peers: Arc<[ShardPost]> = posts.into();
        let threads = (0..).zip(inboxes).map(|(index, inbox)| {
            let start = Start {
                index,
                settings: Arc::clone(&settings),
                tls: Tls { server: None, client: None, name: None },
                engine: Engine::compile(Arc::new(snapshot())).unwrap(),
                pack: Arc::clone(&pack),
                first_segment: segment(folder.path(), index, 0, self.segment_bytes),
                inbox,
                files: files.clone(),
                peers: Arc::clone(&peers),
                loads: Arc::clone(&loads),
                listeners: std::mem::take(&mut listeners),
                accept: self.accept,
            };
            std::thread::spawn(move || Shard::start(start)?.run())
        });
        let threads = threads.collect();
        Running { address, posts: peers, files: inbox, threads, folder }
    }
}

impl Running {
    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// The first report of the first shard that is as wanted.
    fn report(&self, wanted: impl Fn(&Report) -> bool) -> Report {
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            if let ToFiles::Shard { shard: 0, letter: Letter::Report(report) } =
                self.files.next_blocking()
                && wanted(&report)
            {
                return *report;
            }
        }
        panic!("no such report came");
    }

    /// Drains, and checks that the evidence has no hole. What kinds of records there are.
    fn end(self) -> Vec<RecordType> {
        for post in &*self.posts {
            assert!(post.send(ToShard::Drain { within_ms: 0 }).is_ok());
        }
        for thread in self.threads {
            thread.join().unwrap().unwrap();
        }
        let shards = 0..u16::try_from(self.posts.len()).unwrap();
        let path = |shard| segment_path(self.folder.path(), shard, 0);
        shards.flat_map(|shard| records(&path(shard))).collect()
    }
}

fn snapshot() -> Snapshot {
    Snapshot {
        version: 1,
        hash: "00".to_owned(),
        resource: "r".to_owned(),
        preset: Preset::Transparent,
        masks: Default::default(),
        policies: Default::default(),
        declared: Vec::new(),
        catalogs: Default::default(),
    }
}

fn segment_path(folder: &Path, shard: u16, index: u64) -> PathBuf {
    folder.join(format!("{shard}-{index}.seg"))
}

fn segment(folder: &Path, shard: u16, index: u64, bytes: u64) -> BlankSegment {
    let path = segment_path(folder, shard, index);
    let identity = Identity { node: "test".to_owned(), boot: 1, shard, index };
    prepare(&path, &identity, bytes).unwrap();
    BlankSegment::open(&path).unwrap()
}

fn records(path: &Path) -> Vec<RecordType> {
    let mut image = SegmentImage::default();
    image.load(path).unwrap();
    let mut types = Vec::new();
    for record in SegmentReader::new(&image).unwrap() {
        let record = record.unwrap();
        assert_eq!(record.header.sequence, types.len() as u64, "a hole in the sequence");
        types.push(record.header.record_type);
    }
    types
}

/// Bytes that differ from place to place.
fn noise(count: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1du64;
    let next = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[0]
    };
    (0..count).map(next).collect()
}

/// An upstream that says `bytes` to each connection, then listens until its end.
fn speaker(bytes: Vec<u8>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, bytes) = (stream.unwrap(), bytes.clone());
            std::thread::spawn(move || {
                // Who breaks off is what some tests are about.
                let _ = stream.write_all(&bytes);
                let _ = stream.read_to_end(&mut Vec::new());
            });
        }
    });
    address
}

#[test]
fn what_a_client_sends_comes_back_and_the_end_is_recorded() {
    let running = Setup::new(echo).start();
    let said = noise(3 << 20);
    let mut client = running.connect();
    let mut writer = client.try_clone().unwrap();
    let copy = said.clone();
    let writing = std::thread::spawn(move || {
        writer.write_all(&copy).unwrap();
        writer.shutdown(Shutdown::Write).unwrap();
    });
    let mut heard = Vec::new();
    client.read_to_end(&mut heard).unwrap();
    writing.join().unwrap();
    assert!(heard == said);
    let records = running.end();
    assert_eq!(records.first(), Some(&RecordType::Boot));
    assert!(records.contains(&RecordType::Heartbeat));
    assert_eq!(records.last(), Some(&RecordType::SegmentEnd));
}

#[test]
fn bytes_pass_between_client_and_upstream_in_both_directions() {
    let mut setup = Setup::new(pump);
    let said = noise(5 << 20);
    setup.settings.upstream = speaker(said.clone()).to_string();
    let running = setup.start();
    for _ in 0..3 {
        let mut client = running.connect();
        client.write_all(b"go").unwrap();
        let mut heard = vec![0; said.len()];
        client.read_exact(&mut heard).unwrap();
        assert!(heard == said);
    }
    running.end();
}

#[test]
fn an_upstream_is_not_read_while_the_client_reads_nothing() {
    let mut setup = Setup::new(pump);
    setup.settings.upstream = speaker(vec![1; 200 << 20]).to_string();
    let running = setup.start();
    let mut client = running.connect();
    client.write_all(b"go").unwrap();
    let received = |report: &Report| report.traffic.upstream_received_bytes;
    let mut before = received(&running.report(|report| received(report) > 0));
    loop {
        let now = received(&running.report(|_| true));
        if now == before {
            break;
        }
        before = now;
    }
    // What the kernel's socket buffers hold on loopback, beside our own.
    assert!(before < 32 << 20, "{before} bytes were taken in for a client that reads nothing");
    drop(client);
    running.end();
}

#[test]
fn a_client_that_stops_reading_is_cut_off() {
    let mut setup = Setup::new(pump);
    setup.settings.upstream = speaker(vec![1; 200 << 20]).to_string();
    setup.settings.idle_timeout_ms = 1_000;
    let running = setup.start();
    let mut client = running.connect();
    client.write_all(b"go").unwrap();
    running.report(|report| report.traffic.stalled == 1);
    running.report(|report| report.sessions == 0);
    running.end();
}

#[test]
fn a_panic_ends_its_own_session_alone() {
    let running = Setup::new(panicking).start();
    let mut witness = running.connect();
    witness.write_all(b"hello").unwrap();
    let mut heard = [0; 5];
    witness.read_exact(&mut heard).unwrap();
    let mut victim = running.connect();
    victim.write_all(b"panic").unwrap();
    let mut rest = Vec::new();
    // A reset or an end: either is one.
    let _ = victim.read_to_end(&mut rest);
    assert!(rest.is_empty());
    witness.write_all(b"again").unwrap();
    witness.read_exact(&mut heard).unwrap();
    assert_eq!(&heard, b"again");
    assert_eq!(running.report(|report| report.traffic.panics > 0).traffic.panics, 1);
    drop(witness);
    assert!(running.end().contains(&RecordType::SessionEnd));
}

#[test]
fn one_client_too_many_is_told_so() {
    let mut setup = Setup::new(echo);
    setup.settings.max_sessions = 2;
    let running = setup.start();
    let kept: Vec<TcpStream> = (0..2)
        .map(|_| {
            let mut client = running.connect();
            client.write_all(b"x").unwrap();
            client.read_exact(&mut [0]).unwrap();
            client
        })
        .collect();
    let mut client = running.connect();
    client.write_all(&[0, 0, 0, 8, 4, 210, 22, 47]).unwrap();
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).unwrap();
    assert_eq!(answer.first(), Some(&b'E'));
    assert!(answer.windows(6).any(|window| window == b"C53300"));
    drop((kept, client));
    running.report(|report| report.sessions == 0);
    let mut client = running.connect();
    client.write_all(b"x").unwrap();
    client.read_exact(&mut [0]).unwrap();
    drop(client);
    running.end();
}

#[test]
fn sessions_are_spread_over_the_shards() {
    let mut setup = Setup::new(echo);
    setup.shards = 2;
    let running = setup.start();
    let clients: Vec<TcpStream> = (0..10)
        .map(|_| {
            let mut client = running.connect();
            client.write_all(b"x").unwrap();
            client.read_exact(&mut [0]).unwrap();
            client
        })
        .collect();
    running.report(|report| report.sessions == 5);
    drop(clients);
    running.end();
}

#[test]
fn an_upstream_that_is_not_there_is_reported_with_its_address() {
    let running = Setup::new(pump).start();
    let mut client = running.connect();
    client.write_all(b"go").unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert!(answer.contains("127.0.0.1:1 can't be reached: Connection refused"), "{answer}");
    running.end();
}

#[test]
fn at_level_power_what_depends_on_a_record_leaves_all_the_same() {
    let mut setup = Setup::new(machines::recording_echo);
    setup.settings.durability = Durability::Power;
    let running = setup.start();
    let mut client = running.connect();
    for round in 0..20u8 {
        client.write_all(&[round; 100]).unwrap();
        let mut heard = [0; 100];
        client.read_exact(&mut heard).unwrap();
        assert_eq!(heard, [round; 100]);
    }
    drop(client);
    let chunks = running.end().into_iter().filter(|kind| *kind == RecordType::Chunk).count();
    assert!(chunks >= 20);
}

#[test]
fn upstreams_are_not_read_while_the_last_segment_runs_out() {
    let mut setup = Setup::new(pump);
    setup.settings.upstream = speaker(b"at last".to_vec()).to_string();
    setup.segment_bytes = 256 << 10;
    let running = setup.start();
    let mut client = running.connect();
    client.write_all(b"go").unwrap();
    running.report(|report| report.traffic.upstream_sent_bytes == 2);
    let report = running.report(|_| true);
    assert_eq!(report.traffic.upstream_received_bytes, 0);
    let more = segment(running.folder.path(), 0, 1, 256 << 10);
    assert!(running.posts[0].send(ToShard::Segment(more)).is_ok());
    let mut heard = [0; 7];
    client.read_exact(&mut heard).unwrap();
    assert_eq!(&heard, b"at last");
    drop(client);
    running.end();
}

#[test]
fn a_cancel_request_finds_its_session_on_whichever_shard_and_its_end_is_told() {
    let mut setup = Setup::new(machines::keys);
    setup.shards = 2;
    let running = setup.start();
    let mut held: Vec<(TcpStream, [u8; 36])> = Vec::new();
    for _ in 0..2 {
        let mut client = running.connect();
        client.write_all(b"?").unwrap();
        let mut key = [0; 36];
        client.read_exact(&mut key).unwrap();
        held.push((client, key));
    }
    let route = |key: &[u8; 36]| {
        let mut caller = running.connect();
        caller.write_all(key).unwrap();
        let mut answer = [0; 5];
        caller.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"ended");
    };
    for (mut client, key) in held {
        let mut wrong = key;
        wrong[35] ^= 1;
        route(&wrong);
        route(&key);
        let mut answer = [0; 9];
        client.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"cancelled");
        client.shutdown(Shutdown::Write).unwrap();
        let mut rest = Vec::new();
        client.read_to_end(&mut rest).unwrap();
        assert_eq!(rest, b"", "one cancellation, not two");
    }
    let cancels = running.end().into_iter().filter(|kind| *kind == RecordType::Cancel).count();
    assert_eq!(cancels, 4);
}
