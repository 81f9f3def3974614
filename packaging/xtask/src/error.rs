//! Why a task failed, in words for the person who typed it.

use harness::HarnessError;

#[derive(Debug, thiserror::Error)]
pub(crate) enum TaskError {
    #[error(transparent)]
    Harness(#[from] HarnessError),
    #[error("{what}: {source}")]
    Io {
        what: String,
        #[source]
        source: std::io::Error,
    },
    #[error("`{0}` failed")]
    Command(String),
    #[error("{0}")]
    Unexpected(String),
    #[error("{0}\n\n{USAGE}", USAGE = crate::USAGE)]
    Usage(String),
}

impl TaskError {
    /// For `map_err`: says what was being done when the operating system refused.
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }

    /// 64 for wrong usage, as everywhere in this product.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => 64,
            Self::Harness(_) | Self::Io { .. } | Self::Command(_) | Self::Unexpected(_) => 1,
        }
    }
}
