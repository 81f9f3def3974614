//! Masks that configuration and permits ask for.

use super::*;
use crate::{EngineError, FieldOrigin, Format, Mask, plan};

fn classes(asked: &[(&str, Mask)]) -> BTreeMap<String, Mask> {
    asked.iter().map(|&(class, mask)| (class.to_owned(), mask)).collect()
}

fn engine_with(preset: Preset, asked: &[(&str, Mask)], policy: &str, catalog: Catalog) -> Engine {
    let mut snapshot = Snapshot::clone(&snapshot(preset, policy, Some(catalog)));
    snapshot.masks = classes(asked);
    Engine::compile(Arc::new(snapshot)).unwrap()
}

/// The action for each of these columns of a relation, read by its own name.
fn actions(engine: &mut Engine, oid: u32, columns: &[i16]) -> String {
    let catalog = engine.catalog("hospital").unwrap().clone();
    let relation = catalog.relation(oid).unwrap();
    let statement = one(&format!("SELECT * FROM {}", relation.name));
    let clearance = engine.decide(&grant(), &statement);
    let fields: Vec<_> = columns
        .iter()
        .map(|&attnum| FieldOrigin {
            table_oid: oid,
            attnum,
            type_oid: relation.column(attnum).unwrap().type_oid,
            format: Format::Text,
        })
        .collect();
    let masks = &clearance.masks;
    let plan = plan(&fields, Some(&statement), clearance.reach, Some(&catalog), masks);
    let names = plan.columns.iter().map(|column| format!("{:?}", column.action).to_lowercase());
    names.collect::<Vec<_>>().join(" ")
}

/// name, ssn, birth_date, zip, age, updated, visits
const COLUMNS: [i16; 7] = [2, 3, 4, 5, 6, 9, 8];

#[test]
fn a_class_is_masked_as_configuration_says() {
    let asked = [
        ("ssn", Mask::RedactFixed),
        ("date", Mask::Null),
        ("zip", Mask::Redact),
        ("age", Mask::AgeCap),
    ];
    for preset in [Preset::SafeHarbor, Preset::LimitedDataSet, Preset::Expert] {
        let mut engine = engine_with(preset, &asked, ALL, Raw::hospital().compile());
        let actions = actions(&mut engine, PATIENTS, &COLUMNS);
        assert_eq!(actions, "whole fixed null whole agecap null pass", "{preset:?}");
    }
}

#[test]
fn a_column_has_a_mask_of_its_own_and_keeps_it_through_a_view() {
    let mut raw = Raw::hospital();
    let sql = "SELECT ssn, zip AS area, visits FROM public.patients";
    raw.view(30, "public.v", sql, &[("ssn", TEXT), ("area", TEXT), ("visits", INT4)]);
    let mut declared = declare(&[]);
    for (column, mask) in [("ssn", Mask::Null), ("zip", Mask::Year), ("visits", Mask::Redact)] {
        declared.push(DeclaredClass {
            schema: "public".into(),
            relation: "patients".into(),
            column: column.into(),
            class: String::new(),
            mask: Some(mask),
        });
    }
    let catalog = Catalog::compile(raw.0, &declared);
    let asked = [("ssn", Mask::RedactFixed)];
    let mut engine = engine_with(Preset::SafeHarbor, &asked, ALL, catalog);
    // A year is no mask for a ZIP code, so that is covered whole.
    assert_eq!(actions(&mut engine, PATIENTS, &[3, 5, 8]), "null whole whole");
    assert_eq!(actions(&mut engine, 30, &[1, 2, 3]), "null whole whole");
}

#[test]
fn a_mask_declared_for_a_parent_holds_in_its_partitions() {
    let mut raw = Raw::hospital();
    raw.table(30, "public.part", &[("ssn", TEXT)]).last().parents.push(PATIENTS);
    let declared = DeclaredClass {
        schema: "public".into(),
        relation: "patients".into(),
        column: "ssn".into(),
        class: String::new(),
        mask: Some(Mask::Null),
    };
    let catalog = Catalog::compile(raw.0, &[declared]);
    let mut engine = engine_with(Preset::SafeHarbor, &[], ALL, catalog);
    assert_eq!(actions(&mut engine, 30, &[1]), "null");
}

#[test]
fn a_permit_says_how_what_it_permits_is_masked() {
    let policy = "@mask(\"ssn = keep-last-4, zip=redact\")
        permit (principal in Group::\"agents\", action, resource);
        @mask(\"ssn = null\") permit (principal in Group::\"others\", action, resource);";
    let catalog = Raw::hospital().compile();
    let asked = [("ssn", Mask::RedactFixed), ("name", Mask::Null)];
    let mut engine = engine_with(Preset::Expert, &asked, policy, catalog);
    assert_eq!(actions(&mut engine, PATIENTS, &[2, 3, 5]), "null keeplast4 whole");
}

#[test]
fn two_permits_that_disagree_leave_nothing() {
    let policy = "@mask(\"ssn = keep-last-4\") permit (principal, action, resource);
        @mask(\"ssn = redact-fixed\") permit (principal, action, resource);
        @mask(\"name = null\") permit (principal, action, resource);";
    let mut engine = engine_with(Preset::Expert, &[], policy, Raw::hospital().compile());
    assert_eq!(actions(&mut engine, PATIENTS, &[2, 3]), "null whole");
}

#[test]
fn a_mask_that_can_not_be_had_is_refused_with_its_line() {
    let refused = |preset, annotation: &str| {
        let policy = format!("\n@mask(\"{annotation}\")\npermit (principal, action, resource);");
        match Engine::compile(snapshot(preset, &policy, None)) {
            Err(EngineError::Policy(error)) => error.to_string(),
            Ok(_) => panic!("accepted: {annotation}"),
        }
    };
    for (preset, annotation, message) in [
        (Preset::SafeHarbor, "ssn = keep-last-4", "leaves a part of an identifier"),
        (Preset::LimitedDataSet, "ssn = keep-last-4", "preset = \"expert\""),
        (Preset::Transparent, "ssn = redact", "masks nothing"),
        (Preset::Expert, "ssn = zip3", "no mask for class `ssn`"),
        (Preset::Expert, "clear = redact", "can't be read at `clear = redact`"),
        (Preset::Expert, "ssn = hide", "can't be read"),
        (Preset::Expert, "redact", "can't be read"),
    ] {
        let error = refused(preset, annotation);
        assert!(error.starts_with("agents.cedar:2: "), "{error}");
        assert!(error.contains(message), "{error}");
    }
    let forbid = "@mask(\"ssn = redact\") forbid (principal, action, resource);";
    assert!(Engine::compile(snapshot(Preset::Expert, forbid, None)).is_err());
}
