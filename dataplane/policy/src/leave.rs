//! What permits leave open beside the action itself, by their annotations.
//!
//! `@infer("date, geography")`: columns of these classes may be used in any way; `*` is all of them.
//! `@keys("unique_code")`: rows may be looked up, grouped and sorted by columns that are keys by name.
//! `@trust("clinic.age_band")`: what these functions return may be shown, whatever they are given.
//! `@lift("private-relation")`: these fixed rules don't apply.

use std::collections::BTreeSet;

use lazaret_detectors::Class;

/// What one permit, or all that a statement needs, leaves open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Leave {
    infer: BTreeSet<&'static str>,
    keys: bool,
    /// Schemas and names.
    trusted: BTreeSet<(String, String)>,
    lifted: BTreeSet<&'static str>,
}

/// A word of an annotation means nothing.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Misread {
    pub(crate) message: String,
    pub(crate) mend: String,
}

const ALL: &str = "*";

impl Leave {
    /// `annotation` gives the value of the annotation of a name; `liftable` are the rules that may be
    /// lifted.
    pub(crate) fn of<'p>(
        annotation: impl Fn(&str) -> Option<&'p str>,
        liftable: &[&'static str],
    ) -> Result<Self, Misread> {
        let mut leave = Self::default();
        for word in words(annotation("infer")) {
            leave.infer.insert(class_word(word)?);
        }
        for word in words(annotation("keys")) {
            if word != Class::UNTRACED.name() {
                return Err(Misread {
                    message: format!("@keys can't be \"{word}\""),
                    mend: format!("it is \"{}\" or not there", Class::UNTRACED.name()),
                });
            }
            leave.keys = true;
        }
        for word in words(annotation("trust")) {
            leave.trusted.insert(function(word)?);
        }
        for word in words(annotation("lift")) {
            let known = liftable.iter().find(|known| **known == word);
            leave.lifted.insert(known.ok_or_else(|| Misread {
                message: format!("there is no rule \"{word}\" that a policy may lift"),
                mend: format!("the rules are {}", liftable.join(", ")),
            })?);
        }
        Ok(leave)
    }

    /// What any of several permits leaves open.
    pub(crate) fn or(mut self, other: &Self) -> Self {
        self.infer.extend(&other.infer);
        self.keys |= other.keys;
        self.trusted.extend(other.trusted.iter().cloned());
        self.lifted.extend(&other.lifted);
        self
    }

    /// What is left open to both parts of a statement.
    pub(crate) fn and(&self, other: &Self) -> Self {
        let infer = match (self.infers_all(), other.infers_all()) {
            (true, _) => other.infer.clone(),
            (_, true) => self.infer.clone(),
            _ => &self.infer & &other.infer,
        };
        Self {
            infer,
            keys: self.keys && other.keys,
            trusted: &self.trusted & &other.trusted,
            lifted: &self.lifted & &other.lifted,
        }
    }

    pub(crate) fn infers_all(&self) -> bool {
        self.infer.contains(ALL)
    }

    pub(crate) fn infers(&self, class: Class) -> bool {
        self.infers_all() || self.infer.contains(class.name())
    }

    pub(crate) fn keys(&self) -> bool {
        self.keys
    }

    pub(crate) fn trusts_any(&self) -> bool {
        !self.trusted.is_empty()
    }

    pub(crate) fn trusts(&self, schema: &str, name: &str) -> bool {
        self.trusted.contains(&(schema.to_owned(), name.to_owned()))
    }

    pub(crate) fn lifts(&self, rule: &str) -> bool {
        self.lifted.contains(rule)
    }

    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

fn words(annotation: Option<&str>) -> impl Iterator<Item = &str> {
    let words = annotation.into_iter().flat_map(|words| words.split(','));
    words.map(str::trim)
}

fn function(word: &str) -> Result<(String, String), Misread> {
    let plain = |part: &&str| {
        let word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$');
        !part.is_empty() && part.chars().all(word)
    };
    let parts: Vec<_> = word.split('.').collect();
    match parts.as_slice() {
        [schema, name] if plain(schema) && plain(name) => {
            Ok(((*schema).to_owned(), (*name).to_owned()))
        }
        _ => Err(Misread {
            message: format!("@trust can't be \"{word}\""),
            mend: "name functions with their schemas, as in clinic.age_band".to_owned(),
        }),
    }
}

fn class_word(word: &str) -> Result<&'static str, Misread> {
    if word == ALL {
        return Ok(ALL);
    }
    let class = Class::from_name(word).filter(|class| class.is_masked());
    class.map(|class| class.name()).ok_or_else(|| Misread {
        message: format!("there is no class \"{word}\" that is masked"),
        mend: "name classes as [classes] in lazaret.toml does, or * for all".to_owned(),
    })
}
