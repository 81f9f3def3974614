use proptest::prelude::*;

use super::*;
use crate::fixture::{append, begin, identity, scratch, time_us};
use crate::{Contents, SegmentImage, SegmentWriter, check_segment, segment_file_name};

const FIRST: u64 = 0;

/// A segment of eight records that was killed at some moment, and what it had committed by then.
struct Killed {
    bytes: Vec<u8>,
    committed: u64,
    appended: u64,
}

fn killed_at_each_step() -> Vec<Killed> {
    let folder = scratch();
    let identity = identity(1, 0, 0);
    let path = folder.path().join(segment_file_name(&identity));
    let mut writer = begin(folder.path(), &identity, FIRST);
    let mut states = Vec::new();
    let mut committed = 0;
    let mut note = |writer: &SegmentWriter, committed| {
        let appended = writer.position().sequence - FIRST;
        states.push(Killed { bytes: std::fs::read(&path).unwrap(), committed, appended });
    };
    note(&writer, committed);
    for at in 0..8 {
        append(&mut writer, &identity);
        note(&writer, committed);
        // Group commit: several appends to one commit.
        if at % 3 != 0 {
            writer.commit();
            committed = writer.position().sequence - FIRST;
            note(&writer, committed);
        }
    }
    states
}

fn plan(bytes: &[u8]) -> Option<End> {
    End::plan(&SegmentImage::from_bytes(bytes), time_us(1_000)).unwrap()
}

/// Recovers in memory, then cuts the segment as shipping does and checks it as a verifier does.
fn recovered(bytes: &[u8]) -> Option<(Recovered, Contents)> {
    let end = plan(bytes)?;
    let mut bytes = bytes.to_vec();
    for (offset, written) in end.writes() {
        overwrite(&mut bytes, offset, &written);
    }
    let length = usize::try_from(end.progress.commit_offset).unwrap();
    assert!(bytes[length..].iter().all(|&byte| byte == 0), "the torn tail is cleared");
    let contents = check_segment(&SegmentImage::from_bytes(&bytes[..length])).unwrap();
    Some((end.recovered, contents))
}

fn overwrite(bytes: &mut [u8], offset: u64, written: &[u8]) {
    let offset = usize::try_from(offset).unwrap();
    bytes[offset..offset + written.len()].copy_from_slice(written);
}

fn content_end(bytes: &[u8]) -> usize {
    bytes.iter().rposition(|&byte| byte != 0).unwrap() + 1
}

#[test]
fn a_kill_at_any_step_loses_no_committed_record() {
    for Killed { bytes, committed, appended } in killed_at_each_step() {
        let Some((recovered, contents)) = recovered(&bytes) else {
            assert_eq!((committed, appended), (0, 0), "only an empty segment is dropped");
            continue;
        };
        // A record that is whole is kept even if its commit was not reached.
        let expected = Recovered::Cut { records: appended + 1, torn_bytes: 0, lost_records: 0 };
        assert_eq!(recovered, expected);
        assert_eq!(contents.records, appended + 1);
    }
}

#[test]
fn a_kill_in_the_middle_of_a_record_shows_as_a_torn_tail_and_no_more() {
    let states = killed_at_each_step();
    let begun = |killed: &&Killed| killed.appended > killed.committed;
    for Killed { bytes, committed, appended } in states.iter().filter(begun) {
        let image = SegmentImage::from_bytes(bytes);
        let reader = SegmentReader::over(&image, FIRST, bytes.len()).unwrap();
        let last = reader.map_while(Result::ok).last().unwrap();
        let start = usize::try_from(last.offset).unwrap();
        for length in 1..last.header.length as usize {
            let mut torn = bytes.clone();
            torn[start + length..].fill(0);
            if content_end(&torn) == content_end(bytes) {
                continue;
            }
            let (recovered, contents) = recovered(&torn).unwrap();
            let expected_torn = (content_end(&torn).max(start) - start) as u64;
            let expected =
                Recovered::Cut { records: *appended, torn_bytes: expected_torn, lost_records: 0 };
            assert_eq!(recovered, expected, "{length} bytes of record {appended}");
            assert!(contents.records > *committed);
        }
    }
}

#[test]
fn recovery_that_is_killed_itself_is_run_again_and_ends_the_same() {
    for Killed { mut bytes, .. } in killed_at_each_step() {
        let end = content_end(&bytes).max(HEADER_BYTES);
        bytes[end..end + 21].fill(0xAB);
        let Some(whole) = recovered(&bytes) else { continue };
        let writes: Vec<_> = plan(&bytes).unwrap().writes().collect();
        for done in 0..=writes.len() {
            let mut again = bytes.clone();
            for (offset, written) in &writes[..done] {
                overwrite(&mut again, *offset, written);
            }
            assert_eq!(recovered(&again), Some(whole.clone()), "killed after {done} writes");
        }
    }
}

