//! What a site adds, compiled: one Hyperscan database, and for each of its expressions and terms the
//! rule that looks at a match.

use hyperscan::{BlockDatabase, Builder, Pattern, PatternFlags, Patterns};

use super::expression::{self, Expression, ExpressionError};
use super::{Site, SiteCase, SiteCheck, SitePattern};
use crate::Identifier;

/// What is looked at around a match.
pub(crate) struct Rule {
    pub(crate) shape: Shape,
    pub(crate) identifier: Identifier,
    pub(crate) why: &'static str,
    /// One of these stands near, if there are any.
    pub(crate) context: Vec<String>,
    pub(crate) check: Option<SiteCheck>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Whether a word begins or ends at its start, and at its end.
    Expression { at_start: bool, at_end: bool },
    /// The same, behind the two bytes of a JSON escape.
    BehindEscape { at_end: bool },
    /// A term stands alone, as words do.
    Term,
}

/// What is matched, before Hyperscan compiles it.
pub(crate) struct Compiled {
    pub(crate) rules: Vec<Rule>,
    sought: Vec<Sought>,
}

/// An expression or a term. Its index is its id in the database.
#[derive(Debug)]
struct Sought {
    text: String,
    rule: u16,
    /// Of what is always as long; else the start is Hyperscan's to tell.
    len: Option<u8>,
    ignores_case: bool,
}

impl Compiled {
    pub(crate) fn new(site: &Site) -> Result<Self, ExpressionError> {
        let mut compiled = Self { rules: Vec::new(), sought: Vec::new() };
        for pattern in &site.patterns {
            let read = Expression::read(&pattern.expression)?;
            let Expression { text, len, at_start, at_end, behind_escape } = read;
            compiled.push_expression(pattern, Shape::Expression { at_start, at_end }, text, len);
            if let Some(text) = behind_escape {
                compiled.push_expression(pattern, Shape::BehindEscape { at_end }, text, None);
            }
        }
        for dictionary in &site.dictionaries {
            let rule = compiled.push_rule(Rule {
                shape: Shape::Term,
                identifier: dictionary.identifier,
                why: kept(&dictionary.name),
                context: Vec::new(),
                check: None,
            });
            for term in &dictionary.terms {
                compiled.push_term(term, rule, dictionary.case);
            }
        }
        Ok(compiled)
    }

    fn push_rule(&mut self, rule: Rule) -> u16 {
        self.rules.push(rule);
        u16::try_from(self.rules.len() - 1).unwrap_or(u16::MAX)
    }

    fn push_expression(
        &mut self,
        pattern: &SitePattern,
        shape: Shape,
        text: String,
        len: Option<u8>,
    ) {
        let rule = self.push_rule(Rule {
            shape,
            identifier: pattern.identifier,
            why: kept(&pattern.name),
            context: pattern.context.clone(),
            check: pattern.check,
        });
        self.sought.push(Sought { text, rule, len, ignores_case: false });
    }

    /// Hyperscan knows the case of ASCII; a term with other letters is sought in both cases.
    fn push_term(&mut self, term: &str, rule: u16, case: SiteCase) {
        let ignores_case = case == SiteCase::Ignore;
        let mut spellings = vec![term.to_owned()];
        if ignores_case && !term.is_ascii() {
            spellings.extend([term.to_lowercase(), term.to_uppercase()]);
            spellings.sort_unstable();
            spellings.dedup();
        }
        for spelling in spellings {
            let len = Some(u8::try_from(spelling.len()).unwrap_or(u8::MAX));
            let text = expression::literal(&spelling);
            self.sought.push(Sought { text, rule, len, ignores_case });
        }
    }

    /// All that the database depends on.
    pub(crate) fn key(&self) -> String {
        format!("{:?}", self.sought)
    }

    pub(crate) fn database(&self) -> hyperscan::Result<BlockDatabase> {
        let patterns = self
            .sought
            .iter()
            .enumerate()
            .map(|(id, sought)| Pattern { id: Some(id), ..pattern(&sought.text, sought.flags()) });
        patterns.collect::<Patterns>().build()
    }

    /// The rule of what Hyperscan matched, and where the match began.
    pub(crate) fn matched(&self, id: u32, from: u64, end: u64) -> Option<(u16, u64)> {
        let sought = self.sought.get(id as usize)?;
        let start = sought.len.map_or(Some(from), |len| end.checked_sub(u64::from(len)))?;
        Some((sought.rule, start))
    }
}

impl Sought {
    fn flags(&self) -> PatternFlags {
        let case = if self.ignores_case { PatternFlags::CASELESS } else { PatternFlags::default() };
        if self.len.is_some() { case } else { case | PatternFlags::SOM_LEFTMOST }
    }
}

/// Whether Hyperscan takes it.
pub(super) fn try_out(expression: &Expression) -> Result<(), ExpressionError> {
    for text in [Some(&expression.text), expression.behind_escape.as_ref()].into_iter().flatten() {
        let tried: hyperscan::Result<BlockDatabase> =
            pattern(text, PatternFlags::SOM_LEFTMOST).build();
        tried.map_err(|error| ExpressionError::Hyperscan(error.to_string()))?;
    }
    Ok(())
}

fn pattern(text: &str, flags: PatternFlags) -> Pattern {
    let (id, ext, som) = Default::default();
    Pattern { expression: text.to_owned(), flags, id, ext, som }
}

/// Findings name what found them by a text that lives as long as they may: as long as the process,
/// which makes one pack.
fn kept(name: &str) -> &'static str {
    name.to_owned().leak()
}
