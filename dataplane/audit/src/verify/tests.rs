use std::path::PathBuf;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::fixture::{ORIGIN, Shipper, append, begin, finished, identity, scratch, time_us};
use crate::reader::SegmentReader;
use crate::seal::{Digest, Seal, sign};
use crate::{
    Identity, SegmentImage, SigningKey, check_segment, recover, seal_file_name, segment_file_name,
};

/// A shipped folder: shard 0 with three segments in boot 1 and one in boot 2, shard 1 with one.
struct Shipped {
    local: TempDir,
    folder: TempDir,
    shipper: Shipper,
}

fn shipped() -> Shipped {
    let mut shipped = Shipped { local: scratch(), folder: scratch(), shipper: Shipper::new() };
    shipped.add(identity(1, 0, 0), 0, 6);
    shipped.add(identity(1, 1, 0), 0, 5);
    shipped.add(identity(1, 0, 1), 6, 7);
    shipped.add(identity(1, 0, 2), 13, 4);
    shipped.add(identity(2, 0, 0), 0, 3);
    shipped
}

const RECORDS: u64 = 25;

impl Shipped {
    fn add(&mut self, segment: Identity, first_sequence: u64, records: u64) {
        finished(self.local.path(), &segment, first_sequence, records);
        self.shipper.ship(self.local.path(), self.folder.path(), &segment);
    }

    fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(name)
    }

    fn read(&self, name: impl AsRef<Path>) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    fn write(&self, name: impl AsRef<Path>, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), bytes).unwrap();
    }

    fn remove(&self, name: impl AsRef<Path>) {
        std::fs::remove_file(self.path(name)).unwrap();
    }

    fn verify(&self) -> Report {
        verify_folder(self.folder.path(), Some(&self.shipper.trust()))
    }

    /// The verdict with a trust file; without one it must be the same, or at best `consistent`.
    fn verdict(&self) -> Verdict {
        let trusted = self.verify().verdict;
        let untrusted = verify_folder(self.folder.path(), None).verdict;
        match trusted {
            Verdict::Verified => assert_eq!(untrusted, Verdict::Consistent),
            other => assert_eq!(untrusted, other),
        }
        trusted
    }
}

fn segment(boot: u64, shard: u16, index: u64) -> String {
    segment_file_name(&identity(boot, shard, index))
}

fn seal(boot: u64, shard: u16, index: u64) -> String {
    seal_file_name(&identity(boot, shard, index))
}

#[test]
fn what_was_shipped_is_verified_with_trust_and_consistent_without() {
    let shipped = shipped();
    let report = shipped.verify();
    let expected = Report {
        verdict: Verdict::Verified,
        records: RECORDS,
        first_bad: None,
        trusted_prefix: RECORDS,
        gaps: vec![],
        torn_tails: vec![],
        redacted: 0,
        unwitnessed: vec![],
    };
    assert_eq!(report, expected);
    let untrusted = verify_folder(shipped.folder.path(), None);
    assert_eq!(untrusted, Report { verdict: Verdict::Consistent, ..expected });
}

#[test]
fn the_report_has_the_agreed_json_form() {
    let shipped = shipped();
    let json = serde_json::to_value(shipped.verify()).unwrap();
    let expected = serde_json::json!({
        "verdict": "verified", "records": 25, "first_bad": null, "trusted_prefix": 25,
        "gaps": [], "torn_tails": [], "redacted": 0, "unwitnessed": [],
    });
    assert_eq!(json, expected);
}

#[test]
fn every_flipped_bit_of_a_segment_its_seal_and_the_head_is_tampering() {
    let mut shipped = Shipped { local: scratch(), folder: scratch(), shipper: Shipper::new() };
    shipped.add(identity(1, 0, 0), 0, 3);
    let trust = shipped.shipper.trust();
    for name in [segment(1, 0, 0), seal(1, 0, 0), HEAD_FILE_NAME.to_owned()] {
        let bytes = shipped.read(&name);
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            shipped.write(&name, flipped);
            // Alternately with and without trust: neither may miss it.
            let trust = (bit % 2 == 0).then_some(&trust);
            let report = verify_folder(shipped.folder.path(), trust);
            assert_eq!(report.verdict, Verdict::Tampered, "bit {bit} of {name}");
            assert_eq!(report.trusted_prefix, if name == HEAD_FILE_NAME { 3 } else { 0 });
        }
        shipped.write(&name, bytes);
    }
    assert_eq!(shipped.verdict(), Verdict::Verified);
}

