//! What the agent may see, and what happens when it tries for more.

use super::world::{Table, View, World};
use crate::error::TaskError;
use crate::terminal::{heading, quoted, shown, side_by_side, typed};

/// The patient whom the story is about.
const PATIENT: &str = "patient_id = 42";

/// A query, as the database sees it and as the agent sees it.
pub(super) fn agent_sees_no_phi(world: &World) -> Result<(), TaskError> {
    heading("1  The same query, on either side of the gateway");
    let query = format!("SELECT * FROM patients WHERE {PATIENT}");
    let [database, agent] = both(world, &query)?;
    for column in ["mrn", "first_name", "last_name", "ssn", "phone", "email", "address"] {
        hidden(&database, &agent, column)?;
    }
    for column in ["sex", "blood_type"] {
        equal(&database, &agent, column)?;
    }
    shown(
        "names, numbers and addresses are masked; a date keeps its year, a ZIP code three digits",
    );

    let query = "SELECT loinc, name, value, unit FROM observations ORDER BY observation_id LIMIT 1";
    let [database, agent] = both(world, query)?;
    for column in ["loinc", "name", "value", "unit"] {
        equal(&database, &agent, column)?;
    }
    shown("laboratory values are what they were");
    Ok(())
}

/// Free text and JSON, where a column's name says nothing.
pub(super) fn notes_and_documents_are_scanned(world: &World) -> Result<(), TaskError> {
    heading("2  Free text and JSON");
    let secrets = secrets(world)?;
    for query in [
        format!("SELECT body FROM notes WHERE {PATIENT}"),
        format!("SELECT body FROM documents WHERE {PATIENT}"),
    ] {
        let [_, agent] = both(world, &query)?;
        none_of(&secrets, &agent.rows.concat().join("\n"))?;
    }
    let query = format!("SELECT body FROM notes WHERE {PATIENT}");
    let agent = world.table(View::Agent, &query)?.rows.concat().join("\n");
    for medical in ["Glucose 182 mg/dL", "E11.9", "metformin 500 mg"] {
        expect(agent.contains(medical), || format!("the agent's note lost “{medical}”"))?;
    }
    shown("the identifiers are gone, the medicine is still there");
    Ok(())
}

/// An alias, a view, an expression and a COPY.
pub(super) fn nothing_escapes(world: &World) -> Result<(), TaskError> {
    heading("3  Ways around it that lead nowhere");
    let secrets = secrets(world)?;
    for query in [
        format!("SELECT ssn AS order_number, last_name AS colour FROM patients WHERE {PATIENT}"),
        format!("SELECT who, reference FROM contact_list WHERE {PATIENT}"),
        format!(
            "SELECT reverse(ssn) AS backwards, md5(ssn) AS digest FROM patients WHERE {PATIENT}"
        ),
        format!("COPY (SELECT ssn, email FROM patients WHERE {PATIENT}) TO STDOUT"),
    ] {
        typed(&format!("psql -c \"{query}\""));
        let answer = world.psql(View::Agent, &["-c", &query])?;
        quoted(&answer.output);
        quoted(&answer.errors);
        none_of(&secrets, &answer.output)?;
        none_of(&secrets, &answer.errors)?;
        println!();
    }
    shown("an alias, a view, a function and a COPY show no more than the table does");
    Ok(())
}

/// A statement that the policy forbids, and the next one on the same connection.
pub(super) fn refusals_are_exact(world: &World) -> Result<(), TaskError> {
    heading("4  A statement that is not allowed");
    let count = "SELECT count(*) AS still_here FROM patients";
    typed(&format!("psql -c \"DROP TABLE patients\" -c \"{count}\""));
    let arguments = ["-v", "ON_ERROR_STOP=0", "-c", "DROP TABLE patients", "-c", count];
    let answer = world.psql(View::Agent, &arguments)?;
    quoted(&answer.errors);
    quoted(&answer.output);
    expect(answer.errors.contains("ERROR"), || "the DROP was not refused".into())?;
    let rows = harness::patients::DEMO_PATIENTS.to_string();
    expect(answer.output.contains(&rows), || "the next statement did not work".into())?;
    let direct = world.table(View::Database, count)?;
    expect(direct.rows.concat() == [rows], || "the database lost its patients".into())?;
    shown("refused, the table is whole, and the session goes on");
    Ok(())
}

/// Asks on both sides, and shows the first row of each.
fn both(world: &World, query: &str) -> Result<[Table; 2], TaskError> {
    typed(&format!("psql -c \"{query}\""));
    let database = world.table(View::Database, query)?;
    let agent = world.table(View::Agent, query)?;
    expect(database.names == agent.names, || format!("other columns: {}", agent.names.join(", ")))?;
    expect(database.rows.len() == agent.rows.len(), || "another number of rows".into())?;
    let first = |table: &Table| table.rows.first().cloned().unwrap_or_default();
    let cells = first(&database).into_iter().zip(first(&agent));
    let rows: Vec<_> =
        database.names.iter().zip(cells).map(|(name, (a, b))| (name.clone(), a, b)).collect();
    side_by_side(["the database", "the agent"], &rows);
    Ok([database, agent])
}

/// What must never reach the agent or the evidence, of the patient whom the story is about.
pub(super) fn secrets(world: &World) -> Result<Vec<String>, TaskError> {
    let columns = "mrn, first_name, last_name, ssn, phone, email, address";
    let query = format!("SELECT {columns}, birth_date FROM patients WHERE {PATIENT}");
    let mut secrets = world.table(View::Database, &query)?.rows.concat();
    let ssn = secrets.get(3).cloned().unwrap_or_default();
    secrets.push(ssn.replace('-', ""));
    secrets.push(ssn.chars().rev().collect());
    Ok(secrets)
}

fn none_of(secrets: &[String], text: &str) -> Result<(), TaskError> {
    match secrets.iter().position(|secret| text.contains(secret.as_str())) {
        Some(index) => Err(TaskError::Unexpected(format!("identifier {index} reached the agent"))),
        None => Ok(()),
    }
}

fn cell<'t>(table: &'t Table, column: &str) -> Option<&'t String> {
    let index = table.names.iter().position(|name| name == column)?;
    table.rows.first()?.get(index)
}

fn hidden(database: &Table, agent: &Table, column: &str) -> Result<(), TaskError> {
    let (original, masked) = (cell(database, column), cell(agent, column));
    let differs = original.is_some() && masked.is_some() && original != masked;
    expect(differs, || format!("{column} reached the agent unmasked"))
}

fn equal(database: &Table, agent: &Table, column: &str) -> Result<(), TaskError> {
    let same = cell(database, column) == cell(agent, column);
    expect(same, || format!("{column} is no identifier and was changed"))
}

pub(super) fn expect(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), TaskError> {
    if holds { Ok(()) } else { Err(TaskError::Unexpected(otherwise())) }
}
