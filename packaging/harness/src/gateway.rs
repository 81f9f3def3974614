//! The gateway under test: `lazaret init`, then `lazaret up`, in a temporary folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::Duration;

use rustix::process::Signal;
use tempfile::TempDir;

use crate::{Account, HarnessError, Lifetime, Process, free_port_base, port, process, run, tree};

#[derive(Clone, Debug, Default)]
pub struct GatewayOptions {
    /// The upstream's URL, as `lazaret init` takes it.
    pub upstream: String,
    /// `safe-harbor`, unless said otherwise.
    pub preset: Option<&'static str>,
    /// Changes to `lazaret.toml`: section, key, value as TOML writes it.
    pub settings: Vec<(&'static str, &'static str, String)>,
    /// A policy file beside those that `init` makes.
    pub policy: Option<String>,
    /// Outlive this process; for `demo --keep`.
    pub keep: bool,
    /// Where to make the folder; a temporary place, unless said otherwise.
    pub folder: Option<PathBuf>,
}

/// A running gateway. Dropping it drains it and, in a temporary place, removes its folder.
#[derive(Debug)]
pub struct Gateway {
    // Dropped in this order: the processes must be gone before their folder.
    process: Option<Process>,
    _temporary: Option<TempDir>,
    folder: PathBuf,
    port: u16,
    keep: bool,
}

impl Gateway {
    pub fn start(options: &GatewayOptions) -> Result<Self, HarnessError> {
        let (temporary, folder) = match &options.folder {
            Some(folder) => (None, folder.clone()),
            None => {
                let temporary = tempfile::Builder::new()
                    .prefix("lazaret-gateway-")
                    .tempdir()
                    .map_err(HarnessError::io("making a folder for the gateway"))?;
                let folder = temporary.path().join("lazaret");
                (Some(temporary), folder)
            }
        };
        let port = free_port_base()?;
        run(Command::new(tree::binary("lazaret")?)
            .args(["init", "--upstream", &options.upstream])
            .args(["--port-base", &port.to_string()])
            .args(["--preset", options.preset.unwrap_or("safe-harbor")])
            .arg("--dir")
            .arg(&folder))?;
        configure(&folder, options)?;
        let mut gateway =
            Self { process: None, _temporary: temporary, folder, port, keep: options.keep };
        gateway.up()?;
        Ok(gateway)
    }

    /// Starts the processes, again if they have ended.
    pub fn up(&mut self) -> Result<(), HarnessError> {
        let lifetime = match self.keep {
            true => Lifetime::Free,
            false => Lifetime::Bound(Signal::TERM),
        };
        let arguments = ["up".as_ref(), "--dir".as_ref(), self.folder.as_os_str()];
        let log = self.folder.join("up.log");
        // An earlier `ready` in the log must not count.
        let _ = fs::remove_file(&log);
        let lazaret = tree::binary("lazaret")?;
        let mut process = Process::start(&lazaret, &arguments, Account::Same, lifetime, &log)?;
        process.wait_until(START_PATIENCE, || {
            let log = fs::read_to_string(&log).unwrap_or_default();
            log.lines().any(|line| line == "ready")
        })?;
        self.process = Some(process);
        Ok(())
    }

    /// Where PostgreSQL clients connect.
    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn control_port(&self) -> u16 {
        self.port + port::CONTROL_OFFSET
    }

