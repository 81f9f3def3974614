//! `lazaret up`: both processes in the foreground, restarted when they die, drained when asked.
//!
//! The two have process groups of their own, so that Ctrl-C reaches this process alone and the end
//! is in order: control drains the data plane, ships what it wrote, and exits. They end with this
//! process however it ends, for they ask the kernel for a signal when it does.

mod child;
mod readiness;

use std::fs::File;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use lazaret_config::{Config, Layout, Problems};
use rustix::fs::{FlockOperation, flock};
use rustix::process::{Resource, Rlimit, Signal, getrlimit, setrlimit};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::{Failure, listeners};
use child::{Child, Program};

/// Run the gateway in the foreground. Prints `ready` once it serves.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The folder that `lazaret init` made.
    #[arg(long)]
    dir: PathBuf,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum UpError {
    #[error("{0}")]
    Config(#[from] Problems),
    #[error("no folder: {0}")]
    Folder(io::Error),
    #[error(
        "the gateway of this folder is up already: {0} is locked\n  mend: end that one first, by Ctrl-C where \
         it runs or by SIGTERM to it; or name another folder with --dir"
    )]
    Running(PathBuf),
    #[error(
        "can't listen on {address}, which is `{key}` in lazaret.toml: {error}\n  mend: end what listens there, \
         another gateway perhaps; or write another port, for control also in the development issuer's `url`; \
         a new folder takes all its ports from `lazaret init --port-base`"
    )]
    Listener { key: String, address: SocketAddr, error: io::Error },
    #[error(
        "{path} can't be written: {error}\n  mend: give the folder to this user, on a disk that may be written and \
         has room; `lazaret check` looks at all of it"
    )]
    File { path: PathBuf, error: io::Error },
    #[error("{program} can't be started: {error}")]
    Start { program: PathBuf, error: io::Error },
    #[error("{0} ended before the gateway was ready; its last lines say why")]
    EarlyEnd(&'static str),
    #[error("signals can't be received: {0}")]
    Signals(io::Error),
    #[error(
        "the gateway did not end in time and was killed; the next start goes on with what it left"
    )]
    Killed,
}

impl Failure for UpError {}

/// What the supervisor waits for.
enum Event {
    Ready,
    Terminate,
    Exited(Program),
}

/// Behind the drain time: sealing and shipping, as control allows itself.
const END_SLACK: Duration = Duration::from_secs(30);

/// A process that dies at once is not started in a tight loop; one that ran is started at once.
const BACKOFF: std::ops::RangeInclusive<Duration> =
    Duration::from_millis(100)..=Duration::from_secs(5);
const RAN_WELL: Duration = Duration::from_secs(10);

/// How long the processes of an `up` that was killed may take to end, as control allows them too; and how
/// often this one looks.
const PREDECESSOR_TIMEOUT: Duration = Duration::from_secs(10);
const PREDECESSOR_POLL: Duration = Duration::from_millis(50);

pub(crate) fn run(args: &Args) -> Result<(), UpError> {
    let layout = Layout::new(&args.dir).map_err(UpError::Folder)?;
    let (config, _) = lazaret_config::load(layout)?;
    let _lock = lock(&config.layout.up_lock())?;
    wait_for_listeners(&config)?;
    raise_descriptor_limit();
    let (events, inbox) = channel();
    forward_signals(events.clone()).map_err(UpError::Signals)?;
    Supervisor::start(&config, events)?.watch(&inbox)
}

/// Sessions are sockets, and the usual soft limit of 1024 is for programs that use select(2). Both
/// processes inherit what the system allows at most.
fn raise_descriptor_limit() {
    let limit = getrlimit(Resource::Nofile);
    // Up to the hard limit nobody is refused.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
}

/// One `up` per folder; the lock ends with the process, however it ends.
fn lock(path: &Path) -> Result<File, UpError> {
    let file =
        File::create(path).map_err(|error| UpError::File { path: path.to_owned(), error })?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(_) => Err(UpError::Running(path.to_owned())),
    }
}

/// Whoever has control's port answers for it that all is ready. The processes of an `up` that was killed are about
/// to leave theirs.
fn wait_for_listeners(config: &Config) -> Result<(), UpError> {
    let deadline = Instant::now() + PREDECESSOR_TIMEOUT;
    while let Err(error) = refuse_taken(config) {
        if Instant::now() >= deadline || !listeners::is_locked(&config.layout.control_lock()) {
            return Err(error);
        }
        thread::sleep(PREDECESSOR_POLL);
    }
    Ok(())
}

fn refuse_taken(config: &Config) -> Result<(), UpError> {
    for (keys, address) in config.listen.addresses() {
        if let Some(error) = listeners::refusal(address) {
            return Err(UpError::Listener { key: keys.join("."), address, error });
        }
    }
    Ok(())
}