#[test]
fn the_first_bad_record_is_named() {
    let shipped = shipped();
    let name = segment(1, 0, 1);
    let mut bytes = shipped.read(&name);
    let image = SegmentImage::from_bytes(&bytes);
    let record = SegmentReader::new(&image).unwrap().nth(3).unwrap().unwrap();
    bytes[usize::try_from(record.offset).unwrap() + 60] ^= 4;
    shipped.write(&name, bytes);
    let report = shipped.verify();
    let bad = report.first_bad.unwrap();
    assert_eq!(report.verdict, Verdict::Tampered);
    assert_eq!((bad.segment, bad.sequence, bad.offset), (name, 9, record.offset));
    assert!(bad.reason.contains("checksum"), "{}", bad.reason);
    assert_eq!(report.trusted_prefix, 6 + 5, "shard 0 up to the segment, all of shard 1");
}

#[test]
fn a_record_changed_with_its_checksum_repaired_is_tampering() {
    let shipped = shipped();
    let name = segment(1, 0, 1);
    let mut bytes = shipped.read(&name);
    let image = SegmentImage::from_bytes(&bytes);
    let record = SegmentReader::new(&image).unwrap().next().unwrap().unwrap();
    let at = usize::try_from(record.offset).unwrap();
    let salt: [u8; 16] = bytes[48..64].try_into().unwrap();
    let length = record.header.length as usize;
    bytes[at + 60] ^= 4;
    let seed = crc32c::crc32c_append(crc32c::crc32c(&salt), &6_u64.to_le_bytes());
    let crc = crc32c::crc32c_append(seed, &bytes[at + 8..at + length]);
    bytes[at + 4..at + 8].copy_from_slice(&crc.to_le_bytes());
    shipped.write(&name, bytes);
    assert_eq!(shipped.verdict(), Verdict::Tampered);
}

#[test]
fn a_cut_or_longer_segment_is_tampering() {
    let shipped = shipped();
    let name = segment(1, 0, 0);
    let bytes = shipped.read(&name);
    for length in [0, 1, 100, 4095, 4096, 4100, bytes.len() - 8, bytes.len() - 1] {
        shipped.write(&name, &bytes[..length]);
        assert_eq!(shipped.verdict(), Verdict::Tampered, "cut to {length}");
    }
    for more in [&b"\0"[..], &[0; 4096], b"more"] {
        shipped.write(&name, [&bytes[..], more].concat());
        assert_eq!(shipped.verdict(), Verdict::Tampered);
    }
}

#[test]
fn segments_that_changed_places_are_tampering() {
    let shipped = shipped();
    for (one, other) in [
        (segment(1, 0, 0), segment(1, 0, 1)),
        (seal(1, 0, 0), seal(1, 0, 1)),
        (segment(1, 0, 0), segment(2, 0, 0)),
        (segment(1, 0, 0), segment(1, 1, 0)),
    ] {
        let (first, second) = (shipped.read(&one), shipped.read(&other));
        shipped.write(&one, &second);
        shipped.write(&other, &first);
        assert_eq!(shipped.verdict(), Verdict::Tampered, "{one} and {other}");
        shipped.write(&one, first);
        shipped.write(&other, second);
    }
    assert_eq!(shipped.verdict(), Verdict::Verified);
}

#[test]
fn a_copy_under_another_name_is_tampering() {
    let shipped = shipped();
    shipped.write(segment(1, 0, 3), shipped.read(segment(1, 0, 2)));
    assert_eq!(shipped.verdict(), Verdict::Tampered);
    shipped.write(seal(1, 0, 3), shipped.read(seal(1, 0, 2)));
    assert_eq!(shipped.verdict(), Verdict::Tampered);
}

#[test]
fn a_renamed_segment_is_tampering() {
    let shipped = shipped();
    std::fs::rename(shipped.path(segment(1, 0, 2)), shipped.path(segment(1, 0, 3))).unwrap();
    std::fs::rename(shipped.path(seal(1, 0, 2)), shipped.path(seal(1, 0, 3))).unwrap();
    assert_eq!(shipped.verdict(), Verdict::Tampered);
}