    pub fn metrics_port(&self) -> u16 {
        self.port + port::METRICS_OFFSET
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub fn shipped(&self) -> PathBuf {
        self.folder.join("shipped")
    }

    pub fn trust(&self) -> PathBuf {
        self.folder.join("trust.json")
    }

    /// The authority that signed its certificate, which names localhost.
    pub fn authority(&self) -> PathBuf {
        self.folder.join("tls/ca.pem")
    }

    /// A token for this subject and these groups, separated by commas.
    pub fn token(&self, subject: &str, groups: &str) -> Result<String, HarnessError> {
        self.token_with(subject, groups, &[])
    }

    /// The same, with more arguments for `lazaret token`.
    pub fn token_with(
        &self,
        subject: &str,
        groups: &str,
        more: &[&str],
    ) -> Result<String, HarnessError> {
        let mut command = Command::new(tree::binary("lazaret")?);
        command.args(["token", "--subject", subject, "--groups", groups]).args(more);
        run(command.arg("--dir").arg(&self.folder)).map(|token| token.trim().to_string())
    }

    /// The process that `lazaret up` started under this name.
    pub fn child(&self, name: &str) -> Option<u32> {
        process::child_named(self.process.as_ref()?.id(), name)
    }

    pub fn control(&self) -> Option<u32> {
        self.child("lazaret-control")
    }

    pub fn dataplane(&self) -> Option<u32> {
        self.child("lazaret-dataplane")
    }

    pub fn id(&self) -> Option<u32> {
        self.process.as_ref().map(Process::id)
    }

    pub fn log(&self) -> String {
        self.process.as_ref().map(Process::log).unwrap_or_default()
    }

    /// SIGTERM: sessions end, segments are sealed and shipped.
    pub fn drain(&mut self) -> Option<ExitStatus> {
        self.process.take().and_then(|mut process| process.stop(Signal::TERM, DRAIN_PATIENCE))
    }

    /// Waits for `lazaret up` to end by itself.
    pub fn wait_for_end(&mut self) -> Result<(), HarnessError> {
        let Some(mut process) = self.process.take() else { return Ok(()) };
        let id = process.id();
        process.wait_until(DRAIN_PATIENCE, || !Path::new(&format!("/proc/{id}/exe")).exists())
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        if !self.keep {
            self.drain();
        }
    }
}

const START_PATIENCE: Duration = Duration::from_secs(120);
/// Longer than `drain_ms`, after which the gateway ends by itself.
const DRAIN_PATIENCE: Duration = Duration::from_secs(60);

fn configure(folder: &Path, options: &GatewayOptions) -> Result<(), HarnessError> {
    let file = folder.join("lazaret.toml");
    let mut text = fs::read_to_string(&file).map_err(HarnessError::io("reading lazaret.toml"))?;
    for (section, key, value) in &options.settings {
        text = with_setting(&text, section, key, value);
    }
    fs::write(&file, text).map_err(HarnessError::io("writing lazaret.toml"))?;
    if let Some(policy) = &options.policy {
        let file = folder.join("policy/test.cedar");
        fs::write(file, policy).map_err(HarnessError::io("writing a policy"))?;
    }
    Ok(())
}

/// Replaces a key of a section, or puts it right under the section's head.
fn with_setting(text: &str, section: &str, key: &str, value: &str) -> String {
    let head = format!("[{section}]");
    let mut inside = false;
    let mut result = String::new();
    for line in text.lines() {
        if line.starts_with('[') {
            inside = line.trim() == head;
        }
        let is_the_key = line.split('=').next().is_some_and(|name| name.trim() == key);
        if !(inside && is_the_key) {
            result.push_str(line);
            result.push('\n');
        }
        if line.trim() == head {
            result.push_str(&format!("{key} = {value}\n"));
        }
    }
    if !result.contains(&head) {
        result.push_str(&format!("\n{head}\n{key} = {value}\n"));
    }
    result
}

#[cfg(test)]
mod tests {
    use super::with_setting;

    #[test]
    fn a_setting_replaces_its_key_in_its_section_alone() {
        let text = "[a]\nx = 1\n# note\n[b]\nx = 2\n";
        assert_eq!(with_setting(text, "b", "x", "3"), "[a]\nx = 1\n# note\n[b]\nx = 3\n");
        assert_eq!(with_setting(text, "a", "y", "3"), "[a]\ny = 3\nx = 1\n# note\n[b]\nx = 2\n");
        assert_eq!(with_setting("[a]\n", "c", "x", "3"), "[a]\n\n[c]\nx = 3\n");
    }
}
