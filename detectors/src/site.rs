//! What a site adds to the detectors: expressions for numbers of its own (its medical records, its
//! badges) and lists of words of its own (its staff, its wards).
//!
//! An expression is read by one grammar and written out again for Hyperscan ([`expression`]), so that
//! what was checked is what is matched. Both kinds are matched in a database of their own
//! ([`compiled`]), beside the default pack's, and what stands around a match is looked at like any
//! event's (`rules/site.rs`). A match is bounded, so a stream finds what one piece does.

mod compiled;
mod expression;

use serde::{Deserialize, Serialize};

use crate::Identifier;

pub(crate) use compiled::{Compiled, Rule, Shape};
pub use expression::ExpressionError;

/// All that a site adds. Nothing by default.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Site {
    pub patterns: Vec<SitePattern>,
    pub dictionaries: Vec<SiteDictionary>,
}

/// What an identifier of the site's looks like.
#[derive(Clone, Serialize, Deserialize)]
pub struct SitePattern {
    /// Said of each finding.
    pub name: String,
    /// As [`SitePattern::check_expression`] takes it.
    pub expression: String,
    pub identifier: Identifier,
    /// If there are any, one of these words stands within [`Site::CONTEXT_BYTES`] of each match.
    pub context: Vec<String>,
    pub check: Option<SiteCheck>,
}

/// Words, or rows of words, that identify.
#[derive(Clone, Serialize, Deserialize)]
pub struct SiteDictionary {
    /// Said of each finding.
    pub name: String,
    pub terms: Vec<String>,
    pub identifier: Identifier,
    pub case: SiteCase,
}

/// Whether a term is found in capitals and small letters alike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SiteCase {
    #[default]
    Ignore,
    Exact,
}

/// What the digits of a match must satisfy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SiteCheck {
    /// ISO/IEC 7812-1 Annex B.
    Luhn,
    /// The last digit checks the others modulo 11, weighted from 2 upwards from the right, as in an
    /// NHS number; an `X` is a check digit of 10.
    Mod11,
}

/// What is read again before a range: all of a match, with an escape before it, and the byte that tells
/// whether a word begins there.
pub(crate) const REACH_BYTES: usize = Site::MATCH_BYTES + 3;

impl Site {
    /// The longest match, and the longest term.
    pub const MATCH_BYTES: usize = 128;

    /// How far context reaches, before a match and behind it.
    pub const CONTEXT_BYTES: usize = 128;

    pub const MAX_PATTERNS: usize = 256;
    pub const MAX_DICTIONARIES: usize = 256;

    /// Of all dictionaries together: what Hyperscan compiles in some seconds.
    pub const MAX_TERMS: usize = 100_000;

    /// A shorter term covers what many words are made of.
    pub const MIN_TERM_CHARS: usize = 2;

    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty() && self.dictionaries.is_empty()
    }
}

impl SitePattern {
    /// Whether an expression can be matched: the syntax of Rust's `regex` crate over bytes, a longest
    /// match, no empty one, and of look-around `\b` and `\B` alone.
    pub fn check_expression(expression: &str) -> Result<(), ExpressionError> {
        let read = expression::Expression::read(expression)?;
        compiled::try_out(&read)
    }
}
