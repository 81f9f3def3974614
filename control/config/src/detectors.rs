//! `[detectors]`: what a site adds to what is found in text, and its meaning: expressions are checked,
//! and dictionaries read. `lazaret detect` takes this section alone, so that it can be tried out before
//! anything else is there.

use std::collections::BTreeSet;
use std::path::Path;

use lazaret_detectors::{Identifier, Site, SiteCase, SiteCheck, SiteDictionary, SitePattern};
use serde::Deserialize;

use crate::syntax;
use crate::world::{Machine, World};
use crate::{Place, Problem, Problems, Source};

/// What is found in text and masked there beside what every installation finds: a site's own numbers,
/// by their look, and its own words, by lists. `lazaret detect --config lazaret.toml FILE` tries it out.
/// It is looked for where text is scanned, as every identifier is; the class of a column goes before it.
#[derive(Clone, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct DetectorsSection {
    /// What an identifier of the site's looks like.
    pattern: Vec<PatternSection>,
    /// Words that identify, such as the names of the staff, in a file.
    dictionary: Vec<DictionarySection>,
}

/// What an identifier of the site's looks like. At most 256; each costs time in every text that is scanned.
#[derive(Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct PatternSection {
    /// Said of each finding as the reason.
    name: String,
    /// In the syntax of Rust's `regex` crate, best between single quotes: `'\bM\d{2}-\d{6}\b'`. It has a
    /// longest match, of 128 bytes at most (`{1,12}` in the place of `+`), and doesn't match the empty text; of
    /// what looks around it only `\b` and `\B` can be. Classes such as `\d` and `\w` are ASCII's, letters beyond
    /// it go as `(?u:[ÄÖ])`; `(?i)` before it ignores case. Whatever it matches is covered, and so are matches
    /// within others.
    expression: String,
    /// One of `name`, `geography`, `date`, `telephone`, `fax`, `email`, `ssn`, `medical_record`, `health_plan`,
    /// `account`, `license`, `vehicle`, `device`, `url`, `ip_address`, `biometric`, `photograph`, `unique_code`.
    #[cfg_attr(test, schemars(with = "String"))]
    identifier: Identifier,
    /// Words of which one must stand within 128 bytes before a match or behind it, in capitals or small
    /// letters. Without any, a match is enough.
    #[serde(default)]
    context: Vec<String>,
    /// What the digits of a match must satisfy: `luhn`, or `mod11` as in an NHS number. What fails it stays, and
    /// so does a number with a typo: leave it out where `context` or the expression is telling enough.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    check: Option<SiteCheck>,
}

/// A list of words that identify, in a file of its own. At most 256, of 100,000 terms together.
#[derive(Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct DictionarySection {
    /// Said of each finding as the reason.
    name: String,
    /// The file, in UTF-8: a term a line, of 2 characters at least and 128 bytes at most. A term may be several
    /// words with one blank between; it is found where it stands as whole words.
    file: String,
    /// As for a pattern.
    #[cfg_attr(test, schemars(with = "String"))]
    identifier: Identifier,
    /// `ignore`: a term is found in capitals and small letters alike. `exact`: as it is written.
    #[serde(default)]
    #[cfg_attr(test, schemars(with = "String"))]
    case: SiteCase,
}

/// A configuration file of which nothing but `[detectors]` counts.
#[derive(Deserialize)]
struct DetectorsFile {
    #[serde(default)]
    detectors: DetectorsSection,
}

/// What the file adds to the detectors, whatever else it says or doesn't.
pub fn load_site(path: &Path) -> Result<Site, Problems> {
    let text = Machine.read(path).map_err(|error| {
        let mend = "name a lazaret.toml, or a file with a [detectors] section";
        Problem::with_file(path, format!("cannot be read: {error}"), mend)
    })?;
    let source = Source::new(path, text);
    let file: DetectorsFile = syntax::parse(&source)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut problems = Vec::new();
    let site = file.detectors.resolve(&source, folder, &Machine, &mut problems);
    if problems.is_empty() { Ok(site) } else { Err(Problems(problems)) }
}

impl DetectorsSection {
    /// Paths are relative to `folder`.
    pub(crate) fn resolve(
        &self,
        source: &Source,
        folder: &Path,
        world: &dyn World,
        problems: &mut Vec<Problem>,
    ) -> Site {
        let mut reader =
            Reader { source, folder, world, problems, names: BTreeSet::new(), terms: 0 };
        reader.count("pattern", self.pattern.len(), Site::MAX_PATTERNS);
        reader.count("dictionary", self.dictionary.len(), Site::MAX_DICTIONARIES);
        let patterns = self.pattern.iter().enumerate().map(|(at, it)| reader.pattern(at, it));
        let patterns = patterns.collect();
        let dictionaries = self.dictionary.iter().enumerate();
        Site {
            patterns,
            dictionaries: dictionaries.map(|(at, it)| reader.dictionary(at, it)).collect(),
        }
    }
}

