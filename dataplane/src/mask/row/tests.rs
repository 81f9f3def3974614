use super::*;
use crate::mask::tests::iso;
use lazaret_detectors::Class;
use lazaret_policy::{Action, ColumnPlan, Format, TypeKind};
use lazaret_proto::pg::{backend, frame};
use proptest::prelude::*;

fn plan(columns: &[(TypeKind, Action)]) -> Plan {
    let column = |&(kind, action)| ColumnPlan {
        action,
        kind,
        type_oid: 0,
        format: Format::Text,
        class: Class::Unclassified,
    };
    Plan { columns: columns.iter().map(column).collect(), passes: false, is_rebuilt: false }
}

fn frame_of(cells: &[Option<&[u8]>]) -> Vec<u8> {
    let mut out = Vec::new();
    backend::data_row(&mut out, cells.iter().copied());
    out
}

/// Masks rows that follow each other in one buffer, as the session does.
fn masked(plan: &Plan, rows: &[Vec<u8>]) -> Result<Vec<u8>, MaskError> {
    let mut bytes = rows.concat();
    let mut masker = RowMasker::default();
    let (mut read, mut write) = (0, 0);
    for row in rows {
        write = masker.row(plan, iso(), &mut bytes, read, write)?;
        read += row.len();
    }
    bytes.truncate(write);
    Ok(bytes)
}

#[test]
fn a_row_that_keeps_its_lengths_stays_where_it_is() {
    let plan = plan(&[(TypeKind::Int4, Action::Pass), (TypeKind::Text, Action::Whole)]);
    let rows = [frame_of(&[Some(b"7"), Some(b"Jane")]), frame_of(&[None, None])];
    let expected = [frame_of(&[Some(b"7"), Some(b"****")]), frame_of(&[None, None])];
    assert_eq!(masked(&plan, &rows).unwrap(), expected.concat());
}

#[test]
fn a_row_that_becomes_shorter_is_framed_anew_and_those_behind_move_up() {
    let plan = plan(&[
        (TypeKind::Bool, Action::Whole),
        (TypeKind::Text, Action::Pass),
        (TypeKind::Inet, Action::Whole),
        (TypeKind::Date, Action::Year),
    ]);
    let rows = [
        frame_of(&[Some(b"t"), Some(b"stays"), Some(b"192.168.0.17"), Some(b"1980-05-17")]),
        frame_of(&[None, Some(b""), Some(b"1.2.3.4"), Some(b"infinity")]),
        frame_of(&[Some(b"f"), None, None, Some(b"not a date")]),
    ];
    let expected = [
        frame_of(&[None, Some(b"stays"), Some(b"0.0.0.0"), Some(b"1980-01-01")]),
        frame_of(&[None, Some(b""), Some(b"0.0.0.0"), Some(b"infinity")]),
        frame_of(&[None, None, None, None]),
    ];
    assert_eq!(masked(&plan, &rows).unwrap(), expected.concat());
}

#[test]
fn a_row_that_does_not_match_its_plan_is_refused() {
    let plan = plan(&[(TypeKind::Text, Action::Whole)]);
    let error = MaskError::Columns { found: 2, planned: 1 };
    assert_eq!(masked(&plan, &[frame_of(&[None, None])]), Err(error));
    assert_eq!(masked(&plan, &[frame_of(&[])]), Err(MaskError::Columns { found: 0, planned: 1 }));
}

#[test]
fn lengths_that_do_not_add_up_are_refused() {
    let plan = plan(&[(TypeKind::Text, Action::Whole)]);
    let row = frame_of(&[Some(b"Jane")]);
    for length in [-2_i32, 3, 5, i32::MIN, i32::MAX] {
        let mut row = row.clone();
        row[7..11].copy_from_slice(&length.to_be_bytes());
        assert_eq!(masked(&plan, &[row]), Err(MaskError::Lengths), "{length}");
    }
    for length in [0_i32, 5, 9, 15, -1, i32::MAX] {
        let mut row = row.clone();
        row[1..5].copy_from_slice(&length.to_be_bytes());
        assert_eq!(masked(&plan, &[row]), Err(MaskError::Lengths), "{length}");
    }
}

const ACTIONS: [(TypeKind, Action); 7] = [
    (TypeKind::Text, Action::Pass),
    (TypeKind::Text, Action::Whole),
    (TypeKind::Bool, Action::Whole),
    (TypeKind::Inet, Action::Whole),
    (TypeKind::Int8, Action::AgeCap),
    (TypeKind::Date, Action::Year),
    (TypeKind::Json, Action::Whole),
];

type Row = Vec<Option<Vec<u8>>>;

fn rows() -> impl Strategy<Value = (Vec<(TypeKind, Action)>, Vec<Row>)> {
    let cell = prop::option::of(prop_oneof![
        prop::collection::vec(any::<u8>(), 0..20),
        (0_u32..200).prop_map(|age| age.to_string().into_bytes()),
        Just(b"1980-05-17".to_vec()),
    ]);
    prop::collection::vec(prop::sample::select(&ACTIONS[..]), 0..8).prop_flat_map(move |plan| {
        let row = prop::collection::vec(cell.clone(), plan.len());
        (Just(plan), prop::collection::vec(row, 0..5))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    /// The same as masking each cell by itself and building the frames anew.
    #[test]
    fn rows_masked_in_place_are_rows_built_anew((columns, rows) in rows()) {
        let plan = plan(&columns);
        let mut expected = Vec::new();
        for row in &rows {
            let cells: Vec<Option<Vec<u8>>> = row.iter().zip(&plan.columns).map(|(cell, column)| {
                let mut cell = cell.clone()?;
                let mut cells = Cells::default();
                match cells.mask(None, column, iso(), Length::MayShrink, &mut cell, 0) {
                    Outcome::Same => {}
                    Outcome::Masked(len) => cell.truncate(len),
                    Outcome::Null => return None,
                }
                Some(cell)
            }).collect();
            backend::data_row(&mut expected, cells.iter().map(Option::as_deref));
        }
        let frames: Vec<Vec<u8>> = rows.iter().map(|row| {
            frame_of(&row.iter().map(Option::as_deref).collect::<Vec<_>>())
        }).collect();
        prop_assert_eq!(masked(&plan, &frames).unwrap(), expected);
    }

    #[test]
    fn random_bytes_are_a_row_or_refused(
        (columns, _) in rows(),
        body in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let mut bytes = vec![b'D'];
        bytes.extend_from_slice(&u32::try_from(body.len() + 4).unwrap().to_be_bytes());
        bytes.extend_from_slice(&body);
        if let Ok(masked) = masked(&plan(&columns), &[bytes]) {
            prop_assert!(frame::whole(&masked, frame::MAX_BYTES).unwrap().is_some());
        }
    }
}
