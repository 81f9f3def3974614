//! A certificate authority for one run and a server certificate for the loopback interface.
//!
//! Made with the `openssl` command, which comes with Debian's PostgreSQL, so that nothing has to be
//! compiled for it.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{HarnessError, run};

/// PEM files in one folder.
#[derive(Clone, Debug)]
pub struct Certificates {
    pub authority: PathBuf,
    pub certificate: PathBuf,
    pub key: PathBuf,
}

impl Certificates {
    /// Valid for `localhost` and 127.0.0.1, for as long as a run may take.
    pub fn create(folder: &Path) -> Result<Self, HarnessError> {
        let path = |name: &str| folder.join(name);
        let made = Self {
            authority: path("ca.crt"),
            certificate: path("server.crt"),
            key: path("server.key"),
        };
        run(new_certificate("lazaret harness CA", &made.authority, &path("ca.key"))
            .args(["-addext", "keyUsage=critical,keyCertSign"]))?;
        run(new_certificate("localhost", &made.certificate, &made.key)
            .args(["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"])
            .args(["-addext", "basicConstraints=critical,CA:FALSE"])
            .args(["-addext", "extendedKeyUsage=serverAuth"])
            .arg("-CA")
            .arg(&made.authority)
            .arg("-CAkey")
            .arg(path("ca.key")))?;
        Ok(made)
    }
}

fn new_certificate(name: &str, certificate: &Path, key: &Path) -> Command {
    let mut command = Command::new("openssl");
    command
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"])
        .args(["-nodes", "-days", "7", "-subj", &format!("/CN={name}")])
        .arg("-out")
        .arg(certificate)
        .arg("-keyout")
        .arg(key);
    command
}
