//! What the meaning of a configuration depends on besides its text: variables and files.

use std::io;
use std::path::Path;

/// What resolving may ask of the machine.
pub trait World {
    fn variable(&self, name: &str) -> Option<String>;
    fn read(&self, path: &Path) -> io::Result<String>;
}

/// This machine.
pub struct Machine;

impl World for Machine {
    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn read(&self, path: &Path) -> io::Result<String> {
        std::fs::read_to_string(path)
    }
}