fn forward_signals(events: Sender<Event>) -> io::Result<()> {
    let mut signals = Signals::new([SIGTERM, SIGINT])?;
    thread::Builder::new().name("signals".to_owned()).spawn(move || {
        for _ in signals.forever() {
            // The supervisor is gone only when all is over.
            let _ = events.send(Event::Terminate);
        }
    })?;
    Ok(())
}

/// The two processes and what is due to each.
struct Supervisor<'a> {
    config: &'a Config,
    events: Sender<Event>,
    control: Life,
    dataplane: Life,
    ready: bool,
}

/// One process, through its deaths.
struct Life {
    child: Child,
    since: Instant,
    backoff: Duration,
    /// When it is to be started again.
    due: Option<Instant>,
}

impl<'a> Supervisor<'a> {
    fn start(config: &'a Config, events: Sender<Event>) -> Result<Self, UpError> {
        let control = Life::begin(config, Program::Control, &events)?;
        let dataplane = Life::begin(config, Program::Dataplane, &events)?;
        announce(config.listen.control, events.clone());
        Ok(Self { config, events, control, dataplane, ready: false })
    }

    fn watch(mut self, inbox: &Receiver<Event>) -> Result<(), UpError> {
        loop {
            match self.next(inbox) {
                Some(Event::Ready) => {
                    self.ready = true;
                    crate::say("ready");
                }
                Some(Event::Terminate) => return self.end(inbox),
                Some(Event::Exited(program)) if !self.ready => {
                    self.end(inbox)?;
                    return Err(UpError::EarlyEnd(program.name()));
                }
                Some(Event::Exited(program)) => self.life(program).mourn(program),
                None => self.revive()?,
            }
        }
    }

    /// The next event, or `None` when a process is due.
    fn next(&self, inbox: &Receiver<Event>) -> Option<Event> {
        let due = [self.control.due, self.dataplane.due].into_iter().flatten().min();
        match due {
            // This process holds a sender itself, so the channel can't be closed.
            None => inbox.recv().ok(),
            Some(due) => inbox.recv_timeout(due.saturating_duration_since(Instant::now())).ok(),
        }
    }

    fn revive(&mut self) -> Result<(), UpError> {
        let now = Instant::now();
        for program in [Program::Control, Program::Dataplane] {
            let events = self.events.clone();
            let config = self.config;
            let life = self.life(program);
            if life.due.is_some_and(|due| due <= now) {
                life.child = Child::start(config, program, events)?;
                life.since = now;
                life.due = None;
            }
        }
        Ok(())
    }

    fn life(&mut self, program: Program) -> &mut Life {
        match program {
            Program::Control => &mut self.control,
            Program::Dataplane => &mut self.dataplane,
        }
    }

    /// Control drains the data plane and goes last; without control the data plane drains itself.
    fn end(self, inbox: &Receiver<Event>) -> Result<(), UpError> {
        let deadline =
            Instant::now() + Duration::from_millis(self.config.limits.drain_ms) + END_SLACK;
        self.control.child.signal(Signal::TERM);
        if !self.control.child.is_running() || !self.ready {
            self.dataplane.child.signal(Signal::TERM);
        }
        while self.control.child.is_running() || self.dataplane.child.is_running() {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                self.control.child.signal(Signal::KILL);
                self.dataplane.child.signal(Signal::KILL);
                return Err(UpError::Killed);
            }
            if let Ok(Event::Exited(Program::Control)) = inbox.recv_timeout(left) {
                self.dataplane.child.signal(Signal::TERM);
            }
        }
        Ok(())
    }
}

impl Life {
    fn begin(config: &Config, program: Program, events: &Sender<Event>) -> Result<Self, UpError> {
        let child = Child::start(config, program, events.clone())?;
        Ok(Self { child, since: Instant::now(), backoff: *BACKOFF.start(), due: None })
    }

    /// Sets the time of the next start.
    fn mourn(&mut self, program: Program) {
        let now = Instant::now();
        self.backoff = if now - self.since >= RAN_WELL {
            *BACKOFF.start()
        } else {
            (self.backoff * 2).min(*BACKOFF.end())
        };
        self.due = Some(now + self.backoff);
        let name = program.name();
        let backoff_ms = self.backoff.as_millis();
        log(&format!("lazaret: {name} ended; it is started again in {backoff_ms} ms"));
    }
}

fn announce(control: SocketAddr, events: Sender<Event>) {
    thread::spawn(move || {
        readiness::wait(control);
        // The supervisor may have given up meanwhile.
        let _ = events.send(Event::Ready);
    });
}

/// One write for the whole line: where standard output and standard error are one file, `ready` and
/// the lines of both processes stay lines.
fn log(line: &str) {
    // A log that can't be written must not stop the processes that it is about.
    let _ = io::stderr().write_all(format!("{line}\n").as_bytes());
}
