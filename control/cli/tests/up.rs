//! `lazaret up`, as whoever starts it sees it. It needs no upstream: clients would be told.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use harness::{Postgres, PostgresOptions, Signal, free_port_base, signal_process, tree};
use tempfile::TempDir;

/// Longer than any of this takes on a busy machine, so that a hang fails the test.
const PATIENCE: Duration = Duration::from_secs(90);

struct Up {
    folder: PathBuf,
    process: Child,
    output: BufReader<ChildStdout>,
    _temporary: TempDir,
}

impl Up {
    fn start(spoil: impl Fn(&Path)) -> Self {
        Self::with_log(|folder| {
            spoil(folder);
            fs::File::create(folder.join("log")).unwrap().into()
        })
    }

    /// Logs to what `prepare` returns once the folder is made.
    fn with_log(prepare: impl Fn(&Path) -> Stdio) -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let folder = temporary.path().join("gateway");
        let port_base = free_port_base().unwrap().to_string();
        let made = lazaret()
            .args(["init", "--upstream", "postgres://svc@127.0.0.1:1/main"])
            .args(["--preset", "transparent", "--port-base", &port_base, "--dir"])
            .arg(&folder)
            .stdout(Stdio::null())
            .status();
        assert!(made.unwrap().success());
        let mut up = lazaret();
        up.args(["up", "--dir"]).arg(&folder).stdout(Stdio::piped()).stderr(prepare(&folder));
        let mut process = up.spawn().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        Self { folder, process, output, _temporary: temporary }
    }

    fn ready() -> Self {
        let mut up = Self::start(|_| {});
        assert_eq!(up.line(), "ready\n");
        up
    }

    /// The next line on standard output; empty when there is none to come.
    fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line
    }

    /// The process that runs under this name now, if any.
    fn try_child(&self, name: &str) -> Option<u32> {
        let file = self.folder.join(format!("run/{name}.pid"));
        fs::read_to_string(file).ok()?.trim().parse().ok()
    }

    fn child(&self, name: &str) -> u32 {
        self.try_child(name).unwrap()
    }

    fn end(&mut self) -> ExitStatus {
        self.process.wait().unwrap()
    }

    /// Of `lazaret.toml`.
    fn address(&self, key: &str) -> String {
        let config = fs::read_to_string(self.folder.join("lazaret.toml")).unwrap();
        let line = config.lines().find(|line| line.starts_with(&format!("{key} = "))).unwrap();
        line.split('"').nth(1).unwrap().to_owned()
    }

    /// What control's HTTP address answers, head and body.
    fn ask_control(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(self.address("control")).unwrap();
        write!(stream, "GET {path} HTTP/1.0\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap()
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        // It may have ended, as most tests want it to.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn lazaret() -> Command {
    // The one beside which the other two are built.
    Command::new(tree::binary("lazaret").unwrap())
}

fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < until, "{what} did not happen");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn is_running(process: u32) -> bool {
    // A zombie has no executable.
    Path::new(&format!("/proc/{process}/exe")).exists()
}

#[test]
fn ready_is_said_once_and_a_drain_ends_well_and_leaves_nobody() {
    let mut up = Up::ready();
    let children = [up.child("control"), up.child("dataplane")];
    assert!(children.into_iter().all(is_running));
    signal_process(up.process.id(), Signal::TERM);
    assert!(up.end().success(), "{}", up.log());
    let mut rest = String::new();
    up.output.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "");
    assert!(!children.into_iter().any(is_running));
    assert_eq!(up.try_child("control").or(up.try_child("dataplane")), None);
}

#[test]
fn a_line_of_the_log_is_written_in_one_piece() {
    let (ours, theirs) = UnixDatagram::pair().unwrap();
    ours.set_read_timeout(Some(PATIENCE)).unwrap();
    let _up = Up::with_log(|_| OwnedFd::from(theirs.try_clone().unwrap()).into());
    for _ in 0..3 {
        let mut write = [0; 4096];
        let len = ours.recv(&mut write).unwrap();
        let line = String::from_utf8_lossy(&write[..len]);
        assert!(line.ends_with('\n') && line.lines().count() == 1, "{line:?}");
    }
}

