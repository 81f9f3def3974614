//! `lazaret witness`, asked over HTTP by a log whose tree and proofs are another implementation's.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use bytes::Bytes;
use harness::{Signal, signal_process};
use http_body_util::{BodyExt, Full};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use lazaret_audit::{
    Checkpoint, Digest, Role, SignedCheckpoint, SigningKey, VerifierKey, sign_checkpoint,
};
use tempfile::TempDir;
use tlog_tiles::{Error, Hash, HashReader, prove_tree, stored_hashes, tree_hash};

struct Witness {
    process: Child,
    address: String,
    key: VerifierKey,
}

impl Witness {
    fn start(folder: &Path, logs: &[&SigningKey]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lazaret"));
        command.args(["witness", "--listen", "127.0.0.1:0", "--dir"]).arg(folder).arg("--log");
        command.args(logs.iter().map(|log| log.verifier().to_string()));
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let key = lines.next().unwrap().unwrap().parse().unwrap();
        let serving = lines.next().unwrap().unwrap();
        let address = serving.strip_prefix("serving http://").unwrap().trim_end_matches('/');
        Self { process, address: address.to_owned(), key }
    }

    /// Status, type and body of the answer.
    fn post(&self, body: impl Into<Bytes>) -> (StatusCode, String, String) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let request = Request::post("/add-checkpoint").header("host", &self.address);
        let request = request.body(Full::new(body.into())).unwrap();
        let (head, body) = runtime.block_on(async {
            let stream = tokio::net::TcpStream::connect(&self.address).await.unwrap();
            let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream));
            let (mut sender, connection) = handshake.await.unwrap();
            tokio::spawn(connection);
            let (head, body) = sender.send_request(request).await.unwrap().into_parts();
            (head, body.collect().await.unwrap().to_bytes())
        });
        let kind = head.headers["content-type"].to_str().unwrap().to_owned();
        (head.status, kind, String::from_utf8(body.to_vec()).unwrap())
    }

    fn status(&self, body: impl Into<Bytes>) -> u16 {
        self.post(body).0.as_u16()
    }

    /// What is answered to these bytes, if anything, by a peer that sends no more or waits for the end.
    fn raw(&self, bytes: &[u8], is_over: bool) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        // It may have hung up before all of it was sent.
        let _ = stream.write_all(bytes);
        if is_over {
            let _ = stream.shutdown(Shutdown::Write);
        }
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    fn kill(mut self) {
        signal_process(self.process.id(), Signal::KILL);
        self.process.wait().unwrap();
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A log in another implementation's tree.
struct Log {
    key: SigningKey,
    hashes: Vec<Hash>,
    salt: &'static str,
}

impl HashReader for Log {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, Error> {
        Ok(indexes.iter().map(|&at| self.hashes[usize::try_from(at).unwrap()]).collect())
    }
}

impl Log {
    fn of(key: SigningKey, salt: &'static str, size: u64) -> Self {
        let mut log = Self { key, hashes: Vec::new(), salt };
        for index in 0..size {
            let entry = format!("{} {index}", log.salt);
            let hashes = stored_hashes(index, entry.as_bytes(), &log).unwrap();
            log.hashes.extend(hashes);
        }
        log
    }

    fn named(name: &str, size: u64) -> Self {
        Self::of(SigningKey::generate(name, Role::Log).unwrap(), "entry", size)
    }

    fn checkpoint(&self, size: u64) -> String {
        let root = Digest(tree_hash(size, self).unwrap().0);
        let origin = self.key.verifier().name().to_owned();
        sign_checkpoint(&Checkpoint { origin, size, root }, &self.key)
    }

    fn request(&self, old: u64, size: u64) -> String {
        let proof = match old {
            old if old == 0 || old >= size => Vec::new(),
            old => prove_tree(size, old, self).unwrap(),
        };
        let proof: String = proof.iter().map(|hash| format!("{hash}\n")).collect();
        format!("old {old}\n{proof}\n{}", self.checkpoint(size))
    }
}

/// The same key twice: what control and whoever forks its log have.
fn same_key(folder: &Path) -> [SigningKey; 2] {
    let path = folder.join("log.key");
    SigningKey::generate("lazaret.example/log", Role::Log).unwrap().write(&path).unwrap();
    [SigningKey::read(&path).unwrap(), SigningKey::read(&path).unwrap()]
}

fn folders() -> (TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("witness");
    (folder, dir)
}

#[test]
fn a_log_that_grows_is_cosigned_and_the_memory_outlives_a_kill() {
    let (_folder, dir) = folders();
    let log = Log::named("lazaret.example/log", 700);
    let mut witness = Witness::start(&dir, &[&log.key]);
    let mode = fs::metadata(dir.join("witness.key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let mut old = 0;
    for size in [1, 2, 2, 7, 256, 300, 700] {
        let (status, _, lines) = witness.post(log.request(old, size));
        assert_eq!(status, StatusCode::OK, "{old} to {size}: {lines}");
        let mut signed = SignedCheckpoint::read(log.checkpoint(size).as_bytes()).unwrap();
        assert!(signed.take_cosignature(&witness.key, &lines), "{lines}");
        assert_eq!(signed.to_string(), format!("{}{lines}", log.checkpoint(size)));
        old = size;
        if size == 256 {
            let key = witness.key.clone();
            witness.kill();
            witness = Witness::start(&dir, &[&log.key]);
            assert_eq!(witness.key, key);
        }
    }
}

#[test]
fn what_does_not_go_on_from_what_was_signed_is_refused() {
    let (folder, dir) = folders();
    let [key, again] = same_key(folder.path());
    let (log, fork) = (Log::of(key, "entry", 20), Log::of(again, "another", 20));
    let witness = Witness::start(&dir, &[&log.key]);
    let first = witness.post(log.request(3, 10));
    let size_type = "text/x.tlog.size";
    assert_eq!(first, (StatusCode::CONFLICT, size_type.to_owned(), "0\n".to_owned()));
    assert_eq!(witness.status(log.request(0, 10)), 200);

    let conflict = (StatusCode::CONFLICT, size_type.to_owned(), "10\n".to_owned());
    assert_eq!(witness.post(log.request(0, 12)), conflict, "it has seen more");
    assert_eq!(witness.post(log.request(4, 8)), conflict, "a smaller one");
    assert_eq!(witness.post(fork.request(10, 10)), conflict, "two roots for one size");
    assert_eq!(witness.status(log.request(10, 8)), 400, "old is larger");
    assert_eq!(witness.status(fork.request(10, 12)), 422, "a proof of another log");
    let spoilt = log.request(10, 12).replacen("old 10\n", "old 10\nAAAA", 1);
    assert_eq!(witness.status(spoilt), 400);
    let right = log.request(10, 12);
    let (head, rest) = right.split_once("\n\n").unwrap();
    let short = head.rsplit_once('\n').unwrap().0;
    assert_eq!(witness.status(format!("{short}\n\n{rest}")), 422, "a proof without its last line");

    let unknown = Log::named("unknown.example/log", 3);
    assert_eq!(witness.status(unknown.request(0, 3)), 404);
    let impostor = Log::named("lazaret.example/log", 12);
    assert_eq!(witness.status(impostor.request(0, 12)), 403);
    // All of that left it where it was.
    assert_eq!(witness.status(log.request(10, 20)), 200);
}

#[test]
fn hostile_requests_are_refused_and_the_witness_lives() {
    let (_folder, dir) = folders();
    let log = Log::named("lazaret.example/log", 5);
    let witness = Witness::start(&dir, &[&log.key]);
    let request = log.request(0, 5);
    for length in [0, 1, 5, 40, request.len() - 1] {
        assert_eq!(witness.status(request[..length].to_owned()), 400, "cut to {length}");
    }
    for body in [&b"\0\0\0"[..], b"\xFF\xFE", b"old \n\n\n", b"old 99999999999999999999\n\n"] {
        assert_eq!(witness.status(body), 400);
    }
    assert_eq!(witness.status("old 0\n\n".repeat(10_000)), 400);
    let line = format!("{}\n", Hash([7; 32]));
    assert_eq!(witness.status(format!("old 0\n{}\n{request}", line.repeat(64))), 400);
    let endless = "x".repeat(1 << 20);
    assert_eq!(witness.status(endless.clone()), 400, "a body that is too long");
    let head = "POST /add-checkpoint HTTP/1.1\r\nhost: x\r\n";
    let broken = witness.raw(format!("{head}content-length: 100\r\n\r\nold 0").as_bytes(), true);
    assert!(broken.is_empty() || broken.starts_with("HTTP/1.1 400"), "{broken}");
    let long_head = witness.raw(format!("{head}x: {endless}\r\n\r\n").as_bytes(), true);
    assert!(long_head.is_empty() || long_head.starts_with("HTTP/1.1 4"), "{long_head}");
    for (request, status) in
        [("GET /add-checkpoint", " 405 "), ("POST /", " 404 "), ("POST /add-checkpoint", " 400 ")]
    {
        let request = format!("{request} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        let answer = witness.raw(request.as_bytes(), false);
        assert!(answer.contains(status), "{answer}");
    }
    witness.raw(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", true);
    assert_eq!(witness.status(request), 200);
}

#[test]
fn what_a_witness_cannot_start_with_is_told() {
    let (folder, dir) = folders();
    let key = SigningKey::generate("lazaret.example/log", Role::Log).unwrap();
    let other = SigningKey::generate("witness.example", Role::Witness).unwrap();
    let refused = |logs: &SigningKey, more: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_lazaret"))
            .args(["witness", "--listen", "127.0.0.1:0", "--dir"])
            .arg(&dir)
            .args(["--log", &logs.verifier().to_string()])
            .args(more)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(refused(&other, &[]).contains("no log's"));
    let witness = Witness::start(&dir, &[&key]);
    assert!(refused(&key, &[]).contains("another witness keeps this folder"));
    drop(witness);
    assert!(refused(&key, &["--name", "other.example"]).contains("is called"));
    fs::set_permissions(dir.join("witness.key"), fs::Permissions::from_mode(0o644)).unwrap();
    assert!(refused(&key, &[]).contains("chmod 600"));
    drop(folder);
}
