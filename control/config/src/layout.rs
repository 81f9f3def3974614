//! Where things lie in the folder that `lazaret init` makes.

use std::path::{Path, PathBuf};

/// The folder that holds one installation. Names that configuration can't change are here; those
/// that it can are in [`crate::Config`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    folder: PathBuf,
}

impl Layout {
    /// `folder` is made absolute, for the processes may run elsewhere.
    pub fn new(folder: &Path) -> std::io::Result<Self> {
        Ok(Self { folder: std::path::absolute(folder)? })
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What a path in `lazaret.toml` means.
    pub fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.folder.join(relative)
    }

    pub fn config(&self) -> PathBuf {
        self.path("lazaret.toml")
    }

    /// Sockets and pids.
    pub fn run(&self) -> PathBuf {
        self.path("run")
    }

    /// Where control listens for the data plane.
    pub fn control_socket(&self) -> PathBuf {
        self.run().join("control.sock")
    }

    /// Held locked by the one control of this folder.
    pub fn control_lock(&self) -> PathBuf {
        self.run().join("control.lock")
    }

    /// Held locked by the one `lazaret up` of this folder.
    pub fn up_lock(&self) -> PathBuf {
        self.run().join("up.lock")
    }

    pub fn state(&self) -> PathBuf {
        self.path("state.db")
    }

    /// What `lazaret verify --trust` takes.
    pub fn trust(&self) -> PathBuf {
        self.path("trust.json")
    }

    /// Private keys; nobody but the owner may look in.
    pub fn keys(&self) -> PathBuf {
        self.path("keys")
    }

    /// Signs the seals of segments.
    pub fn seal_key(&self) -> PathBuf {
        self.keys().join("seal.key")
    }

    /// Salts the commitments in records.
    pub fn commitment_key(&self) -> PathBuf {
        self.keys().join("commitment.key")
    }

    /// What masks that take a key are made with. Only the data plane reads it.
    pub fn mask_key(&self) -> PathBuf {
        self.keys().join("mask.key")
    }

    /// Where init puts the service user's password, if it was told one.
    pub fn upstream_password(&self) -> PathBuf {
        self.keys().join("upstream.password")
    }

    /// Ed25519, PKCS #8 in PEM. Only `lazaret token` reads it.
    pub fn development_issuer_key(&self) -> PathBuf {
        self.keys().join("development-issuer.pem")
    }

    /// The public half as RFC 7517 has it; what control serves.
    pub fn development_issuer_jwks(&self) -> PathBuf {
        self.keys().join("development-issuer.jwks.json")
    }
}
