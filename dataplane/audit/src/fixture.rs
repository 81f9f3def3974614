//! Small segments and shipped folders for the tests of this crate.

use std::path::Path;

use tempfile::TempDir;

use crate::record::{Boot, Heartbeat, Response, SessionStart, Statement};
use crate::{
    BlankSegment, Body, CHECKPOINT_FILE_NAME, Identity, Log, LogFile, MIN_SEGMENT_BYTES, Role,
    SegmentImage, SegmentWriter, SigningKey, Trust, prepare, segment_file_name, sign_checkpoint,
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
    let own = matches!(body, Body::Boot(_) | Body::Heartbeat(_));
    let session = if own { [0; 16] } else { [7; 16] };
    writer.append(time_us(sequence), session, &body).unwrap();
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
    pub(crate) log: Log,
}

impl Shipper {
    pub(crate) fn new() -> Self {
        Self::of(SigningKey::generate(ORIGIN, Role::Log).unwrap())
    }

    pub(crate) fn of(key: SigningKey) -> Self {
        let log = Log::begin(key.verifier(), None, FIRST_TIME_US);
        Self { key, log }
    }

    pub(crate) fn ship(&mut self, from: &Path, to: &Path, segment: &Identity) {
        let name = segment_file_name(segment);
        let mut image = SegmentImage::default();
        image.load(&from.join(&name)).unwrap();
        image.cut().unwrap();
        let added = self.log.seal(&image, FIRST_TIME_US).unwrap();
        std::fs::write(to.join(&name), image.bytes()).unwrap();
        for file in added.files {
            write(to, &file);
        }
        self.sign(to);
    }

    /// Ships what the log has come to: its last tiles and the checkpoint over them.
    pub(crate) fn sign(&self, to: &Path) {
        for file in self.log.edge() {
            if let Some((folder, _)) = file.path.rsplit_once('/') {
                let _ = std::fs::remove_dir_all(to.join(folder));
            }
            write(to, &file);
        }
        let checkpoint = sign_checkpoint(&self.log.checkpoint(), &self.key);
        std::fs::write(to.join(CHECKPOINT_FILE_NAME), checkpoint).unwrap();
    }

    pub(crate) fn trust(&self) -> Trust {
        Trust {
            origin: ORIGIN.to_owned(),
            keys: vec![self.key.verifier().to_string()],
            witnesses: Vec::new(),
            quorum: None,
            nodes: vec!["n1".to_owned()],
        }
    }
}

pub(crate) fn write(to: &Path, LogFile { path, bytes }: &LogFile) {
    // What a full tile replaces.
    let _ = std::fs::remove_dir_all(to.join(format!("{path}.p")));
    let path = to.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}
