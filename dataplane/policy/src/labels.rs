//! What comments and security labels found upstream say about classes.
//!
//! A label may only raise. Most comments are prose in which `name` and `date` are plain words, so
//! a class word counts only as the whole label or beside a word that marks PHI.

use lazaret_detectors::Class;

const MARKS: &[&str] = &["hipaa", "phi", "ephi", "pii", "protected", "confidential", "sensitive"];

/// The strictest class that the labels ask for.
pub(crate) fn mark(labels: &[String]) -> Option<Class> {
    labels.iter().filter_map(|label| one(label)).reduce(Class::raise)
}

fn one(label: &str) -> Option<Class> {
    let label = label.to_ascii_lowercase();
    if let Some(class) = class_word(label.trim()) {
        return Some(class);
    }
    let words = || label.split(|c: char| !(c.is_alphanumeric() || c == '_'));
    if !words().any(|word| MARKS.contains(&word)) {
        return None;
    }
    Some(words().find_map(class_word).unwrap_or(Class::UNTRACED))
}

/// `clear` and `version` are no classes that a label can give.
fn class_word(word: &str) -> Option<Class> {
    Class::from_name(word).filter(|class| class.is_masked())
}
