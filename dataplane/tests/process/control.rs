//! A data plane as a process, and a control that is played by the test.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use harness::free_port;
use lazaret_audit::{
    Identity, RecordType, SegmentImage, SegmentReader, prepare, segment_file_name,
};
use lazaret_link::{
    Durability, FromControl, FromDataplane, Secret, SegmentFile, Settings, UpstreamTls,
    UpstreamTlsMode, decode, encode,
};
use lazaret_policy::{Preset, Snapshot};
use tempfile::TempDir;

/// Patience with a loaded machine; nothing is measured by it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

const SEGMENT_BYTES: u64 = 1 << 20;

/// The process, its folder, and what it said to control.
pub(crate) struct Dataplane {
    pub(crate) folder: TempDir,
    pub(crate) settings: Settings,
    child: Child,
    /// Absent while control is.
    listener: Option<UnixListener>,
    next_segment: u64,
    given: Vec<SegmentFile>,
}

/// One connection between the data plane and control.
pub(crate) struct Line {
    stream: UnixStream,
    heard: Receiver<FromDataplane>,
}

pub(crate) fn settings(folder: &Path) -> Settings {
    let address = || SocketAddr::from(([127, 0, 0, 1], free_port().unwrap()));
    Settings {
        node: "test".to_owned(),
        boot: 7,
        shards: 1,
        durability: Durability::Process,
        listen: vec![address()],
        listen_unix: Some(folder.join(".s.PGSQL.7432")),
        metrics_listen: address(),
        tls: None,
        allow_plaintext: true,
        resource: "warehouse".to_owned(),
        upstream: "127.0.0.1:1".to_owned(),
        upstream_host_name: "localhost".to_owned(),
        upstream_user: "service".to_owned(),
        upstream_password: None,
        upstream_tls: UpstreamTls { mode: UpstreamTlsMode::Disable, root_certificates: None },
        databases: Vec::new(),
        pass_user: false,
        startup_timeout_ms: 60_000,
        idle_timeout_ms: 60_000,
        max_sessions: 100_000,
        lease_ms: 600_000,
        commitment_key: Secret::new("00".repeat(32)),
        tokens: lazaret_link::Tokens {
            key_path: "/none".into(),
            key: None,
            scope: lazaret_link::TokenScope::Resource,
            date_shift_days: 30,
        },
        site: Default::default(),
    }
}

impl Dataplane {
    /// Starts the process; `change` makes the settings what the test is about.
    pub(crate) fn launch(change: impl FnOnce(&mut Settings)) -> Self {
        let folder = TempDir::new().unwrap();
        let socket = folder.path().join("control.sock");
        let listener = UnixListener::bind(&socket).unwrap();
        let mut settings = settings(folder.path());
        change(&mut settings);
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_lazaret-dataplane"))
            .arg("--control")
            .arg(socket)
            .env("LAZARET_LOG", "trace")
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        Self {
            folder,
            settings,
            child,
            listener: Some(listener),
            next_segment: 0,
            given: Vec::new(),
        }
    }

    /// Launched, and serving.
    pub(crate) fn start(change: impl FnOnce(&mut Settings)) -> (Self, Line) {
        let mut dataplane = Self::launch(change);
        let mut line = dataplane.answer();
        dataplane.provide(&mut line);
        line.hear(|message| matches!(message, FromDataplane::Serving));
        (dataplane, line)
    }

    /// The next connection that the data plane makes to control.
    pub(crate) fn answer(&self) -> Line {
        let listener = self.listener.as_ref().expect("control is there");
        let (stream, _) = listener.accept().unwrap();
        Line::new(stream)
    }

    /// Nobody is at control's socket.
    pub(crate) fn leave(&mut self, line: Line) {
        std::fs::remove_file(self.folder.path().join("control.sock")).unwrap();
        self.listener = None;
        drop(line);
    }

    pub(crate) fn come_back(&mut self) -> Line {
        let socket = self.folder.path().join("control.sock");
        self.listener = Some(UnixListener::bind(socket).unwrap());
        self.answer()
    }

