//! Whether a statement calls code that is not PostgreSQL's own.
//!
//! A name of pg_catalog counts as PostgreSQL's own only if it is qualified, or if nothing else
//! anywhere has it and takes as many arguments: which of two such functions a call means depends on
//! search_path, which a session may set, and on argument types. A name that the catalog has not
//! shown yet is foreign. Implicit casts are not seen: making one takes the ownership of a type.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use lazaret_sql::{Arguments, FunctionUse, Invocation, Statement};
use serde::{Deserialize, Serialize};

use crate::leave::Leave;
use crate::{RawCatalog, RawFunction};

/// The names by which code is called.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Code {
    built_in: BTreeSet<String>,
    built_in_operators: BTreeSet<String>,
    foreign: BTreeMap<String, Vec<Takes>>,
    foreign_attributes: BTreeSet<String>,
    foreign_operators: BTreeSet<String>,
    foreign_casts: BTreeSet<String>,
    /// Put into pg_catalog by an extension or a superuser.
    added_to_system: BTreeSet<String>,
}

impl Code {
    pub(crate) fn of(raw: &RawCatalog) -> Self {
        let mut code = Self {
            built_in: raw.builtin_functions.iter().cloned().collect(),
            built_in_operators: raw.builtin_operators.iter().cloned().collect(),
            ..Self::default()
        };
        for function in &raw.functions {
            let name = function.name.clone();
            if is_system(Some(&function.schema)) {
                code.added_to_system.insert(name.clone());
            }
            match function.kind {
                'o' => drop(code.foreign_operators.insert(name)),
                // `x::text` says nothing of x: only a type of one's own tells that a cast may
                // run one's own code.
                'c' if is_system(Some(&function.schema)) => {}
                'c' => drop(code.foreign_casts.insert(name)),
                kind => {
                    if kind == 'a' {
                        code.foreign_attributes.insert(name.clone());
                    }
                    code.foreign.entry(name).or_default().push(Takes::of(function));
                }
            }
        }
        code
    }

    pub(crate) fn is_called_by(&self, statement: &Statement) -> bool {
        statement.functions.iter().any(|function| self.is_foreign(function))
            || self.is_attribute_of(statement)
    }

    /// Whether attribute notation calls it.
    pub(crate) fn is_attribute_of(&self, statement: &Statement) -> bool {
        statement.attributes.iter().any(|name| self.foreign_attributes.contains(name))
    }

    /// Whether a call can mean nothing but functions that are trusted.
    pub(crate) fn is_trusted(&self, function: &FunctionUse, leave: &Leave) -> bool {
        let (name, Invocation::Call(arguments)) = (function.name.as_str(), function.by) else {
            return false;
        };
        if let Some(schema) = &function.schema {
            return leave.trusts(schema, name);
        }
        let foreign = self.foreign.get(name).into_iter().flatten();
        let foreign = foreign.filter(|takes| takes.admits(arguments)).map(|of| of.schema.as_str());
        let built_in = self.built_in.contains(name).then_some("pg_catalog");
        let mut meant = foreign.chain(built_in).peekable();
        meant.peek().is_some() && meant.all(|schema| leave.trusts(schema, name))
    }

    pub(crate) fn is_foreign(&self, function: &FunctionUse) -> bool {
        let name = function.name.as_str();
        if function.schema.is_some() {
            let system = is_system(function.schema.as_deref());
            return !system || self.added_to_system.contains(name);
        }
        match function.by {
            Invocation::Call(arguments) => {
                let mut foreign = self.foreign.get(name).into_iter().flatten();
                !self.built_in.contains(name) || foreign.any(|takes| takes.admits(arguments))
            }
            Invocation::Operator => {
                !self.built_in_operators.contains(name) || self.foreign_operators.contains(name)
            }
            Invocation::Keyword => self.foreign.contains_key(name),
            Invocation::Cast => self.foreign_casts.contains(name),
        }
    }
}

/// Where a function is, and with what it can be called.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Takes {
    /// Snapshots of earlier versions don't tell: then no permit's trust means it.
    #[serde(default)]
    schema: String,
    arguments: RangeInclusive<usize>,
    aggregate: bool,
}

impl Takes {
    fn of(function: &RawFunction) -> Self {
        let least = usize::try_from(function.least_arguments).unwrap_or(0);
        let most = function.most_arguments.and_then(|most| usize::try_from(most).ok());
        let arguments = least..=most.unwrap_or(usize::MAX);
        Self { schema: function.schema.clone(), arguments, aggregate: function.aggregate }
    }

    fn admits(&self, arguments: Arguments) -> bool {
        match arguments {
            Arguments::Star => self.aggregate && self.arguments.contains(&0),
            Arguments::Count(count) => self.arguments.contains(&count),
        }
    }
}

/// The schemas that initdb fills and only a superuser may add to.
pub(crate) fn is_system(schema: Option<&str>) -> bool {
    matches!(schema, Some("pg_catalog" | "information_schema"))
}
