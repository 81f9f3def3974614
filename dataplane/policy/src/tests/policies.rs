//! Policy files: what is wrong with one is said at load, with its line.

use super::*;
use crate::{EngineError, PolicyError};

fn refused(policy: &str) -> PolicyError {
    match Engine::compile(snapshot(Preset::SafeHarbor, policy, None)) {
        Err(EngineError::Policy(error)) => error,
        Ok(_) => panic!("accepted:\n{policy}"),
    }
}

#[test]
fn a_mistake_is_named_with_its_file_and_line() {
    for (policy, line, message) in [
        ("\npermit (principal action, resource);", 2, "unexpected token"),
        (
            "// first\n\npermit (principal, action == Action::\"selct\", resource);",
            3,
            "unrecognized action",
        ),
        ("permit (principal in Grp::\"agents\", action, resource);", 1, "unrecognized entity type"),
        ("permit (principal, action, resource)\nwhen { context.maskd };", 2, "not found"),
        ("permit (principal, action, resource)\nwhen { context.masked == 1 };", 2, "types"),
        ("permit (principal == ?principal, action, resource);", 1, "template"),
        (
            "@id(\"a\") permit (principal, action, resource);\n\
             @id(\"a\") forbid (principal, action, resource);",
            1,
            "two policies",
        ),
        ("\n@infer(\"dates\") permit (principal, action, resource);", 2, "no class \"dates\""),
        ("@infer(\"clear\") permit (principal, action, resource);", 1, "no class \"clear\""),
        ("@keys(\"ssn\") permit (principal, action, resource);", 1, "@keys can't be"),
        ("@trust(\"band\") permit (principal, action, resource);", 1, "@trust can't be"),
        ("@lift(\"pinned-setting\") permit (principal, action, resource);", 1, "no rule"),
        ("@infer(\"date\") forbid (principal, action, resource);", 1, "forbid"),
    ] {
        let error = refused(policy);
        assert_eq!((error.file.as_str(), error.line), ("agents.cedar", line), "{policy}: {error}");
        assert!(error.message.contains(message), "{policy}: {error}");
        assert!(error.to_string().starts_with(&format!("agents.cedar:{line}: ")), "{error}");
    }
}

#[test]
fn a_misspelt_action_comes_with_the_mend() {
    let error = refused("permit (principal, action == Action::\"selct\", resource);");
    let mend = error.mend.unwrap_or_default();
    assert!(mend.contains("select"), "{mend}");
}

#[test]
fn policies_without_an_id_are_named_by_their_file() {
    let policies = BTreeMap::from([
        ("a.cedar".to_owned(), "permit (principal, action, resource);".to_owned()),
        ("b.cedar".to_owned(), "permit (principal, action, resource);".to_owned()),
    ]);
    let mut snapshot = Snapshot::clone(&snapshot(Preset::SafeHarbor, "", None));
    snapshot.policies = policies;
    let mut engine = Engine::compile(Arc::new(snapshot)).unwrap();
    let verdict = engine.decide(&grant(), &one("SELECT 1")).verdict;
    assert_eq!(verdict, crate::Verdict::Allow { policy: "a.cedar:policy0".into() });
}

#[test]
fn the_policies_to_start_with_are_valid() {
    for policy in [starter::AGENTS_READ_ONLY, starter::TRANSPARENT, ""] {
        assert!(Engine::compile(snapshot(Preset::SafeHarbor, policy, None)).is_ok());
    }
}

/// What is commented out in the starting policies must work when it is not.
#[test]
fn the_examples_in_the_starting_policies_are_valid() {
    let mut policy = String::new();
    let mut example = false;
    for line in starter::AGENTS_READ_ONLY.lines() {
        example = line.starts_with("// @id") || example && line.starts_with("// ");
        policy.push_str(if example { line.trim_start_matches("// ") } else { line });
        policy.push('\n');
    }
    let mut engine = engine(&policy, Raw::hospital().compile());
    let mut allows = |text: &str| {
        matches!(engine.decide(&grant(), &one(text)).verdict, crate::Verdict::Allow { .. })
    };
    assert!(allows("SELECT visits FROM patients WHERE id = 1 ORDER BY id"));
    assert!(allows("INSERT INTO products VALUES (1)"));
    assert!(!allows("INSERT INTO patients VALUES (1)"));
    assert!(!allows("SELECT * FROM hr.salaries"));
}