#[test]
fn one_folder_has_one_gateway() {
    let first = Up::ready();
    let second = lazaret().args(["up", "--dir"]).arg(&first.folder).output().unwrap();
    assert_eq!(second.status.code(), Some(1));
    assert!(second.stdout.is_empty());
    let complaint = String::from_utf8(second.stderr).unwrap();
    assert!(complaint.contains("is locked") && complaint.contains("mend: "), "{complaint}");
    assert!(is_running(first.child("control")));
}

#[test]
fn a_folder_that_can_not_be_written_is_refused_with_the_mend() {
    // A folder in the lock's place, for a mode keeps nobody out who is root.
    let mut up = Up::start(|folder| fs::create_dir(folder.join("run/up.lock")).unwrap());
    assert_eq!(up.line(), "");
    assert_eq!(up.end().code(), Some(1));
    let log = up.log();
    assert!(log.contains("run/up.lock can't be written: ") && log.contains("mend: "), "{log}");
}

#[test]
fn ports_that_another_gateway_has_are_refused_and_named() {
    let first = Up::ready();
    let control = &first.address("control");
    let mut second = Up::start(|folder| {
        // Only control's port is that of the other.
        let path = folder.join("lazaret.toml");
        let text = fs::read_to_string(&path).unwrap();
        let own = text.lines().find(|line| line.starts_with("control = ")).unwrap();
        let own = own.split('"').nth(1).unwrap().to_owned();
        fs::write(&path, text.replace(&own, control)).unwrap();
    });
    assert_eq!(second.line(), "");
    assert_eq!(second.end().code(), Some(1));
    let log = second.log();
    assert!(log.contains(&format!("can't listen on {control}")), "{log}");
    assert!(log.contains("`listen.control`") && log.contains("--port-base"), "{log}");
    assert_eq!(second.try_child("control"), None);
    assert!(is_running(first.child("control")));
}

#[test]
fn what_can_not_start_is_told_and_not_tried_for_ever() {
    let mut up = Up::start(|folder| {
        fs::write(folder.join("policy/wrong.cedar"), "permit (nonsense);").unwrap();
    });
    assert_eq!(up.line(), "");
    assert_eq!(up.end().code(), Some(1));
    assert!(up.log().contains("wrong.cedar:1"), "{}", up.log());
}

#[test]
fn a_process_that_dies_is_started_again() {
    let mut up = Up::ready();
    for name in ["control", "dataplane"] {
        let before = up.child(name);
        signal_process(before, Signal::KILL);
        let is_another = |now| now != before && is_running(now);
        wait_until(name, || up.try_child(name).is_some_and(is_another));
    }
    signal_process(up.process.id(), Signal::TERM);
    assert!(up.end().success(), "{}", up.log());
}

#[test]
fn an_upstream_that_goes_away_is_told_and_the_gateway_stays_ready() {
    let server = Postgres::start(&PostgresOptions::default()).unwrap();
    let own = format!("postgres://{}@127.0.0.1:{}/postgres", Postgres::SUPERUSER, server.port());
    let mut up = Up::start(|folder| {
        let path = folder.join("lazaret.toml");
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace("postgres://svc@127.0.0.1:1/main", &own)).unwrap();
    });
    assert_eq!(up.line(), "ready\n");
    let says = |line: &str| up.ask_control("/readyz").contains(line);
    wait_until("the first answer", || says("upstream: up\n"));
    let metric = "lazaret_control_upstream_up{resource=\"warehouse\"}";
    assert!(up.ask_control("/metrics").contains(&format!("{metric} 1")));
    server.end();
    wait_until("the outage", || says("upstream: away\n"));
    let (ready, metrics) = (up.ask_control("/readyz"), up.ask_control("/metrics"));
    assert!(ready.starts_with("HTTP/1.0 200") && ready.contains("ready\n"), "{ready}");
    assert!(metrics.contains(&format!("{metric} 0")), "{metrics}");
    // Asked again meanwhile, and not told again.
    std::thread::sleep(Duration::from_secs(5));
    let log = up.log();
    assert_eq!(log.matches("the upstream is away").count(), 1, "{log}");
    assert!(log.contains(&format!("127.0.0.1:{}", own.split([':', '/']).nth(4).unwrap())), "{log}");
}

#[test]
fn nobody_outlives_a_supervisor_that_is_killed() {
    let mut up = Up::ready();
    let children = [up.child("control"), up.child("dataplane")];
    signal_process(up.process.id(), Signal::KILL);
    up.end();
    wait_until("their end", || !children.into_iter().any(is_running));
}
