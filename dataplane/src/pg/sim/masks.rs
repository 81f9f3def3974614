//! Masks that configuration asks for, in whole sessions.

use lazaret_policy::{Mask, Preset};
use lazaret_proto::pg::backend::Message;

use super::catalog::{PATIENTS, TEXT};
use super::messages::*;
use super::world::World;

const SSN: Column<'static> = ("ssn", PATIENTS, 2, TEXT);
const NOTE: Column<'static> = ("note", PATIENTS, 3, TEXT);

fn world(mask: Mask) -> World {
    let mut world = World::ready(Preset::SafeHarbor);
    world.mask("ssn", mask);
    world
}

#[test]
fn rows_that_become_longer_arrive_whole_and_in_order_however_they_come() {
    const ROWS: usize = 3_000;
    let mut replies = description(&[SSN, NOTE]);
    for number in 0..ROWS {
        replies.extend(row(&["7", &format!("note {number}, SSN 078-05-1122")]));
    }
    replies.extend(all(&[complete("SELECT 3000"), ready()]));
    for piece in [7, 1_000, 60_000] {
        let mut world = world(Mask::RedactFixed);
        world.client_sends(&query("SELECT ssn, note FROM patients"));
        world.take_upstream();
        let mut sent = Vec::new();
        for piece in replies.chunks(piece) {
            world.upstream_sends(piece);
            sent.extend(world.take_client());
        }
        assert_eq!(tags(&sent), format!("T{}CZ", "D".repeat(ROWS)));
        for (number, row) in frames(&sent).filter(|(tag, _)| *tag == b'D').enumerate() {
            let mut expected = vec![0, 2, 0, 0, 0, 8];
            expected.extend_from_slice(b"********");
            let note = format!("note {number}, SSN ***********");
            expected.extend_from_slice(&u32::try_from(note.len()).unwrap().to_be_bytes());
            expected.extend_from_slice(note.as_bytes());
            assert_eq!(row.1, expected, "{piece} {number}");
        }
        assert_eq!(world.counters.rows, ROWS as u64);
        assert_eq!(world.counters.cells_masked, 2 * ROWS as u64);
    }
}

#[test]
fn copy_data_becomes_longer_too() {
    let mut world = world(Mask::RedactFixed);
    world.client_sends(&query("COPY patients TO STDOUT"));
    world.upstream_sends(&all(&[
        vec![b'H', 0, 0, 0, 13, 0, 0, 3, 0, 0, 0, 0, 0, 0],
        copy_data(b"1\t7\twell\n"),
        copy_data(b"2\t\\N\twell\n"),
        reply(Message::CopyDone),
        complete("COPY 2"),
        ready(),
    ]));
    let sent = world.take_client();
    let rows: Vec<_> = frames(&sent).filter(|(tag, _)| *tag == b'd').map(|(_, row)| row).collect();
    assert_eq!(rows, [&b"0\t********\twell\n"[..], b"0\t\\N\twell\n"]);
}

#[test]
fn a_value_that_is_to_be_null_is_null() {
    let mut world = world(Mask::Null);
    world.client_sends(&query("SELECT ssn FROM patients"));
    let row = row(&["078-05-1120"]);
    world.upstream_sends(&all(&[description(&[SSN]), row, complete("SELECT 1"), ready()]));
    let sent = world.take_client();
    let rows: Vec<_> = frames(&sent).filter(|(tag, _)| *tag == b'D').map(|(_, row)| row).collect();
    assert_eq!(rows, [[0, 1, 0xff, 0xff, 0xff, 0xff]]);
}

#[test]
fn a_statement_that_would_write_a_mask_back_is_refused() {
    for (sql, allowed) in [
        ("UPDATE patients SET ssn = '***********' WHERE id = 7", false),
        ("INSERT INTO patients (ssn) VALUES (E'078-05-****')", false),
        ("UPDATE patients SET note = 'well' WHERE id = 7 /*** by a nurse ***/", true),
        ("UPDATE labs SET code = '***'", true),
        ("SELECT code FROM labs WHERE code = '***'", true),
    ] {
        let mut world = World::ready(Preset::SafeHarbor);
        world.client_sends(&query(sql));
        let asked = if allowed { format!("Q {sql}") } else { "Q lazaret: refused".to_owned() };
        assert_eq!(shown(&world.take_upstream()), [asked]);
        let shown_sql = world.log.verdicts();
        assert_eq!(shown_sql.first().map(|verdict| verdict.1), Some(allowed), "{sql}");
    }
}

#[test]
fn a_parameter_that_is_a_mask_is_refused_where_it_would_be_written() {
    for (sql, parameter, allowed) in [
        ("UPDATE patients SET ssn = $1", "078-**-****", false),
        ("UPDATE patients SET ssn = $1", "078-05-1120", true),
        ("UPDATE labs SET code = $1", "***", true),
    ] {
        let mut world = World::ready(Preset::SafeHarbor);
        world.client_sends(&all(&[parse("s", sql), bind("", "s", &[parameter])]));
        let upstream = tags(&world.take_upstream());
        assert_eq!(upstream, if allowed { "PB" } else { "PP" }, "{sql} {parameter}");
    }
}

#[test]
fn copied_data_that_holds_a_mask_fails_at_its_end() {
    for (table, pieces, allowed) in [
        ("patients", ["7\t078-05-1120*", "*\twell\n"], false),
        ("patients", ["7\t078-05-1120*", "\t*well\n"], true),
        ("labs", ["***\tmg\n", "x\tmg\n"], true),
    ] {
        let mut world = World::ready(Preset::SafeHarbor);
        world.client_sends(&query(&format!("COPY {table} FROM STDIN")));
        world.upstream_sends(&[b'G', 0, 0, 0, 11, 0, 0, 2, 0, 0, 0, 0]);
        world.take_upstream();
        for piece in pieces {
            world.client_sends(&copy_data(piece.as_bytes()));
        }
        world.client_sends(&copy_done());
        let upstream = tags(&world.take_upstream());
        assert_eq!(upstream, if allowed { "ddc" } else { "ddf" }, "{table} {pieces:?}");
    }
}
