//! The verdict on a statement: fixed rules first, then Cedar.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use lazaret_detectors::Class;
use lazaret_sql::{Kind, Statement};

use crate::cache::Cache;
use crate::cedar::{Answer, Facts, Policies, PolicyError};
use crate::leave::Leave;
use crate::reach::writes_masked;
use crate::rules::{self, Refusal};
use crate::{Catalog, Grant, Mask, Masks, Preset, Reach, Snapshot, plan};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Allow {
        /// The Cedar policy that permitted it.
        policy: String,
    },
    Deny(Refusal),
}

/// The verdict together with what the mask plan needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clearance {
    pub verdict: Verdict,
    pub reach: Reach,
    /// Those of configuration, and what the permits ask for.
    pub masks: Arc<Masks>,
    /// Rows of a masked relation may be written, so no value may be a mask.
    pub writes_masked: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// Names the file, the line and the mend.
    #[error(transparent)]
    Policy(#[from] PolicyError),
}

/// A snapshot made ready to decide. One per shard; it holds the shard's decision cache.
pub struct Engine {
    snapshot: Arc<Snapshot>,
    policies: Policies,
    masks: Arc<Masks>,
    cache: Cache<Clearance>,
}

impl Engine {
    pub fn compile(snapshot: Arc<Snapshot>) -> Result<Self, EngineError> {
        let policies = Policies::compile(&snapshot.policies, snapshot.preset)?;
        let masks = Arc::new(Masks::new(snapshot.preset, &snapshot.masks));
        Ok(Self { snapshot, policies, masks, cache: Cache::new() })
    }

    pub fn snapshot(&self) -> &Arc<Snapshot> {
        &self.snapshot
    }

    /// How results of the statement are masked; of one that isn't known, by configuration alone.
    pub fn masks(&mut self, grant: &Grant, statement: Option<&Statement>) -> Arc<Masks> {
        match statement {
            Some(statement) => self.decide(grant, statement).masks,
            None => self.masks.clone(),
        }
    }

    /// The catalog of a grant's database; `None` if control has not read it.
    pub fn catalog(&self, database: &str) -> Option<&Catalog> {
        self.snapshot.catalogs.get(database)
    }

    /// Decides one statement. Cached by grant and statement shape.
    ///
    /// The reach of FETCH and EXECUTE is the worst; the session puts that of the DECLARE or PREPARE
    /// in its place where it knows it.
    pub fn decide(&mut self, grant: &Grant, statement: &Statement) -> Clearance {
        if self.snapshot.preset == Preset::Transparent {
            let policy = "preset:transparent".to_owned();
            let (reach, masks) = (Reach::default(), self.masks.clone());
            let verdict = Verdict::Allow { policy };
            return Clearance { verdict, reach, masks, writes_masked: false };
        }
        let key = self.cache.key(&Shape { grant, statement });
        if let Some(clearance) = self.cache.find(key) {
            return clearance;
        }
        let clearance = self.decide_anew(grant, statement);
        self.cache.insert(key, clearance.clone());
        clearance
    }

    fn decide_anew(&self, grant: &Grant, statement: &Statement) -> Clearance {
        let catalog = self.catalog(&grant.database);
        let reach = Reach::of(statement, catalog);
        let mut asked = Vec::new();
        let (verdict, leave) = self.permitted(grant, statement, reach, catalog, &mut asked);
        let masks = match asked.as_slice() {
            [] => self.masks.clone(),
            asked => Arc::new(self.masks.with(asked)),
        };
        let mut reach = reach.trusting(&leave, statement, catalog);
        let refusal = rules::refuse(statement, reach, catalog, &leave);
        let inferred = plan::infer(statement, reach, catalog, &masks, &leave);
        reach.pieces = inferred.pieces;
        let verdict = match (refusal, verdict) {
            (Some(refusal), _) => Verdict::Deny(refusal),
            (None, Verdict::Allow { policy }) => {
                inferred.refusal.map_or(Verdict::Allow { policy }, Verdict::Deny)
            }
            (None, denied) => denied,
        };
        let writes_masked =
            writes_masked(statement, catalog) && !leave.lifts(rules::WRITES_MASK.name);
        Clearance { verdict, reach, masks, writes_masked }
    }

    /// Whether policies permit all that the statement does, and what they leave open to all of it.
    /// `masks` gets what the permits ask for.
    fn permitted(
        &self,
        grant: &Grant,
        statement: &Statement,
        reach: Reach,
        catalog: Option<&Catalog>,
        masks: &mut Vec<(Class, Mask)>,
    ) -> (Verdict, Leave) {
        let facts = Facts::of(statement, reach, catalog);
        let (mut verdict, leave) = self.ask(grant, statement.kind, &facts, masks);
        let mut left = (!is_wrapper(statement)).then_some(leave);
        for kind in within(statement) {
            if matches!(verdict, Verdict::Deny(_)) {
                break;
            }
            let (answer, leave) = self.ask(grant, kind, &facts, masks);
            if matches!(answer, Verdict::Deny(_)) {
                verdict = answer;
            }
            left = Some(left.map_or_else(|| leave.clone(), |left| left.and(&leave)));
        }
        (verdict, left.unwrap_or_default())
    }

    fn ask(
        &self,
        grant: &Grant,
        kind: Kind,
        facts: &Facts,
        masks: &mut Vec<(Class, Mask)>,
    ) -> (Verdict, Leave) {
        let rule = match self.policies.ask(grant, kind, facts, masks) {
            Answer::Permitted(policy, leave) => return (Verdict::Allow { policy }, leave),
            Answer::Denied(Some(policy)) => policy,
            Answer::Denied(None) => "no-policy".to_owned(),
            Answer::Failed => "policy-error".to_owned(),
        };
        let refusal = Refusal {
            sqlstate: *b"42501",
            message: format!("the policy does not allow {}", kind.name()),
            hint: Some(format!(
                "Ask for a policy that permits action \"{}\" on this resource.",
                kind.name()
            )),
            rule,
        };
        (Verdict::Deny(refusal), Leave::default())
    }
}

/// Whether what is inside is all that matters: what is left open to SELECT is left open to it in a
/// cursor, too.
fn is_wrapper(statement: &Statement) -> bool {
    let wraps =
        matches!(statement.kind, Kind::Declare | Kind::Prepare | Kind::Explain | Kind::CopyOut);
    wraps && within(statement).next().is_some()
}

/// What a statement does beside its own kind. Plain EXPLAIN runs nothing of what is inside it.
fn within(statement: &Statement) -> impl Iterator<Item = Kind> {
    let runs = statement.kind != Kind::Explain || statement.runs_inner;
    let inner = statement.inner.iter().chain(&statement.nested);
    inner.copied().filter(move |_| runs)
}

/// What a decision depends on: all of a statement but its place in the text and the names of
/// cursors and prepared statements, and all of a grant but its own name and its end.
struct Shape<'a> {
    grant: &'a Grant,
    statement: &'a Statement,
}

impl Hash for Shape<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Grant { id: _, principal, issuer, groups, resource, database, expires_at_ms: _ } =
            self.grant;
        (principal, issuer, groups, resource, database).hash(state);
        let Statement {
            kind,
            inner,
            nested,
            runs_inner,
            relations,
            functions,
            attributes,
            outputs: _,
            uses,
            settings,
            unnamed_setting,
            copy,
            object: _,
            copies,
            start: _,
            end: _,
        } = self.statement;
        (kind, inner, nested, runs_inner, relations, functions, attributes).hash(state);
        (uses, settings, unnamed_setting, copy, copies).hash(state);
    }
}
