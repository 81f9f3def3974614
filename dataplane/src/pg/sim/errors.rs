//! What the upstream says beside rows.

use lazaret_policy::Preset;
use lazaret_proto::pg::backend::{Message, Notification};
use lazaret_proto::pg::error::{Report, Severity, field};
use lazaret_proto::pg::sqlstate::SqlState;

use super::catalog::{LABS, TEXT};
use super::messages::*;
use super::world::World;
use crate::context::Event;

const CODE: Column<'static> = ("code", LABS, 1, TEXT);

/// A session in which that statement runs.
fn running(text: &str) -> World {
    let mut world = World::ready(Preset::SafeHarbor);
    world.client_sends(&query(text));
    world
}

fn says(mut world: World, bytes: &[u8]) -> String {
    world.upstream_sends(bytes);
    shown(&world.take_client()).concat()
}

#[test]
fn an_error_over_masked_data_keeps_its_meaning_and_loses_its_data() {
    let world = running("SELECT ssn::int FROM patients");
    let report = Report::error(SqlState::INVALID_TEXT_REPRESENTATION, "\"078-05-1120\"")
        .field(field::COLUMN, "078051120");
    let said = says(world, &all(&[error(&report), ready()]));
    assert!(said.contains("C22P02") && !said.contains("1120"), "{said}");
}

#[test]
fn data_in_the_sqlstate_stays_here() {
    let world = running("SELECT ssn FROM patients");
    let raised = SqlState::from_bytes(b"07805").unwrap();
    let said = says(world, &all(&[error(&Report::error(raised, "x")), ready()]));
    assert!(said.contains("CXX000") && !said.contains("07805"), "{said}");
}

#[test]
fn an_error_without_masked_data_is_told_as_it_is() {
    let world = running("SELECT code FROM labs");
    let report = Report::error(SqlState::DIVISION_BY_ZERO, "division by zero").hint("Don't.");
    let said = says(world, &all(&[error(&report), ready()]));
    assert!(said.contains("Mdivision by zero") && said.contains("Don't."), "{said}");
}

#[test]
fn what_the_scanner_finds_in_an_error_is_covered() {
    let world = running("SELECT code FROM labs");
    let report = Report::error(SqlState::RAISE_EXCEPTION, "no such SSN 078-05-1120");
    let said = says(world, &all(&[error(&report), ready()]));
    assert!(said.contains("no such SSN") && !said.contains("1120"), "{said}");
}

#[test]
fn a_notice_over_masked_data_is_rebuilt_too() {
    let world = running("SELECT ssn FROM patients");
    let notice = Report::new(Severity::Notice, SqlState::SUCCESSFUL_COMPLETION, "Smith");
    let said = says(world, &error(&notice));
    assert!(said.starts_with("N SNOTICE") && !said.contains("Smith"), "{said}");
}

#[test]
fn an_error_at_commit_may_tell_of_any_statement_before_it() {
    let mut world = running("BEGIN");
    let in_transaction = ready_in(lazaret_proto::pg::backend::TransactionStatus::InTransaction);
    world.upstream_sends(&all(&[complete("BEGIN"), in_transaction.clone()]));
    world.client_sends(&query("UPDATE patients SET ssn = '1'"));
    world.upstream_sends(&all(&[complete("UPDATE 1"), in_transaction]));
    world.take_client();
    world.client_sends(&sync());
    let report = Report::error(SqlState::UNIQUE_VIOLATION, "duplicate").detail("Smith exists");
    let said = says(world, &all(&[error(&report), ready()]));
    assert!(said.contains("C23505") && !said.contains("Smith"), "{said}");
}

#[test]
fn a_notification_is_scanned() {
    let world = running("LISTEN news");
    let notification = Message::NotificationResponse(Notification {
        process_id: 9,
        channel: b"news",
        payload: b"SSN 078-05-1120",
    });
    let said = says(world, &reply(notification));
    assert!(said.contains("news") && !said.contains("1120"), "{said}");
}

#[test]
fn a_setting_carries_nothing_out() {
    let mut world = running("SELECT ssn FROM patients");
    let status =
        |name: &'static [u8], value: &'static [u8]| reply(Message::ParameterStatus { name, value });
    world.upstream_sends(&all(&[
        status(b"application_name", b"078-05-1120"),
        status(b"TimeZone", b"<078-05>1120"),
        status(b"my.own", b"078-05-1120"),
        status(b"DateStyle", b"ISO, DMY"),
    ]));
    let shown = shown(&world.take_client());
    assert_eq!(shown.last().unwrap(), "S DateStyle,ISO, DMY");
    assert!(!shown.concat().contains("1120"), "{shown:?}");
}

#[test]
fn an_encoding_that_changes_ends_the_session() {
    for (name, value) in
        [(&b"client_encoding"[..], &b"SJIS"[..]), (b"standard_conforming_strings", b"off")]
    {
        let said = says(
            running("SELECT code FROM labs"),
            &reply(Message::ParameterStatus { name, value }),
        );
        assert!(said.contains("SFATAL"), "{said}");
    }
}

#[test]
fn a_command_tag_that_is_none_ends_the_session() {
    let world = running("SELECT code FROM labs");
    let said = says(world, &all(&[description(&[CODE]), complete("Smith 078-05-1120")]));
    assert!(!said.contains("1120") && said.contains("SFATAL"), "{said}");
}

#[test]
fn an_upstream_that_dies_is_told_as_such() {
    let mut world = running("SELECT code FROM labs");
    world.event(Event::Closed(crate::context::Side::Upstream));
    assert!(shown(&world.take_client())[0].contains("C08006"));
}
