//! A refusal that can be acted on: where, what, and the mend.

use std::fmt;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Counted from 1; columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub line: usize,
    pub column: usize,
}

/// One thing that is wrong. The texts hold no secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Problem {
    pub file: PathBuf,
    pub place: Option<Place>,
    pub message: String,
    pub mend: String,
}

impl Problem {
    /// A problem with a file as a whole.
    pub fn with_file(file: &Path, message: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { file: file.to_owned(), place: None, message: message.into(), mend: mend.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.file.display())?;
        if let Some(Place { line, column }) = self.place {
            write!(f, "{line}:{column}:")?;
        }
        write!(f, " {}\n  mend: {}", self.message, self.mend)
    }
}

/// All that is wrong, in the order found; never empty when it is an error.
#[derive(Clone, Debug, Default, PartialEq, Eq, thiserror::Error)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

/// The text of a configuration file, able to say where a key stands.
#[derive(Clone, Debug)]
pub struct Source {
    pub path: PathBuf,
    text: String,
}

impl Source {
    pub fn new(path: impl Into<PathBuf>, text: impl Into<String>) -> Self {
        Self { path: path.into(), text: text.into() }
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// A problem with the value at `keys`; an element of an array is named by its index. Where the
    /// key is absent, the place is that of the nearest section above it.
    pub fn problem(
        &self,
        keys: &[&str],
        message: impl Into<String>,
        mend: impl Into<String>,
    ) -> Problem {
        Problem {
            file: self.path.clone(),
            place: self.find(keys).map(|offset| self.place(offset)),
            message: message.into(),
            mend: mend.into(),
        }
    }

    pub(crate) fn problem_at(&self, offset: usize, message: String, mend: String) -> Problem {
        Problem { file: self.path.clone(), place: Some(self.place(offset)), message, mend }
    }

    fn find(&self, keys: &[&str]) -> Option<usize> {
        let table = DeTable::parse(&self.text).ok()?;
        let (first, rest) = keys.split_first()?;
        let mut value = table.get_ref().get(*first)?;
        for key in rest {
            match child(value.get_ref(), key) {
                Some(next) => value = next,
                None => break,
            }
        }
        Some(value.span().start)
    }

    fn place(&self, offset: usize) -> Place {
        let before = &self.text[..self.text.floor_char_boundary(offset)];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Place {
            line: before.bytes().filter(|byte| *byte == b'\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }
}

fn child<'v, 'i>(value: &'v DeValue<'i>, key: &str) -> Option<&'v Spanned<DeValue<'i>>> {
    match value {
        DeValue::Table(table) => table.get(key),
        DeValue::Array(array) => array.get(key.parse::<usize>().ok()?),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_counts_characters_and_not_bytes() {
        let source = Source::new("x.toml", "# ä\n[a]\nb = [1, \"ü\", 2]\n");
        let problem = source.problem(&["a", "b", "2"], "m", "d");
        assert_eq!(problem.place, Some(Place { line: 3, column: 14 }));
    }

    #[test]
    fn an_absent_key_is_placed_at_its_section() {
        let source = Source::new("x.toml", "\n[a]\nb = 1\n");
        let problem = source.problem(&["a", "c"], "m", "d");
        assert_eq!(problem.place, Some(Place { line: 2, column: 1 }));
    }
}