#[test]
fn after_a_power_cut_each_page_may_be_old_or_new() {
    // Level `power`: what was synced is there, every page written since may be or may not be.
    let states = killed_at_each_step();
    let pages = |bytes: &[u8]| content_end(bytes).div_ceil(PAGE);
    const PAGE: usize = 4096;
    for (synced, later) in states.iter().zip(states.iter().skip(1)) {
        let count = pages(&later.bytes);
        for subset in 0..1_u32 << count {
            let mut bytes = later.bytes.clone();
            for page in (0..count).filter(|page| subset >> page & 1 == 0) {
                let range = page * PAGE..(page + 1) * PAGE;
                bytes[range.clone()].copy_from_slice(&synced.bytes[range]);
            }
            match recovered(&bytes) {
                Some((_, contents)) => assert!(contents.records > synced.committed),
                None => assert_eq!(synced.committed, 0),
            }
        }
    }
}

#[test]
fn a_header_older_than_the_frames_loses_nothing() {
    let folder = scratch();
    let identity = identity(1, 0, 3);
    let path = folder.path().join(segment_file_name(&identity));
    let prepared = {
        drop(begin(folder.path(), &identity, 0));
        std::fs::remove_file(&path).unwrap();
        crate::prepare(&path, &identity, crate::MIN_SEGMENT_BYTES).unwrap();
        std::fs::read(&path).unwrap()
    };
    let mut writer = crate::BlankSegment::open(&path).unwrap().begin(70);
    append(&mut writer, &identity);
    writer.commit();
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[..HEADER_BYTES].copy_from_slice(&prepared[..HEADER_BYTES]);
    let (_, contents) = recovered(&bytes).unwrap();
    assert_eq!((contents.first_sequence, contents.records), (70, 2));
}

#[test]
fn committed_records_that_cannot_be_read_are_counted_as_lost_and_the_file_is_kept() {
    let folder = scratch();
    let identity = identity(1, 0, 0);
    let path = folder.path().join(segment_file_name(&identity));
    let mut writer = begin(folder.path(), &identity, 0);
    for _ in 0..5 {
        append(&mut writer, &identity);
    }
    writer.commit();
    drop(writer);
    let mut damaged = std::fs::read(&path).unwrap();
    let image = SegmentImage::from_bytes(&damaged);
    let third = SegmentReader::new(&image).unwrap().nth(2).unwrap().unwrap().offset;
    damaged[usize::try_from(third).unwrap() + 40] ^= 1;
    std::fs::write(&path, &damaged).unwrap();

    let Recovered::Cut { records, lost_records, .. } = recover(&path, time_us(9)).unwrap() else {
        panic!("cut");
    };
    assert_eq!((records, lost_records), (3, 3));
    assert_eq!(std::fs::read(path.with_extension("damaged")).unwrap(), damaged);
}

#[test]
fn a_segment_whose_writer_lives_is_not_touched() {
    let folder = scratch();
    let identity = identity(1, 0, 0);
    let path = folder.path().join(segment_file_name(&identity));
    let mut writer = begin(folder.path(), &identity, 0);
    append(&mut writer, &identity);
    assert!(matches!(recover(&path, 0), Err(RecoverError::Alive)));
    drop(writer);
    assert!(matches!(recover(&path, 0), Ok(Recovered::Cut { records: 2, .. })));
    let once = std::fs::read(&path).unwrap();
    assert!(matches!(recover(&path, 0), Ok(Recovered::Cut { records: 2, .. })));
    assert_eq!(std::fs::read(&path).unwrap(), once, "recovered once is recovered");
}

#[test]
fn a_finished_segment_stays_as_it_is() {
    let folder = scratch();
    let identity = identity(1, 0, 0);
    let path = folder.path().join(segment_file_name(&identity));
    crate::fixture::finished(folder.path(), &identity, 0, 4);
    let before = std::fs::read(&path).unwrap();
    assert_eq!(recover(&path, 0).unwrap(), Recovered::Finished { records: 4 });
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn a_segment_full_to_the_reserve_can_still_be_recovered() {
    let folder = scratch();
    let identity = identity(1, 0, 0);
    let path = folder.path().join(segment_file_name(&identity));
    let mut writer = begin(folder.path(), &identity, 0);
    append(&mut writer, &identity);
    while writer
        .append(0, [0; 16], &crate::Heartbeat { open_sessions: 0, records: 0 }.into())
        .is_ok()
    {}
    writer.commit();
    drop(writer);
    assert!(matches!(recover(&path, 0), Ok(Recovered::Cut { torn_bytes: 0, lost_records: 0, .. })));
}

#[test]
fn what_is_no_segment_is_refused() {
    let folder = scratch();
    let path = folder.path().join("x.seg");
    for bytes in [&b""[..], b"LZSEGMNT", &[0; 8192], &[0xFF; 8192]] {
        std::fs::write(&path, bytes).unwrap();
        assert!(recover(&path, 0).is_err());
        assert_eq!(std::fs::read(&path).unwrap(), bytes);
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 512,
        rng_seed: prop::test_runner::RngSeed::Fixed(2),
        ..ProptestConfig::default()
    })]

    #[test]
    fn whatever_the_disk_did_behind_the_header_the_rest_is_well_formed(
        which in any::<prop::sample::Index>(),
        damage in prop::collection::vec((HEADER_BYTES..8192, any::<u8>()), 0..16),
    ) {
        let states = killed_at_each_step();
        let mut bytes = which.get(&states).bytes.clone();
        for (at, value) in damage {
            bytes[at] = value;
        }
        // The check is in `recovered`.
        let _ = recovered(&bytes);
    }
}
