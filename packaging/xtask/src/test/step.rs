//! A step of the test run and what it counts.

use std::fmt::{self, Display, Formatter};
use std::io::{BufRead, BufReader};
use std::ops::Add;
use std::process::{Command, Stdio};

use crate::error::TaskError;
use crate::shell;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) passed: u32,
    pub(crate) failed: u32,
    pub(crate) skipped: u32,
}

impl Count {
    pub(crate) const FAILED: Self = Self { passed: 0, failed: 1, skipped: 0 };
    pub(crate) const PASSED: Self = Self { passed: 1, failed: 0, skipped: 0 };
    pub(crate) const SKIPPED: Self = Self { passed: 0, failed: 0, skipped: 1 };

    /// A step without tests of its own.
    pub(crate) fn of<E>(result: Result<(), E>) -> Self {
        if result.is_ok() { Self::PASSED } else { Self::FAILED }
    }
}

impl Add for Count {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
            skipped: self.skipped + other.skipped,
        }
    }
}

impl Display for Count {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} passed, {} failed", self.passed, self.failed)?;
        match self.skipped {
            0 => Ok(()),
            skipped => write!(formatter, ", {skipped} skipped"),
        }
    }
}

/// Runs a command that passes or fails as a whole.
pub(crate) fn one(command: &mut Command) -> Result<Count, TaskError> {
    Ok(Count::of(shell::run(command)))
}

/// Runs `cargo test` and adds up its results.
pub(crate) fn counted(command: &mut Command) -> Result<Count, TaskError> {
    let text = shell::describe(command);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(TaskError::io(format!("starting `{text}`")))?;
    let mut count = Count::default();
    for line in child.stdout.take().map(BufReader::new).into_iter().flat_map(BufRead::lines) {
        let line = line.map_err(TaskError::io(format!("reading from `{text}`")))?;
        println!("{line}");
        count = count + result_of(&line).unwrap_or_default();
    }
    let status = child.wait().map_err(TaskError::io(format!("waiting for `{text}`")))?;
    // It fails without counting where a test binary can't be built or dies.
    let uncounted = !status.success() && count.failed == 0;
    Ok(if uncounted { count + Count::FAILED } else { count })
}

/// `test result: ok. 3 passed; 0 failed; 1 ignored; ...`
fn result_of(line: &str) -> Option<Count> {
    let result = line.strip_prefix("test result: ")?;
    let number = |what: &str| {
        let mut words = result.split([' ', ';']).filter(|word| !word.is_empty()).peekable();
        while let Some(word) = words.next() {
            if words.peek() == Some(&what) {
                return word.parse().ok();
            }
        }
        None
    };
    Some(Count {
        passed: number("passed")?,
        failed: number("failed")?,
        skipped: number("ignored")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_results_of_cargo_test_are_counted() {
        let line =
            "test result: FAILED. 27 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out";
        assert_eq!(result_of(line), Some(Count { passed: 27, failed: 2, skipped: 1 }));
        assert_eq!(result_of("test result_of ... ok"), None);
    }

    #[test]
    fn the_total_reads_as_a_line_of_its_own() {
        assert_eq!((Count::PASSED + Count::FAILED).to_string(), "1 passed, 1 failed");
        assert_eq!((Count::PASSED + Count::SKIPPED).to_string(), "1 passed, 0 failed, 1 skipped");
    }
}
