//! What can go wrong with a counterpart, said so that the reader knows what to do.

use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum HarnessError {
    #[error("{what}: {source}")]
    Io {
        what: String,
        #[source]
        source: std::io::Error,
    },
    #[error("{0} is not installed: run `cargo xtask setup`")]
    Missing(PathBuf),
    #[error("{command} ended with {status}\n{output}")]
    Failed { command: String, status: String, output: String },
    #[error("{name} was not ready after {seconds} s; the end of its log:\n{log}")]
    NotReady { name: String, seconds: u64, log: String },
    #[error("no free port left on the loopback interface")]
    NoPort,
}

impl HarnessError {
    /// For `map_err`: says what was being done when the operating system refused.
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }
}