    /// Says what a data plane needs to begin.
    pub(crate) fn provide(&mut self, line: &mut Line) {
        line.say(&FromControl::Settings(Box::new(self.settings.clone())));
        line.say(&FromControl::Snapshot(Box::new(snapshot())));
        for _ in 0..2 {
            self.give_segment(line);
        }
    }

    pub(crate) fn give_segment(&mut self, line: &mut Line) {
        let index = self.next_segment;
        let Settings { node, boot, .. } = &self.settings;
        let identity = Identity { node: node.clone(), boot: *boot, shard: 0, index };
        let path = self.folder.path().join(segment_file_name(&identity));
        prepare(&path, &identity, SEGMENT_BYTES).unwrap();
        self.next_segment += 1;
        let file = SegmentFile { shard: 0, index, path, bytes: SEGMENT_BYTES };
        line.say(&FromControl::Segment(file.clone()));
        self.given.push(file);
    }

    /// What a control that came back can't know to have arrived.
    pub(crate) fn give_segments_again(&self, line: &mut Line) {
        for file in &self.given {
            line.say(&FromControl::Segment(file.clone()));
        }
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.settings.listen[0]).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// A page of the metrics listener: status line, headers and all.
    pub(crate) fn page(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(self.settings.metrics_listen).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: test\r\n\r\n").unwrap();
        let mut page = String::new();
        stream.read_to_string(&mut page).unwrap();
        page
    }

    pub(crate) fn terminate(&self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("the data plane did not end; its log:\n{}", self.log());
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    pub(crate) fn resident_bytes(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/statm", self.child.id())).unwrap();
        status.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
    }

    /// All records that were committed, in order, with what a hole would show.
    pub(crate) fn records(&self) -> Vec<RecordType> {
        let mut types = Vec::new();
        for path in self.segments() {
            let mut image = SegmentImage::default();
            image.load(&path).unwrap();
            for record in SegmentReader::new(&image).unwrap() {
                let record = record.unwrap();
                assert_eq!(record.header.sequence, types.len() as u64, "a hole");
                types.push(record.header.record_type);
            }
        }
        types
    }

    fn segments(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.folder.path()).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        let is_segment = |path: &PathBuf| path.extension().is_some_and(|end| end == "seg");
        let mut segments: Vec<PathBuf> = paths.filter(is_segment).collect();
        segments.sort();
        segments
    }
}

impl Drop for Dataplane {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        // The thread that listens holds the other half.
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}

impl Line {
    fn new(stream: UnixStream) -> Self {
        let (sender, heard) = channel();
        let reader = stream.try_clone().unwrap();
        std::thread::spawn(move || listen(reader, &sender));
        Self { stream, heard }
    }

    pub(crate) fn say(&mut self, message: &FromControl) {
        let mut frame = Vec::new();
        encode(message, &mut frame).unwrap();
        self.stream.write_all(&frame).unwrap();
    }

    /// The next message that is as wanted; others are passed over.
    pub(crate) fn hear(&self, wanted: impl Fn(&FromDataplane) -> bool) -> FromDataplane {
        loop {
            let message = self.heard.recv_timeout(PATIENCE).expect("the data plane says something");
            if wanted(&message) {
                return message;
            }
        }
    }
}

fn listen(mut stream: UnixStream, heard: &Sender<FromDataplane>) {
    let mut input = Vec::new();
    let mut chunk = [0; 4096];
    while let Ok(count @ 1..) = stream.read(&mut chunk) {
        input.extend_from_slice(&chunk[..count]);
        while let Some((message, length)) = decode(&input).unwrap() {
            input.drain(..length);
            if heard.send(message).is_err() {
                return;
            }
        }
    }
}

fn snapshot() -> Snapshot {
    Snapshot {
        version: 1,
        hash: "00".to_owned(),
        resource: "warehouse".to_owned(),
        preset: Preset::Transparent,
        masks: Default::default(),
        policies: Default::default(),
        declared: Vec::new(),
        catalogs: Default::default(),
    }
}
