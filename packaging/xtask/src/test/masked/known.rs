//! The differences that are known, each with its reason: `data/masked-differences.txt`.
//!
//! A line names the test, the sort of the difference, how the statement begins and why it is as it should be,
//! separated by `|`. Empty lines and those that begin with `#` are for the reader.

use super::compare::Difference;
use crate::error::TaskError;

pub(super) struct Known<'a> {
    pub(super) test: &'a str,
    pub(super) sort: &'a str,
    pub(super) statement: &'a str,
}

pub(super) fn read(text: &str) -> Result<Vec<Known<'_>>, TaskError> {
    let lines = text.lines().map(str::trim).enumerate();
    lines
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .map(|(number, line)| {
            let parts: Vec<&str> = line.splitn(4, '|').map(str::trim).collect();
            match parts[..] {
                [test, sort, statement, reason] if !reason.is_empty() => {
                    Ok(Known { test, sort, statement })
                }
                _ => Err(TaskError::Unexpected(format!(
                    "the list of known differences, line {}: not `test | sort | statement | reason`",
                    number + 1
                ))),
            }
        })
        .collect()
}

impl Known<'_> {
    pub(super) fn covers(&self, difference: &Difference) -> bool {
        self.test == difference.test
            && self.sort == difference.sort
            && difference.statement.starts_with(self.statement)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_without_a_reason_is_refused() {
        assert!(read("boolean | cell | SELECT 1 |").is_err());
        assert!(read("boolean | cell | SELECT 1").is_err());
        assert_eq!(read("# a note\n\nboolean | cell | SELECT | why").unwrap().len(), 1);
    }

    #[test]
    fn a_line_covers_statements_that_begin_so() {
        let known = read("boolean | cell | SELECT 1 | why").unwrap();
        let difference = |statement: &str| Difference {
            test: "boolean".into(),
            statement: statement.into(),
            sort: "cell",
            detail: String::new(),
        };
        assert!(known[0].covers(&difference("SELECT 1, 2")));
        assert!(!known[0].covers(&difference("SELECT 2")));
    }
}