#[test]
fn whatever_is_removed_is_missed() {
    let shipped = shipped();
    let files: Vec<_> = std::fs::read_dir(shipped.folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(files.len(), 11);
    for name in files {
        let bytes = shipped.read(&name);
        shipped.remove(&name);
        assert_eq!(shipped.verdict(), Verdict::Incomplete, "without {}", name.display());
        shipped.write(&name, bytes);
    }
    for id in [identity(1, 0, 0), identity(1, 0, 2), identity(1, 1, 0), identity(2, 0, 0)] {
        let (segment, seal) = (segment_file_name(&id), seal_file_name(&id));
        let (bytes, note) = (shipped.read(&segment), shipped.read(&seal));
        shipped.remove(&segment);
        shipped.remove(&seal);
        let report = shipped.verify();
        assert_eq!(report.verdict, Verdict::Incomplete, "without {segment}");
        assert_eq!(report.gaps.len(), 1, "{:?}", report.gaps);
        shipped.write(&segment, bytes);
        shipped.write(&seal, note);
    }
    assert_eq!(shipped.verdict(), Verdict::Verified);
}

#[test]
fn an_older_head_shows() {
    let mut shipped = shipped();
    let older = shipped.read(HEAD_FILE_NAME);
    shipped.add(identity(2, 0, 1), 3, 3);
    let newer = shipped.read(HEAD_FILE_NAME);
    shipped.write(HEAD_FILE_NAME, older);
    assert_eq!(shipped.verdict(), Verdict::Incomplete);
    shipped.write(HEAD_FILE_NAME, newer);
    assert_eq!(shipped.verdict(), Verdict::Verified);
}

#[test]
fn another_history_of_the_same_key_is_tampering() {
    // A backup restored: the log was sealed a second time from an older point.
    let mut shipped = shipped();
    let folder = scratch();
    let mut again = Shipper { key: shipped.shipper.key, head: Head::new(ORIGIN.to_owned()) };
    finished(folder.path(), &identity(1, 0, 0), 0, 4);
    again.ship(folder.path(), shipped.folder.path(), &identity(1, 0, 0));
    shipped.shipper = again;
    assert_eq!(shipped.verdict(), Verdict::Tampered);
}

#[test]
fn a_stranger_in_the_folder_is_tampering() {
    for name in ["notes.txt", "n1-1-0-0.seg", "head~", ".hidden"] {
        let shipped = shipped();
        shipped.write(name, b"");
        let report = shipped.verify();
        assert_eq!(report.verdict, Verdict::Tampered);
        assert_eq!(report.first_bad.unwrap().segment, name);
    }
    let shipped = shipped();
    std::fs::create_dir(shipped.path("more")).unwrap();
    assert_eq!(shipped.verdict(), Verdict::Tampered);
}

#[test]
fn a_link_in_place_of_a_segment_is_tampering() {
    let shipped = shipped();
    let moved = shipped.local.path().join("moved");
    std::fs::rename(shipped.path(segment(1, 0, 0)), &moved).unwrap();
    std::os::unix::fs::symlink(&moved, shipped.path(segment(1, 0, 0))).unwrap();
    assert_eq!(shipped.verdict(), Verdict::Tampered);
}

#[test]
fn an_upload_that_was_cut_off_is_incomplete() {
    let shipped = shipped();
    shipped.write(".partial-n1-0000000002-00000-0000000001.seg", b"LZSEG");
    assert_eq!(shipped.verdict(), Verdict::Incomplete);
}

#[test]
fn a_foreign_key_is_consistent_with_itself_and_tampering_to_who_trusts_another() {
    let mine = shipped();
    let theirs = shipped();
    let trust = mine.shipper.trust();
    assert_eq!(verify_folder(theirs.folder.path(), None).verdict, Verdict::Consistent);
    let report = verify_folder(theirs.folder.path(), Some(&trust));
    assert_eq!(report.verdict, Verdict::Tampered);
    assert!(report.first_bad.unwrap().reason.contains("not trusted"));

    // One seal by another key shows without any trust file.
    let name = segment(1, 0, 0);
    let bytes = mine.read(&name);
    let contents = check_segment(&SegmentImage::from_bytes(&bytes)).unwrap();
    let forged = Seal {
        origin: ORIGIN.to_owned(),
        segment: identity(1, 0, 0),
        bytes: bytes.len() as u64,
        records: contents.records,
        first_sequence: 0,
        last_sequence: 5,
        sha256: Digest::of(&bytes),
        previous: None,
    };
    let key = &theirs.shipper.key;
    mine.write(seal(1, 0, 0), sign(forged.text(key.verifier()), key));
    assert_eq!(mine.verdict(), Verdict::Tampered);
}

#[test]
fn another_origin_is_tampering() {
    let shipped = shipped();
    let trust = Trust { origin: "other.example/log".to_owned(), ..shipped.shipper.trust() };
    let report = verify_folder(shipped.folder.path(), Some(&trust));
    assert_eq!(report.verdict, Verdict::Tampered);
    assert!(report.first_bad.unwrap().reason.contains("origin"));
}

#[test]
fn the_nodes_are_those_that_the_auditor_expects() {
    let shipped = shipped();
    let with = |nodes: &[&str]| Trust {
        nodes: nodes.iter().map(|&node| node.to_owned()).collect(),
        ..shipped.shipper.trust()
    };
    let verdict = |trust| verify_folder(shipped.folder.path(), Some(&trust)).verdict;
    assert_eq!(verdict(with(&["n1"])), Verdict::Verified);
    assert_eq!(verdict(with(&["n1", "n2"])), Verdict::Incomplete);
    assert_eq!(verdict(with(&["n2"])), Verdict::Tampered);
    assert_eq!(verdict(with(&[])), Verdict::Tampered);
}

#[test]
fn witnesses_that_are_asked_for_and_did_not_sign_are_missed() {
    let shipped = shipped();
    let key = SigningKey::generate("witness.example").unwrap().verifier().to_string();
    let trust = Trust { witnesses: vec![key], ..shipped.shipper.trust() };
    let report = verify_folder(shipped.folder.path(), Some(&trust));
    assert_eq!((report.verdict, report.unwitnessed.len()), (Verdict::Incomplete, 1));
}

#[test]
fn a_recovered_torn_tail_is_told_and_does_no_harm() {
    let mut shipped = shipped();
    let id = identity(2, 0, 1);
    let path = shipped.local.path().join(segment_file_name(&id));
    let mut writer = begin(shipped.local.path(), &id, 3);
    append(&mut writer, &id);
    writer.commit();
    append(&mut writer, &id);
    drop(writer);
    let mut bytes = std::fs::read(&path).unwrap();
    let end = bytes.iter().rposition(|&byte| byte != 0).unwrap();
    bytes[end - 40..=end].fill(0);
    std::fs::write(&path, bytes).unwrap();
    recover(&path, time_us(8)).unwrap();
    shipped.shipper.ship(shipped.local.path(), shipped.folder.path(), &id);
    assert_eq!(shipped.verdict(), Verdict::Verified);
    let report = shipped.verify();
    assert_eq!((report.records, report.gaps.len()), (RECORDS + 2, 0));
    assert_eq!(report.torn_tails.len(), 1);
    assert!(report.torn_tails[0].starts_with(&segment_file_name(&id)));
}

#[test]
fn a_segment_that_nobody_recovered_or_sealed_is_incomplete() {
    let shipped = shipped();
    let id = identity(2, 0, 1);
    let mut writer = begin(shipped.folder.path(), &id, 3);
    append(&mut writer, &id);
    writer.commit();
    append(&mut writer, &id);
    drop(writer);
    assert_eq!(shipped.verdict(), Verdict::Incomplete);
    let report = shipped.verify();
    assert_eq!((report.records, report.torn_tails.len()), (RECORDS + 1, 1));
}

#[test]
fn silence_is_told() {
    let mut shipped = shipped();
    let id = identity(2, 0, 1);
    let mut writer = begin(shipped.local.path(), &id, 3);
    let body = crate::Heartbeat { open_sessions: 0, records: 3 }.into();
    writer.append(time_us(4), [0; 16], &body).unwrap();
    writer.finish(time_us(4) + 11_000_000);
    shipped.shipper.ship(shipped.local.path(), shipped.folder.path(), &id);
    let report = shipped.verify();
    assert_eq!(report.verdict, Verdict::Verified);
    assert!(report.gaps[0].contains("silence of 11 s in front of record 4"), "{:?}", report.gaps);
}

#[test]
fn segments_whose_sequences_leave_a_hole_are_refused_however_they_are_sealed() {
    let mut shipped = shipped();
    shipped.add(identity(2, 0, 1), 4, 3);
    assert_eq!(shipped.verdict(), Verdict::Tampered);
}

#[test]
fn where_there_is_nothing_there_is_no_verdict() {
    let folder = scratch();
    for folder in [folder.path(), &folder.path().join("absent")] {
        assert_eq!(verify_folder(folder, None).verdict, Verdict::Unusable);
    }
    let shipped = shipped();
    let trust = Trust { keys: vec!["no key".to_owned()], ..shipped.shipper.trust() };
    assert_eq!(verify_folder(shipped.folder.path(), Some(&trust)).verdict, Verdict::Unusable);
}

/// A seal over anything at all, signed by the right key: what a broken or hostile control could ship.
fn sealed_anyhow(bytes: &[u8]) -> Verdict {
    let folder = scratch();
    let mut shipper = Shipper::new();
    let seal = Seal {
        origin: ORIGIN.to_owned(),
        segment: identity(1, 0, 0),
        bytes: bytes.len() as u64,
        records: 6,
        first_sequence: 0,
        last_sequence: 5,
        sha256: Digest::of(bytes),
        previous: None,
    };
    std::fs::write(folder.path().join(segment(1, 0, 0)), bytes).unwrap();
    shipper.seal(folder.path(), &seal);
    verify_folder(folder.path(), Some(&shipper.trust())).verdict
}

#[test]
fn hostile_header_values_under_a_right_seal_are_refused() {
    let bytes = shipped().read(segment(1, 0, 0));
    assert_eq!(sealed_anyhow(&bytes), Verdict::Verified);
    for at in (16..24).chain(40..44).chain(2048..2080) {
        for value in [0x01, 0x7F, 0x80, 0xFF] {
            let mut hostile = bytes.clone();
            if hostile[at] == value {
                continue;
            }
            hostile[at] = value;
            let crc = crc32c::crc32c(&hostile[..144]);
            hostile[144..148].copy_from_slice(&crc.to_le_bytes());
            let verdict = sealed_anyhow(&hostile);
            // How large the file was prepared concerns nobody.
            let expected = if at < 24 { Verdict::Verified } else { Verdict::Tampered };
            assert_eq!(verdict, expected, "byte {at} is {value:#x}");
        }
    }
}

#[test]
fn hostile_lengths_and_bodies_under_a_right_seal_are_refused() {
    let bytes = shipped().read(segment(1, 0, 0));
    for length in [0_u32, 1, 7, 8, 47, 48, 56, 0xFFF8, 0x1_0000, 0x1_0008, u32::MAX - 7, u32::MAX] {
        let mut hostile = bytes.clone();
        hostile[4096..4100].copy_from_slice(&length.to_le_bytes());
        assert_eq!(sealed_anyhow(&hostile), Verdict::Tampered, "length {length}");
    }
    // Right checksums around bodies of rubbish: relative pointers out of bounds, no UTF-8.
    let salt: [u8; 16] = bytes[48..64].try_into().unwrap();
    let image = SegmentImage::from_bytes(&bytes);
    for record in SegmentReader::new(&image).unwrap().map(Result::unwrap) {
        let at = usize::try_from(record.offset).unwrap();
        let range = at..at + record.header.length as usize;
        let mut hostile = bytes.clone();
        hostile[range.start + 48..range.end].fill(0x82);
        let seed =
            crc32c::crc32c_append(crc32c::crc32c(&salt), &record.header.sequence.to_le_bytes());
        let crc = crc32c::crc32c_append(seed, &hostile[range.start + 8..range.end]);
        hostile[at + 4..at + 8].copy_from_slice(&crc.to_le_bytes());
        // A heartbeat holds numbers alone: any bytes are one.
        let heartbeat = record.header.record_type == crate::RecordType::Heartbeat;
        let expected = if heartbeat { Verdict::Verified } else { Verdict::Tampered };
        assert_eq!(sealed_anyhow(&hostile), expected, "{:?}", record.header.record_type);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, rng_seed: prop::test_runner::RngSeed::Fixed(1), ..ProptestConfig::default() })]

    #[test]
    fn damage_anywhere_is_tampering(
        which in 0_usize..11,
        damage in prop::collection::vec((any::<prop::sample::Index>(), 1_u8..), 1..8),
    ) {
        let shipped = shipped();
        let mut names: Vec<_> = std::fs::read_dir(shipped.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        names.sort();
        let before = shipped.read(&names[which]);
        let mut bytes = before.clone();
        for (at, mask) in damage {
            let at = at.index(bytes.len());
            bytes[at] ^= mask;
        }
        prop_assume!(bytes != before);
        shipped.write(&names[which], bytes);
        prop_assert_eq!(shipped.verdict(), Verdict::Tampered);
    }

    #[test]
    fn nothing_that_lies_in_a_segment_makes_its_reader_panic(
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..64),
        cut in any::<prop::sample::Index>(),
    ) {
        let folder = scratch();
        finished(folder.path(), &identity(1, 0, 0), 0, 6);
        let mut bytes = std::fs::read(folder.path().join(segment(1, 0, 0))).unwrap();
        bytes.truncate(6000);
        for (at, value) in damage {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        bytes.truncate(cut.index(bytes.len() + 1));
        let _ = check_segment(&SegmentImage::from_bytes(&bytes));
    }
}
