//! Cedar: from policy files to an answer about one statement.
//!
//! Files are parsed and validated strictly against our schema, so that a misspelt action or
//! attribute is an error at load and not a rule that never applies. A policy that fails while it is
//! evaluated makes the answer no: Cedar itself would pass over it, a `forbid` included.

use std::collections::{BTreeMap, HashMap, HashSet};

use cedar_policy::{
    Authorizer, Context, Decision, Effect, Entities, Entity, EntityId, EntityTypeName, EntityUid,
    Policy, PolicyId, PolicySet, Request, RestrictedExpression, Schema, ValidationMode, Validator,
};
use lazaret_detectors::Class;
use lazaret_sql::{Invocation, Kind, Statement};
use miette::Diagnostic;

use crate::leave::Leave;
use crate::masks::parse_annotation;
use crate::rules::LIFTABLE;
use crate::{Catalog, Grant, Mask, Preset, Reach};

/// A policy file can't be used.
#[derive(Debug, thiserror::Error)]
#[error("{file}:{line}: {message}{}", mend.as_ref().map(|mend| format!(" ({mend})")).unwrap_or_default())]
pub struct PolicyError {
    pub file: String,
    /// From 1.
    pub line: usize,
    pub message: String,
    pub mend: Option<String>,
}

/// The policies of a snapshot, ready to be asked.
pub(crate) struct Policies {
    set: PolicySet,
    /// By the permits that have a `@mask`.
    masks: HashMap<PolicyId, Vec<(Class, Mask)>>,
    /// Of the permits that leave something open.
    leaves: HashMap<PolicyId, Leave>,
    authorizer: Authorizer,
    types: Types,
}

/// Names of entity types, parsed once.
struct Types {
    user: EntityTypeName,
    group: EntityTypeName,
    action: EntityTypeName,
    resource: EntityTypeName,
}

pub(crate) enum Answer {
    /// The policy that permits, and what all that do leave open.
    Permitted(String, Leave),
    /// The policy that forbids, if one does.
    Denied(Option<String>),
    /// A policy could not be evaluated.
    Failed,
}

impl Policies {
    /// `files` are texts by file name.
    pub(crate) fn compile(
        files: &BTreeMap<String, String>,
        preset: Preset,
    ) -> Result<Self, PolicyError> {
        let validator = Validator::new(schema());
        let mut set = PolicySet::new();
        let mut masks = HashMap::new();
        let mut leaves = HashMap::new();
        for (file, text) in files {
            let parsed: PolicySet = text.parse().map_err(|error| refused(file, text, &error))?;
            if parsed.templates().next().is_some() {
                let message = "a template with ?principal or ?resource can't be used".to_owned();
                let mend = Some("name the principal or the resource".to_owned());
                return Err(PolicyError { file: file.clone(), line: 1, message, mend });
            }
            let result = validator.validate(&parsed, ValidationMode::Strict);
            if let Some(error) = result.validation_errors().next() {
                return Err(refused(file, text, error));
            }
            for policy in parsed.policies() {
                let id = add(&mut set, file, policy)?;
                let leave = leave_of(policy, file, text)?;
                if !leave.is_empty() {
                    leaves.insert(id.clone(), leave);
                }
                if let Some(asked) = masks_of(policy, file, text, preset)? {
                    masks.insert(id, asked);
                }
            }
        }
        Ok(Self { set, masks, leaves, authorizer: Authorizer::new(), types: Types::parsed() })
    }

    /// Whether the grant's principal may do `kind`, as part of `statement`. `masks` gets what the
    /// permits ask for.
    pub(crate) fn ask(
        &self,
        grant: &Grant,
        kind: Kind,
        facts: &Facts,
        masks: &mut Vec<(Class, Mask)>,
    ) -> Answer {
        let Some((request, entities)) = self.types.request(grant, kind, facts) else {
            return Answer::Failed;
        };
        let response = self.authorizer.is_authorized(&request, &self.set, &entities);
        let diagnostics = response.diagnostics();
        if diagnostics.errors().next().is_some() {
            return Answer::Failed;
        }
        // Of several, the first in the order of names, so that equal statements have equal records.
        let reason = diagnostics.reason().map(ToString::to_string).min();
        match response.decision() {
            Decision::Allow => {
                let asked = diagnostics.reason().filter_map(|id| self.masks.get(id));
                masks.extend(asked.flatten());
                let open = diagnostics.reason().filter_map(|id| self.leaves.get(id));
                let leave = open.fold(Leave::default(), Leave::or);
                Answer::Permitted(reason.unwrap_or_default(), leave)
            }
            Decision::Deny => Answer::Denied(reason),
        }
    }
}

/// What policies may ask about a statement.
pub(crate) struct Facts {
    reach: Reach,
    copies: bool,
    relations: Vec<String>,
    functions: Vec<String>,
}

impl Facts {
    pub(crate) fn of(statement: &Statement, reach: Reach, catalog: Option<&Catalog>) -> Self {
        let mut relations = Vec::with_capacity(statement.relations.len());
        for of in &statement.relations {
            let schema = of.schema.as_deref();
            let known = relations.len();
            if let Some(catalog) = catalog {
                let meant = catalog.resolve(schema, &of.name);
                relations.extend(meant.map(|relation| qualified(Some(&relation.schema), &of.name)));
            }
            if relations.len() == known {
                relations.push(qualified(schema, &of.name));
            }
        }
        let calls = statement.functions.iter();
        let calls = calls.filter(|of| matches!(of.by, Invocation::Call(_) | Invocation::Keyword));
        Self {
            reach,
            copies: statement.copies,
            relations,
            functions: calls.map(|of| qualified(of.schema.as_deref(), &of.name)).collect(),
        }
    }
}

