//! One process that is supervised: its log, its pid file, its end.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{ChildStderr, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::thread;

use lazaret_config::Config;
use rustix::process::{Pid, Signal, kill_process};

use super::{Event, UpError};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Program {
    Control,
    Dataplane,
}

impl Program {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Control => "control",
            Self::Dataplane => "dataplane",
        }
    }

    /// Beside this executable.
    fn path(self) -> PathBuf {
        let own = std::env::current_exe().unwrap_or_default();
        own.with_file_name(format!("lazaret-{}", self.name()))
    }

    fn command(self, config: &Config) -> Command {
        let mut command = Command::new(self.path());
        match self {
            Self::Control => command.arg("--dir").arg(config.layout.folder()),
            Self::Dataplane => command.arg("--control").arg(config.layout.control_socket()),
        };
        command.arg("--with-parent").arg(std::process::id().to_string());
        command
    }
}

pub(super) struct Child {
    pid: Pid,
    running: Arc<AtomicBool>,
}

impl Child {
    /// Must be called from a thread that lives as long as the child should: the kernel tells the
    /// child of the death of the thread that made it.
    pub(super) fn start(
        config: &Config,
        program: Program,
        events: Sender<Event>,
    ) -> Result<Self, UpError> {
        let mut child = program
            .command(config)
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| UpError::Start { program: program.path(), error })?;
        let pid = Pid::from_child(&child);
        let pid_file = config.layout.run().join(format!("{}.pid", program.name()));
        std::fs::write(&pid_file, format!("{}\n", child.id()))
            .map_err(|error| UpError::File { path: pid_file.clone(), error })?;
        let log = child.stderr.take();
        let running = Arc::new(AtomicBool::new(true));
        let alive = Arc::clone(&running);
        thread::spawn(move || {
            if let Some(log) = log {
                copy_log(program, log);
            }
            // Reaped here and nowhere else, so the pid can't be another's while `running` is true.
            let _ = child.wait();
            // Nobody depends on the file; it says which process to look at.
            let _ = std::fs::remove_file(&pid_file);
            alive.store(false, Ordering::Release);
            let _ = events.send(Event::Exited(program));
        });
        Ok(Self { pid, running })
    }

    pub(super) fn is_running(&self) -> bool {
        self.running.load(Ordering::Acquire)
    }

    pub(super) fn signal(&self, signal: Signal) {
        if self.is_running() {
            // It may have ended in between.
            let _ = kill_process(self.pid, signal);
        }
    }
}

/// Ends when the process and all that inherited its standard error have.
fn copy_log(program: Program, log: ChildStderr) {
    let name = program.name();
    for line in BufReader::new(log).split(b'\n').map_while(Result::ok) {
        super::log(&format!("{name:<9} {}", String::from_utf8_lossy(&line)));
    }
}
