//! The policies, compiled as each shard will compile them.

use std::collections::BTreeMap;
use std::sync::Arc;

use lazaret_config::{Place, Problem, read_policies};
use lazaret_policy::{Engine, EngineError, Preset, Snapshot};

use super::Subject;

pub(super) fn problems(subject: &Subject) -> Vec<Problem> {
    let policy = &subject.config.policy;
    let refuse =
        |message: String, mend| vec![subject.source.problem(&["policy", "folder"], message, mend)];
    let policies = match read_policies(&policy.folder) {
        Ok(policies) => policies,
        Err(error) => return refuse(error.to_string(), "make it a folder of readable files"),
    };
    if policies.is_empty() && policy.preset != Preset::Transparent {
        let message = format!("{} holds no *.cedar file", policy.folder.display());
        return refuse(message, "put one there: without a policy nothing is permitted");
    }
    let snapshot = Snapshot {
        version: 0,
        hash: String::new(),
        resource: subject.config.upstream.name.clone(),
        preset: policy.preset,
        masks: policy.masks.clone(),
        policies,
        declared: policy.declared.clone(),
        catalogs: BTreeMap::new(),
    };
    match Engine::compile(Arc::new(snapshot)) {
        Ok(_) => Vec::new(),
        Err(EngineError::Policy(error)) => vec![Problem {
            file: policy.folder.join(&error.file),
            place: Some(Place { line: error.line, column: 1 }),
            message: error.message,
            mend: error.mend.unwrap_or_else(|| "see the comments in the starter policy".into()),
        }],
    }
}