impl Types {
    fn parsed() -> Self {
        let parse = |name: &str| name.parse().expect("a plain name is an entity type");
        Self {
            user: parse("User"),
            group: parse("Group"),
            action: parse("Action"),
            resource: parse("Resource"),
        }
    }

    fn request(&self, grant: &Grant, kind: Kind, facts: &Facts) -> Option<(Request, Entities)> {
        let user = uid(&self.user, &grant.principal);
        let groups: HashSet<_> = grant.groups.iter().map(|group| uid(&self.group, group)).collect();
        let issuer = RestrictedExpression::new_string(grant.issuer.clone());
        let attributes = HashMap::from([("issuer".to_owned(), issuer)]);
        let principal = Entity::new(user.clone(), attributes, groups).ok()?;
        let entities = Entities::from_entities([principal], None).ok()?;
        let context = Context::from_pairs([
            ("database".to_owned(), RestrictedExpression::new_string(grant.database.clone())),
            ("masked".to_owned(), RestrictedExpression::new_bool(facts.reach.masked)),
            (
                "foreign_functions".to_owned(),
                RestrictedExpression::new_bool(facts.reach.foreign_function),
            ),
            ("copies".to_owned(), RestrictedExpression::new_bool(facts.copies)),
            ("relations".to_owned(), strings(&facts.relations)),
            ("functions".to_owned(), strings(&facts.functions)),
        ]);
        let action = uid(&self.action, kind.name());
        let resource = uid(&self.resource, &grant.resource);
        let request = Request::new(user, action, resource, context.ok()?, None).ok()?;
        Some((request, entities))
    }
}

fn uid(of: &EntityTypeName, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(of.clone(), EntityId::new(id))
}

fn strings(values: &[String]) -> RestrictedExpression {
    RestrictedExpression::new_set(values.iter().cloned().map(RestrictedExpression::new_string))
}

fn qualified(schema: Option<&str>, name: &str) -> String {
    match schema {
        Some(schema) => format!("{schema}.{name}"),
        None => name.to_owned(),
    }
}

fn schema() -> Schema {
    let (schema, _) = Schema::from_cedarschema_str(include_str!("schema.cedarschema"))
        .expect("the schema is part of the program");
    schema
}

/// A policy is named by its `@id`, else by its file and its place in it.
fn add(set: &mut PolicySet, file: &str, policy: &Policy) -> Result<PolicyId, PolicyError> {
    let id = match policy.annotation("id") {
        Some(id) => id.to_owned(),
        None => format!("{file}:{}", policy.id()),
    };
    let named = PolicyId::new(&id);
    set.add(policy.new_id(named.clone())).map_err(|_| PolicyError {
        file: file.to_owned(),
        line: 1,
        message: format!("there are two policies with @id(\"{id}\")"),
        mend: Some("give each policy an id of its own".to_owned()),
    })?;
    Ok(named)
}

/// What a permit's `@mask` asks for.
fn masks_of(
    policy: &Policy,
    file: &str,
    text: &str,
    preset: Preset,
) -> Result<Option<Vec<(Class, Mask)>>, PolicyError> {
    let Some(annotation) = policy.annotation("mask") else { return Ok(None) };
    let refuse = |message, mend| {
        let before = text.split(annotation).next().filter(|before| before.len() < text.len());
        let line = 1 + before.unwrap_or_default().matches('\n').count();
        PolicyError { file: file.to_owned(), line, message, mend: Some(mend) }
    };
    if policy.effect() == Effect::Forbid {
        let message = "@mask stands on a forbid, which lets nothing through to be masked";
        return Err(refuse(message.to_owned(), "move it to a permit".to_owned()));
    }
    match parse_annotation(annotation, preset) {
        Ok(asked) => Ok(Some(asked)),
        Err(refusal) => Err(refuse(refusal.message, refusal.mend)),
    }
}

/// What a permit's annotations leave open; a forbid leaves nothing.
fn leave_of(policy: &Policy, file: &str, text: &str) -> Result<Leave, PolicyError> {
    let refused = |message, mend| {
        let first = policy.annotations().find(|(key, _)| LEAVES.contains(key));
        let at = first.and_then(|(key, _)| text.find(&format!("@{key}"))).unwrap_or_default();
        let line = 1 + text.get(..at).unwrap_or_default().matches('\n').count();
        PolicyError { file: file.to_owned(), line, message, mend: Some(mend) }
    };
    let leave = Leave::of(|name| policy.annotation(name), LIFTABLE)
        .map_err(|misread| refused(misread.message, misread.mend))?;
    if policy.effect() == Effect::Forbid && !leave.is_empty() {
        let message =
            "@infer, @keys, @trust and @lift stand on a forbid, which allows nothing".to_owned();
        return Err(refused(message, "move them to a permit".to_owned()));
    }
    Ok(leave)
}

/// Annotations that leave something open.
const LEAVES: [&str; 4] = ["infer", "keys", "lift", "trust"];

fn refused(file: &str, text: &str, error: &(impl Diagnostic + ?Sized)) -> PolicyError {
    let offset = error.labels().and_then(|mut labels| labels.next()).map_or(0, |of| of.offset());
    let before = text.as_bytes().get(..offset).unwrap_or_default();
    PolicyError {
        file: file.to_owned(),
        line: 1 + before.iter().filter(|&&byte| byte == b'\n').count(),
        message: error.to_string(),
        mend: error.help().map(|help| help.to_string()),
    }
}
