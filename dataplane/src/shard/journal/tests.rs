use std::path::Path;

use lazaret_audit::{Cancel, Identity, MIN_SEGMENT_BYTES, prepare};
use tempfile::TempDir;

use super::*;

fn segment(folder: &Path, index: u64) -> BlankSegment {
    let path = folder.join(index.to_string());
    let identity = Identity { node: "n".to_owned(), boot: 1, shard: 0, index };
    prepare(&path, &identity, MIN_SEGMENT_BYTES).unwrap();
    BlankSegment::open(&path).unwrap()
}

fn journal(folder: &Path, durability: Durability) -> Journal {
    Journal::begin(segment(folder, 0), durability, 1).unwrap()
}

fn add_record(journal: &mut Journal) -> Result<Position, LogFull> {
    journal.append([1; 16], &Cancel { client_address: "10.0.0.1:5", found: false }.into())
}

fn notices(journal: &mut Journal) -> Vec<Notice> {
    journal.drain_notices().collect()
}

#[test]
fn positions_run_on_from_segment_to_segment() {
    let folder = TempDir::new().unwrap();
    let mut journal = journal(folder.path(), Durability::Process);
    assert_eq!(notices(&mut journal), [Notice::SegmentWanted; SEGMENTS_AHEAD]);
    for index in 1..=2 {
        journal.add(segment(folder.path(), index));
    }
    let mut expected = 0;
    let mut done = Vec::new();
    while done.len() < 2 {
        let position = add_record(&mut journal).unwrap();
        let news = notices(&mut journal);
        // The mark that ends a segment is a record too.
        expected += 1 + u64::from(!news.is_empty());
        assert_eq!(position.sequence, expected);
        assert_eq!(journal.durable(), position);
        done.extend(news.into_iter().filter(|notice| *notice != Notice::SegmentWanted));
    }
    assert_eq!(done, [Notice::SegmentDone { index: 0 }, Notice::SegmentDone { index: 1 }]);
}

#[test]
fn a_full_log_refuses_and_goes_on_when_a_segment_comes() {
    let folder = TempDir::new().unwrap();
    let mut journal = journal(folder.path(), Durability::Process);
    let mut last = Position::default();
    while let Ok(position) = add_record(&mut journal) {
        last = position;
    }
    assert!(journal.is_low());
    journal.add(segment(folder.path(), 1));
    assert_eq!(add_record(&mut journal).unwrap().sequence, last.sequence + 2);
}

#[test]
fn at_level_power_nothing_is_durable_before_its_sync_has_ended() {
    let folder = TempDir::new().unwrap();
    let mut journal = journal(folder.path(), Durability::Power);
    let first = add_record(&mut journal).unwrap();
    assert!(journal.durable() < first);
    assert!(journal.begin_sync().is_some());
    let second = add_record(&mut journal).unwrap();
    assert!(journal.begin_sync().is_none(), "one at a time");
    journal.end_sync(Ok(())).unwrap();
    assert_eq!(journal.durable(), first, "the second came after the sync had begun");
    assert!(journal.begin_sync().is_some());
    journal.end_sync(Ok(())).unwrap();
    assert_eq!(journal.durable(), second);
    assert!(journal.begin_sync().is_none(), "nothing to do");
}

#[test]
fn at_level_power_a_segment_is_done_when_it_is_synced() {
    let folder = TempDir::new().unwrap();
    let mut journal = journal(folder.path(), Durability::Power);
    journal.add(segment(folder.path(), 1));
    add_record(&mut journal).unwrap();
    journal.rotate_soon();
    let after = add_record(&mut journal).unwrap();
    let done = Notice::SegmentDone { index: 0 };
    assert!(!notices(&mut journal).contains(&done));
    journal.begin_sync().unwrap();
    journal.end_sync(Ok(())).unwrap();
    assert_eq!(notices(&mut journal), [done]);
    assert!(journal.durable() < after, "the new segment is another file");
    journal.begin_sync().unwrap();
    journal.end_sync(Ok(())).unwrap();
    assert_eq!(journal.durable(), after);
}

#[test]
fn a_sync_that_fails_is_not_survived() {
    let folder = TempDir::new().unwrap();
    let mut journal = journal(folder.path(), Durability::Power);
    add_record(&mut journal).unwrap();
    journal.begin_sync().unwrap();
    let failure = std::io::Error::from_raw_os_error(libc::EIO);
    assert!(matches!(journal.end_sync(Err(failure)), Err(JournalError::Sync(_))));
}

#[test]
fn a_rotation_without_a_prepared_segment_waits_for_one() {
    let folder = TempDir::new().unwrap();
    let mut journal = journal(folder.path(), Durability::Process);
    journal.rotate_soon();
    notices(&mut journal);
    journal.add(segment(folder.path(), 1));
    assert!(notices(&mut journal).contains(&Notice::SegmentDone { index: 0 }));
}