/// What is wrong goes to `problems`, and reading goes on.
struct Reader<'a> {
    source: &'a Source,
    folder: &'a Path,
    world: &'a dyn World,
    problems: &'a mut Vec<Problem>,
    names: BTreeSet<&'a str>,
    /// Of all dictionaries so far.
    terms: usize,
}

impl<'a> Reader<'a> {
    fn refuse(
        &mut self,
        (list, at, key): (&str, usize, &str),
        message: impl Into<String>,
        mend: impl Into<String>,
    ) {
        let at = at.to_string();
        self.problems.push(self.source.problem(&["detectors", list, &at, key], message, mend));
    }

    fn count(&mut self, list: &str, count: usize, most: usize) {
        if count > most {
            let mend = "write one expression for several, or a dictionary";
            self.refuse((list, most, "name"), format!("there are more than {most}"), mend);
        }
    }

    fn name(&mut self, list: &str, at: usize, name: &'a str) {
        if name.is_empty() || name.len() > NAME_BYTES || name.contains(char::is_control) {
            let mend = format!("write what is found here, in {NAME_BYTES} bytes at most");
            self.refuse((list, at, "name"), "this can't be a name", mend);
        } else if !self.names.insert(name) {
            let mend = "name it otherwise: findings are told apart by it";
            self.refuse((list, at, "name"), format!("`{name}` stands twice"), mend);
        }
    }

    fn pattern(&mut self, at: usize, section: &'a PatternSection) -> SitePattern {
        let PatternSection { name, expression, identifier, context, check } = section;
        self.name("pattern", at, name);
        if let Err(error) = SitePattern::check_expression(expression) {
            self.refuse(("pattern", at, "expression"), error.to_string(), error.mend());
        }
        let is_word = |word: &String| !word.trim().is_empty() && word.len() <= CONTEXT_WORD_BYTES;
        if context.len() > CONTEXT_WORDS || !context.iter().all(is_word) {
            let mend = format!(
                "write up to {CONTEXT_WORDS} words of up to {CONTEXT_WORD_BYTES} bytes, or none"
            );
            self.refuse(("pattern", at, "context"), "these can't be looked for near a match", mend);
        }
        SitePattern {
            name: name.clone(),
            expression: expression.clone(),
            identifier: *identifier,
            context: context.clone(),
            check: *check,
        }
    }

    fn dictionary(&mut self, at: usize, section: &'a DictionarySection) -> SiteDictionary {
        let DictionarySection { name, file, identifier, case } = section;
        self.name("dictionary", at, name);
        let path = self.folder.join(file);
        let terms = match self.world.read(&path) {
            Ok(text) => self.terms(at, &path, &text),
            Err(error) => {
                let mend = "correct the path, or make the file readable for this user, in UTF-8";
                let message = format!("{} cannot be read: {error}", path.display());
                self.refuse(("dictionary", at, "file"), message, mend);
                Vec::new()
            }
        };
        SiteDictionary { name: name.clone(), terms, identifier: *identifier, case: *case }
    }

    /// The terms are not told: they may be names of people.
    fn terms(&mut self, at: usize, path: &Path, text: &str) -> Vec<String> {
        let mut terms = Vec::new();
        for (line, term) in (1..).zip(text.lines()) {
            let term = term.trim();
            let is_long = term.len() > Site::MATCH_BYTES;
            if is_long
                || term.contains('\0')
                || (1..Site::MIN_TERM_CHARS).contains(&term.chars().count())
            {
                let message = if is_long { "the term is too long" } else { "this is no term" };
                let mend = format!(
                    "write {} characters at least and {} bytes at most, or take the line away",
                    Site::MIN_TERM_CHARS,
                    Site::MATCH_BYTES
                );
                let place = Some(Place { line, column: 1 });
                let (file, message) = (path.to_owned(), message.to_owned());
                self.problems.push(Problem { file, place, message, mend });
            } else if !term.is_empty() {
                terms.push(term.to_owned());
            }
        }
        self.terms += terms.len();
        if terms.is_empty() {
            self.refuse(("dictionary", at, "file"), "the file holds no term", "write one a line");
        } else if self.terms > Site::MAX_TERMS {
            let message = format!("there are more than {} terms", Site::MAX_TERMS);
            self.refuse(("dictionary", at, "file"), message, "keep those that no other rule finds");
        }
        terms
    }
}

/// What a reader of findings takes in.
const NAME_BYTES: usize = 64;

/// Each is looked for at every byte near a match.
const CONTEXT_WORDS: usize = 16;
const CONTEXT_WORD_BYTES: usize = 64;
