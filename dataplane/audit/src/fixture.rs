//! Small segments and shipped folders for the tests of this crate.

use std::path::Path;

use tempfile::TempDir;

use crate::record::{Boot, Heartbeat, Response, SessionStart, Statement};
use crate::seal::{Digest, Head, Seal, sign};
use crate::{
    BlankSegment, Body, Identity, MIN_SEGMENT_BYTES, SegmentImage, SegmentWriter, SigningKey,
    Trust, check_segment, prepare, seal_file_name, segment_file_name,
};

pub(crate) const ORIGIN: &str = "lazaret.example/log";
const FIRST_TIME_US: u64 = 1_700_000_000_000_000;

pub(crate) fn identity(boot: u64, shard: u16, index: u64) -> Identity {
    Identity { node: "n1".to_owned(), boot, shard, index }
}

pub(crate) fn time_us(sequence: u64) -> u64 {
    FIRST_TIME_US + sequence * 1_000
}

/// In memory where there is such a folder: the tests sync thousands of times.
pub(crate) fn scratch() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// Prepares and begins a segment of the smallest size.
pub(crate) fn begin(folder: &Path, identity: &Identity, first_sequence: u64) -> SegmentWriter {
    let path = folder.join(segment_file_name(identity));
    prepare(&path, identity, MIN_SEGMENT_BYTES).unwrap();
    BlankSegment::open(&path).unwrap().begin(first_sequence)
}

/// Records as a session makes them, by sequence: Boot first, then a mix.
pub(crate) fn append(writer: &mut SegmentWriter, identity: &Identity) {
    let sequence = writer.position().sequence;
    let groups = ["agents".to_owned(), "a group with a longer name".to_owned()];
    let boot =
        Boot { node: &identity.node, boot: identity.boot, version: "0.1.0", durability: "process" };
    let body: Body<'_> = match sequence {
        0 => boot.into(),
        _ => match sequence % 4 {
            0 => Heartbeat { open_sessions: 1, records: sequence }.into(),
            1 => session_start(&groups).into(),
            2 => statement("SELECT name FROM patients WHERE id = 4711").into(),
            _ => response().into(),
        },
    };
    writer.append(time_us(sequence), [7; 16], &body).unwrap();
}

pub(crate) fn session_start(groups: &[String]) -> SessionStart<'_> {
    SessionStart {
        client_address: "127.0.0.1:50000",
        claimed_user: "ci-agent",
        principal: "repo:org/app",
        issuer: "https://issuer.example",
        groups,
        grant: "g1",
        resource: "clinic",
        database: "clinic",
        application_name: "psql",
        protocol: 196_608,
        tls: "TLSv1.3",
        preset: "safe-harbor",
    }
}

pub(crate) fn statement(text: &str) -> Statement<'_> {
    Statement {
        request: 1,
        message: "query",
        kind: "select",
        name: "",
        text,
        commitment: [3; 32],
        bytes: text.len() as u64,
        allowed: true,
        rule: "policy0",
        snapshot_hash: "0123456789abcdef",
    }
}

pub(crate) fn response() -> Response<'static> {
    Response {
        request: 1,
        rows: 1,
        bytes: 60,
        findings: [1; 18],
        digest: [9; 32],
        outcome: "complete",
    }
}

/// Writes and finishes a segment of `records` records, the end mark included.
pub(crate) fn finished(folder: &Path, identity: &Identity, first_sequence: u64, records: u64) {
    let mut writer = begin(folder, identity, first_sequence);
    for _ in 1..records {
        append(&mut writer, identity);
    }
    writer.finish(time_us(first_sequence + records));
}

/// Seals and ships segments as control does, in order, from one folder to another.
pub(crate) struct Shipper {
    pub(crate) key: SigningKey,
    pub(crate) head: Head,
}

impl Shipper {
    pub(crate) fn new() -> Self {
        let key = SigningKey::generate(ORIGIN).unwrap();
        Self { key, head: Head::new(ORIGIN.to_owned()) }
    }

    pub(crate) fn ship(&mut self, from: &Path, to: &Path, segment: &Identity) {
        let mut image = SegmentImage::default();
        image.load(&from.join(segment_file_name(segment))).unwrap();
        let length = usize::try_from(image.progress().unwrap().commit_offset).unwrap();
        let content = image.bytes()[..length].to_vec();
        let contents = check_segment(&SegmentImage::from_bytes(&content)).unwrap();
        let seal = Seal {
            origin: self.head.origin.clone(),
            segment: segment.clone(),
            bytes: content.len() as u64,
            records: contents.records,
            first_sequence: contents.first_sequence,
            last_sequence: contents.last_sequence,
            sha256: Digest::of(&content),
            previous: self.head.previous(segment),
        };
        std::fs::write(to.join(segment_file_name(segment)), content).unwrap();
        self.seal(to, &seal);
    }

    /// Signs a seal, whatever it says, and the head over it.
    pub(crate) fn seal(&mut self, to: &Path, seal: &Seal) {
        let text = seal.text(self.key.verifier());
        self.head.add(&seal.segment, Digest::of(text.as_bytes()));
        std::fs::write(to.join(seal_file_name(&seal.segment)), sign(text, &self.key)).unwrap();
        let head = sign(self.head.text(self.key.verifier()), &self.key);
        std::fs::write(to.join(crate::HEAD_FILE_NAME), head).unwrap();
    }

    pub(crate) fn trust(&self) -> Trust {
        Trust {
            origin: ORIGIN.to_owned(),
            keys: vec![self.key.verifier().to_string()],
            witnesses: Vec::new(),
            nodes: vec!["n1".to_owned()],
        }
    }
}
