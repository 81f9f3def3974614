//! Texts that a client saw as they are, scanned once more: nothing may be left in them that the detectors find.
//!
//! `lazaret detect --null` scans each as the cell that it was.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use harness::tree;
use serde_json::Value;

use super::compare::Difference;
use crate::error::TaskError;

/// Each text with the test and the statement that showed it first.
#[derive(Clone, Debug, Default)]
pub(super) struct Texts(BTreeMap<Vec<u8>, (String, String)>);

/// Ends each text: none of PostgreSQL's holds it.
const BETWEEN: &[u8] = b"\0";

impl Texts {
    pub(super) fn add(&mut self, text: &[u8], test: &str, statement: &str) {
        if !self.0.contains_key(text) {
            self.0.insert(text.to_vec(), (test.to_owned(), statement.to_owned()));
        }
    }

    pub(super) fn findings(&self) -> Result<Vec<Difference>, TaskError> {
        let whole = self.whole();
        let file = tempfile::NamedTempFile::new().map_err(TaskError::io("making a file"))?;
        fs::write(file.path(), &whole).map_err(TaskError::io("writing the texts"))?;
        let mut detect = Command::new(tree::binary("lazaret")?);
        let output = harness::run(detect.args(["detect", "--json", "--null"]).arg(file.path()))?;
        Ok(self.located(&whole, &output))
    }

    fn whole(&self) -> Vec<u8> {
        self.0.keys().flat_map(|text| [text.as_slice(), BETWEEN]).flatten().copied().collect()
    }

    /// Which text each finding is in.
    fn located(&self, whole: &[u8], findings: &str) -> Vec<Difference> {
        let mut end = 0;
        let mut places = Vec::new();
        for (text, shown_by) in &self.0 {
            end += text.len() + BETWEEN.len();
            places.push((end, shown_by));
        }
        let located = |line: &str| -> Option<Difference> {
            let finding: Value = serde_json::from_str(line).ok()?;
            let offset = |name: &str| usize::try_from(finding[name].as_u64()?).ok();
            let (start, end) = (offset("start")?, offset("end")?);
            let index = places.partition_point(|(until, _)| *until <= start);
            let (_, (test, statement)) = places.get(index)?;
            let value = String::from_utf8_lossy(whole.get(start..end)?).into_owned();
            Some(Difference {
                test: test.clone(),
                statement: statement.clone(),
                sort: "leak",
                detail: format!("{value:?} is {}: {}", finding["identifier"], finding["why"]),
            })
        };
        findings.lines().filter_map(located).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_laid_to_the_statement_that_showed_it() {
        let mut texts = Texts::default();
        texts.add(b"plain", "boolean", "SELECT 1");
        texts.add(b"call 078-05-1120", "char", "SELECT 2");
        let whole = texts.whole();
        let found = r#"{"identifier":"ssn","start":5,"end":16,"score":90,"why":"x"}"#;
        let leaks = texts.located(&whole, found);
        assert_eq!(leaks.len(), 1);
        assert_eq!((leaks[0].test.as_str(), leaks[0].statement.as_str()), ("char", "SELECT 2"));
        assert!(leaks[0].detail.contains("078-05-1120"));
    }
}
