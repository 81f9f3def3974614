use std::path::PathBuf;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::fixture::{Shipper, append, begin, finished, identity, scratch, time_us, write};
use crate::reader::SegmentReader;
use crate::tlog::{Bundle, Digest};
use crate::{
    Identity, Role, SegmentImage, SigningKey, check_segment, recover, segment_file_name,
    sign_checkpoint,
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

    fn read_text(&self, name: impl AsRef<Path>) -> String {
        String::from_utf8(self.read(name)).unwrap()
    }

    fn write(&self, name: impl AsRef<Path>, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), bytes).unwrap();
    }

    fn remove(&self, name: impl AsRef<Path>) {
        std::fs::remove_file(self.path(name)).unwrap();
    }

    /// The paths of all files.
    fn files(&self) -> Vec<String> {
        let mut files = Vec::new();
        let mut folders = vec![String::new()];
        while let Some(prefix) = folders.pop() {
            for entry in std::fs::read_dir(self.path(&prefix)).unwrap() {
                let entry = entry.unwrap();
                let path = format!("{prefix}{}", entry.file_name().to_str().unwrap());
                if entry.file_type().unwrap().is_dir() {
                    folders.push(format!("{path}/"));
                } else {
                    files.push(path);
                }
            }
        }
        files.sort();
        files
    }

    fn verify(&self) -> Report {
        judged(self.folder.path(), Some(&self.shipper.trust()))
    }

    /// The verdict with a trust file; without one it must be the same, or at best `consistent`.
    fn verdict(&self) -> Verdict {
        let trusted = self.verify().verdict;
        let untrusted = judged(self.folder.path(), None).verdict;
        match trusted {
            Verdict::Verified => assert_eq!(untrusted, Verdict::Consistent),
            other => assert_eq!(untrusted, other),
        }
        trusted
    }
}

/// Our report, with the verdict of which another reader agrees.
fn judged(folder: &Path, trust: Option<&Trust>) -> Report {
    let report = verify_folder(folder, trust);
    assert_eq!(second_reader::verdict(folder, trust), report.verdict, "{report:?}");
    report
}

fn segment(boot: u64, shard: u16, index: u64) -> String {
    segment_file_name(&identity(boot, shard, index))
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
    let untrusted = judged(shipped.folder.path(), None);
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
fn every_flipped_bit_of_every_even_byte_is_tampering() {
    flip_every_bit(0);
}

#[test]
fn every_flipped_bit_of_every_odd_byte_is_tampering() {
    flip_every_bit(1);
}

/// Of every file, in the bytes that are even or odd: two tests, for two cores.
fn flip_every_bit(parity: usize) {
    let mut shipped = Shipped { local: scratch(), folder: scratch(), shipper: Shipper::new() };
    shipped.add(identity(1, 0, 0), 0, 3);
    let trust = shipped.shipper.trust();
    for name in shipped.files() {
        let bytes = shipped.read(&name);
        for bit in (0..bytes.len() * 8).filter(|bit| bit / 8 % 2 == parity) {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            shipped.write(&name, flipped);
            // Alternately with and without trust: neither may miss it.
            let trust = (bit % 2 == 0).then_some(&trust);
            let report = judged(shipped.folder.path(), trust);
            assert_eq!(report.verdict, Verdict::Tampered, "bit {bit} of {name}");
            let others = name.starts_with("tile/0") && report.trusted_prefix == 3;
            assert!(others || report.trusted_prefix == 0, "bit {bit} of {name}");
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
    assert_eq!(report.trusted_prefix, 6 + 5, "what the log has in front of it");
}

/// Makes the checksum of the frame at this offset that of its bytes.
fn repair_frame(segment: &mut [u8], at: usize) {
    let length = u32::from_le_bytes(segment[at..at + 4].try_into().unwrap()) as usize;
    let (salt, sequence) = (&segment[48..64], &segment[at + 16..at + 24]);
    let seed = crc32c::crc32c_append(crc32c::crc32c(salt), sequence);
    let crc = crc32c::crc32c_append(seed, &segment[at + 8..at + length]);
    segment[at + 4..at + 8].copy_from_slice(&crc.to_le_bytes());
}

fn repair_header(segment: &mut [u8]) {
    let crc = crc32c::crc32c(&segment[..144]);
    segment[144..148].copy_from_slice(&crc.to_le_bytes());
}

/// Offset and length of each frame.
fn frames(segment: &[u8]) -> Vec<(usize, usize)> {
    let image = SegmentImage::from_bytes(segment);
    let records = SegmentReader::new(&image).unwrap().map(Result::unwrap);
    let place = |record: crate::Record<'_>| {
        (usize::try_from(record.offset).unwrap(), record.header.length as usize)
    };
    records.map(place).collect()
}

#[test]
fn every_flipped_bit_with_its_checksum_repaired_is_tampering() {
    let mut shipped = Shipped { local: scratch(), folder: scratch(), shipper: Shipper::new() };
    shipped.add(identity(1, 0, 0), 0, 3);
    let name = segment(1, 0, 0);
    let bytes = shipped.read(&name);
    let try_one = |changed: Vec<u8>, what: &str| {
        shipped.write(&name, changed);
        assert_eq!(shipped.verify().verdict, Verdict::Tampered, "{what}");
    };
    for bit in 0..144 * 8 {
        let mut changed = bytes.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        repair_header(&mut changed);
        try_one(changed, &format!("bit {bit} of the header"));
    }
    for (at, length) in frames(&bytes) {
        // The length stays, so that the frame is one.
        for bit in 8 * 8..length * 8 {
            let mut changed = bytes.clone();
            changed[at + bit / 8] ^= 1 << (bit % 8);
            repair_frame(&mut changed, at);
            try_one(changed, &format!("bit {bit} of the frame at {at}"));
        }
    }
}

#[test]
fn records_that_are_swapped_repeated_or_left_out_are_tampering() {
    let shipped = shipped();
    let name = segment(1, 0, 1);
    let bytes = shipped.read(&name);
    let cut: Vec<_> = frames(&bytes).into_iter().map(|(at, length)| at..at + length).collect();
    let with = |order: &[usize]| {
        let mut changed = bytes[..4096].to_vec();
        order.iter().for_each(|&at| changed.extend_from_slice(&bytes[cut[at].clone()]));
        let length = (changed.len() as u64).to_le_bytes();
        changed[2064..2072].copy_from_slice(&length);
        changed[2072..2080].copy_from_slice(&(order.len() as u64).to_le_bytes());
        changed
    };
    assert_eq!(with(&[0, 1, 2, 3, 4, 5, 6]), bytes);
    let orders: [&[usize]; 4] =
        [&[0, 2, 1, 3, 4, 5, 6], &[0, 1, 1, 2, 3, 4, 5, 6], &[0, 1, 2, 4, 5, 6], &[0, 1, 2, 3, 6]];
    for order in orders {
        // As they are, with the sequences that would fit, and then with those under a right seal.
        let mut changed = with(order);
        shipped.write(&name, &changed);
        assert_eq!(shipped.verdict(), Verdict::Tampered, "{order:?}");
        let mut at = 4096;
        for sequence in 6_u64.. {
            if at == changed.len() {
                break;
            }
            changed[at + 16..at + 24].copy_from_slice(&sequence.to_le_bytes());
            repair_frame(&mut changed, at);
            at += u32::from_le_bytes(changed[at..at + 4].try_into().unwrap()) as usize;
        }
        shipped.write(&name, &changed);
        assert_eq!(shipped.verdict(), Verdict::Tampered, "{order:?}, numbered anew");
    }
    // Even who seals them anew can't hide that the end mark counts others.
    let first = shipped.read(segment(1, 0, 0));
    let cut: Vec<_> = frames(&first).into_iter().map(|(at, length)| at..at + length).collect();
    for order in [&[0_usize, 2, 1, 3, 4, 5][..], &[0, 1, 2, 2, 3, 4, 5], &[0, 1, 2, 3, 5]] {
        let mut changed = first[..4096].to_vec();
        order.iter().for_each(|&at| changed.extend_from_slice(&first[cut[at].clone()]));
        let length = (changed.len() as u64).to_le_bytes();
        changed[2064..2072].copy_from_slice(&length);
        changed[2072..2080].copy_from_slice(&(order.len() as u64).to_le_bytes());
        assert_eq!(sealed_anyhow(&changed), Verdict::Tampered, "{order:?}");
    }
}

#[test]
fn a_segment_of_another_node_is_tampering() {
    let shipped = shipped();
    let other = Identity { node: "n2".to_owned(), ..identity(1, 0, 0) };
    let folder = scratch();
    finished(folder.path(), &other, 0, 6);
    let name = segment_file_name(&other);
    let mut image = SegmentImage::default();
    image.load(&folder.path().join(&name)).unwrap();
    image.cut().unwrap();
    // Under its own name, and in the place of one of ours.
    shipped.write(&name, image.bytes());
    assert_eq!(shipped.verify().verdict, Verdict::Tampered);
    shipped.remove(&name);
    shipped.write(segment(1, 0, 0), image.bytes());
    assert_eq!(shipped.verdict(), Verdict::Tampered);
}

#[test]
fn a_checkpoint_that_counts_more_than_anybody_has_is_judged_in_no_time() {
    let shipped = shipped();
    let Checkpoint { origin, root, size } = shipped.shipper.log.checkpoint();
    for size in [size + 1, 1 << 20, 1 << 40, u64::MAX] {
        let checkpoint = Checkpoint { origin: origin.clone(), size, root };
        shipped.write(CHECKPOINT_FILE_NAME, sign_checkpoint(&checkpoint, &shipped.shipper.key));
        assert_eq!(shipped.verdict(), Verdict::Incomplete, "{size} entries");
    }
}

#[test]
fn a_clock_that_goes_back_between_segments_is_tampering() {
    let mut shipped = shipped();
    let id = identity(2, 0, 1);
    let mut writer = begin(shipped.local.path(), &id, 3);
    let body = crate::Heartbeat { open_sessions: 0, records: 3 }.into();
    writer.append(time_us(1), [0; 16], &body).unwrap();
    writer.finish(time_us(1));
    shipped.shipper.ship(shipped.local.path(), shipped.folder.path(), &id);
    assert_eq!(shipped.verdict(), Verdict::Tampered);
    assert!(shipped.verify().first_bad.unwrap().reason.contains("time goes back"));
}

#[test]
fn a_past_rewritten_with_the_stolen_key_lacks_the_cosignatures_of_the_first() {
    let mut shipped = shipped();
    let witness = SigningKey::generate("witness.example", Role::Witness).unwrap();
    let trust =
        Trust { witnesses: vec![witness.verifier().to_string()], ..shipped.shipper.trust() };
    let mut note = Note::new(shipped.shipper.log.checkpoint().text());
    note.sign(&shipped.shipper.key);
    note.cosign(&witness, 1_700_000_000);
    shipped.write(CHECKPOINT_FILE_NAME, note.render());
    assert_eq!(judged(shipped.folder.path(), Some(&trust)).verdict, Verdict::Verified);

    // The thief leaves out a statement and seals all anew.
    let folder = scratch();
    let mut again = Shipped { local: scratch(), folder, shipper: Shipper::of(shipped.shipper.key) };
    again.add(identity(1, 0, 0), 0, 5);
    assert_eq!(again.verify().verdict, Verdict::Verified, "nobody else was asked");
    let report = judged(again.folder.path(), Some(&trust));
    assert_eq!((report.verdict, report.unwitnessed.len()), (Verdict::Incomplete, 1));
    // The cosignature of the first log is none of the second.
    let stolen = note.render().split_off(note.render().rfind('\u{2014}').unwrap());
    let forged = format!("{}{stolen}", again.read_text(CHECKPOINT_FILE_NAME));
    again.write(CHECKPOINT_FILE_NAME, forged);
    assert_eq!(judged(again.folder.path(), Some(&trust)).verdict, Verdict::Tampered);
    shipped.shipper = again.shipper;
}

#[test]
fn a_signature_under_the_id_of_another_key_is_tampering() {
    let shipped = shipped();
    let other = Shipper::new();
    let checkpoint = shipped.shipper.log.checkpoint();
    let (ours, theirs) =
        [&shipped.shipper.key, &other.key].map(|key| sign_checkpoint(&checkpoint, key)).into();
    let of = |note: &str| {
        let line = note.rsplit(' ').next().unwrap().trim_end().to_owned();
        base64::Engine::decode(&base64::prelude::BASE64_STANDARD, line).unwrap()
    };
    // As if the ids of both keys were the same: 32 bits collide for who wants it.
    let colliding = [&of(&ours)[..4], &of(&theirs)[4..]].concat();
    let line = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, colliding);
    let at = ours.rfind(' ').unwrap();
    shipped.write(CHECKPOINT_FILE_NAME, format!("{} {line}\n", &ours[..at]));
    assert_eq!(shipped.verdict(), Verdict::Tampered);
    // A second line by a key of the same name changes nothing about the first, and is nobody's.
    let second = theirs.split_once("\n\n").unwrap().1;
    shipped.write(CHECKPOINT_FILE_NAME, format!("{ours}{second}"));
    assert_eq!(shipped.verify().verdict, Verdict::Tampered);
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
}

#[test]
fn a_renamed_segment_is_tampering() {
    let shipped = shipped();
    std::fs::rename(shipped.path(segment(1, 0, 2)), shipped.path(segment(1, 0, 3))).unwrap();
    assert_eq!(shipped.verdict(), Verdict::Tampered);
}

#[test]
fn whatever_is_removed_is_missed() {
    let shipped = shipped();
    let files = shipped.files();
    assert_eq!(files.len(), 8, "five segments, a bundle, a tile and the checkpoint: {files:?}");
    for name in files {
        let bytes = shipped.read(&name);
        shipped.remove(&name);
        assert_eq!(shipped.verdict(), Verdict::Incomplete, "without {name}");
        let gaps = shipped.verify().gaps;
        // Without the one or the other nobody knows which segments there should be.
        let all = name == CHECKPOINT_FILE_NAME || name.starts_with("tile/entries");
        assert_eq!(gaps.len(), if all { 7 } else { 1 }, "without {name}: {gaps:?}");
        shipped.write(&name, bytes);
    }
    assert_eq!(shipped.verdict(), Verdict::Verified);
}

#[test]
fn an_older_checkpoint_shows() {
    let mut shipped = shipped();
    let older = shipped.read(CHECKPOINT_FILE_NAME);
    shipped.add(identity(2, 0, 1), 3, 3);
    let newer = shipped.read(CHECKPOINT_FILE_NAME);
    shipped.write(CHECKPOINT_FILE_NAME, older);
    assert_eq!(shipped.verdict(), Verdict::Incomplete);
    assert_eq!(shipped.verify().trusted_prefix, RECORDS);
    shipped.write(CHECKPOINT_FILE_NAME, newer);
    assert_eq!(shipped.verdict(), Verdict::Verified);
}

#[test]
fn another_history_of_the_same_key_is_tampering() {
    // A backup restored: the log was written a second time from an older point.
    let mut shipped = shipped();
    let folder = scratch();
    let mut again = Shipper::of(shipped.shipper.key);
    finished(folder.path(), &identity(1, 0, 0), 0, 4);
    again.ship(folder.path(), shipped.folder.path(), &identity(1, 0, 0));
    shipped.shipper = again;
    // The segments of the first history are in no log now: they may as well be newer.
    assert_eq!(shipped.verdict(), Verdict::Incomplete);
    shipped.shipper.ship(shipped.local.path(), shipped.folder.path(), &identity(1, 1, 0));
    assert_eq!(shipped.verdict(), Verdict::Incomplete);
    shipped.write(
        segment(1, 0, 0),
        std::fs::read(shipped.local.path().join(segment(1, 0, 0))).unwrap(),
    );
    assert_eq!(shipped.verdict(), Verdict::Tampered);
}

#[test]
fn a_log_of_several_bundles_and_levels_of_tiles_is_judged_as_one_of_one() {
    let mut shipped = Shipped { local: scratch(), folder: scratch(), shipper: Shipper::new() };
    let mut next = 0;
    for index in 0..6 {
        shipped.add(identity(1, 0, index), next, 150);
        next += 150;
    }
    // What was left behind of narrower tiles is their beginning.
    let bundle = shipped.read("tile/entries/001");
    let narrow = Bundle(&bundle).take(9).map(|entry| 2 + entry.unwrap().len()).sum();
    let folder = shipped.path("tile/entries/001.p");
    std::fs::create_dir_all(&folder).unwrap();
    shipped.write("tile/entries/001.p/9", &bundle[..narrow]);
    let files = shipped.files();
    let of_the_log = files.iter().filter(|name| name.starts_with("tile/")).count();
    assert_eq!(of_the_log, 4 + 4 + 1 + 1, "{files:?}");
    let report = shipped.verify();
    assert_eq!((report.verdict, report.trusted_prefix), (Verdict::Verified, 900));

    for name in files.iter().filter(|name| name.starts_with("tile/")) {
        let bytes = shipped.read(name);
        let mut flipped = bytes.clone();
        let at = bytes.len() / 2;
        flipped[at] ^= 1;
        shipped.write(name, &flipped);
        assert_eq!(shipped.verdict(), Verdict::Tampered, "{name} changed");
        let bad = shipped.verify().first_bad.unwrap();
        assert_eq!(bad.segment, *name, "{}", bad.reason);
        shipped.remove(name);
        let left = if name.contains("001.p/9") { Verdict::Verified } else { Verdict::Incomplete };
        assert_eq!(shipped.verdict(), left, "{name} removed");
        shipped.write(name, bytes);
    }

    // One entry changed, its hash with it: the tree of the checkpoint is another.
    let mut entries: Vec<_> = Bundle(&bundle).map(|entry| entry.unwrap().to_vec()).collect();
    entries[7][30] ^= 1;
    let mut changed = Vec::new();
    entries.iter().for_each(|entry| Bundle::add(&mut changed, entry));
    shipped.remove("tile/entries/001.p/9");
    shipped.write("tile/entries/001", &changed);
    let report = shipped.verify();
    let bad = report.first_bad.unwrap();
    assert_eq!((bad.segment.as_str(), bad.sequence), ("tile/entries/001", 256 + 7));
    assert_eq!(report.trusted_prefix, 150, "the segments whose entries are all in front of it");
    let mut hashes = shipped.read("tile/0/001");
    hashes[7 * 32..8 * 32].copy_from_slice(&Digest::leaf(&entries[7]).0);
    shipped.write("tile/0/001", hashes);
    let report = shipped.verify();
    assert_eq!((report.verdict, report.trusted_prefix), (Verdict::Tampered, 0));
}

#[test]
fn a_stranger_in_the_folder_is_tampering() {
    for name in ["notes.txt", "n1-1-0-0.seg", "checkpoint~", ".hidden", "tile/0/1", "tile/x"] {
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
    assert_eq!(judged(theirs.folder.path(), None).verdict, Verdict::Consistent);
    let report = judged(theirs.folder.path(), Some(&trust));
    assert_eq!(report.verdict, Verdict::Tampered);
    assert!(report.first_bad.unwrap().reason.contains("not trusted"));

    // A checkpoint by another key shows without any trust file.
    let checkpoint = mine.shipper.log.checkpoint();
    mine.write(CHECKPOINT_FILE_NAME, sign_checkpoint(&checkpoint, &theirs.shipper.key));
    assert_eq!(mine.verdict(), Verdict::Tampered);
}

#[test]
fn a_log_that_began_with_another_key_is_tampering_to_who_does_not_trust_that() {
    let shipped = shipped();
    let second = Shipper::new();
    let checkpoint = shipped.shipper.log.checkpoint();
    shipped.write(CHECKPOINT_FILE_NAME, sign_checkpoint(&checkpoint, &second.key));
    let both = [&shipped.shipper.key, &second.key].map(|key| key.verifier().to_string());
    let trusting = |keys: &[String]| Trust { keys: keys.to_vec(), ..shipped.shipper.trust() };
    let verdict = |keys: &[String]| judged(shipped.folder.path(), Some(&trusting(keys))).verdict;
    assert_eq!(verdict(&both), Verdict::Verified);
    assert_eq!(verdict(&both[1..]), Verdict::Tampered);
    assert_eq!(verdict(&both[..1]), Verdict::Tampered);
}

#[test]
fn another_origin_is_tampering() {
    let shipped = shipped();
    let trust = Trust { origin: "other.example/log".to_owned(), ..shipped.shipper.trust() };
    let report = judged(shipped.folder.path(), Some(&trust));
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
    let verdict = |trust| judged(shipped.folder.path(), Some(&trust)).verdict;
    assert_eq!(verdict(with(&["n1"])), Verdict::Verified);
    assert_eq!(verdict(with(&["n1", "n2"])), Verdict::Incomplete);
    assert_eq!(verdict(with(&["n2"])), Verdict::Tampered);
    assert_eq!(verdict(with(&[])), Verdict::Tampered);
}

#[test]
fn witnesses_that_are_asked_for_must_have_cosigned() {
    let shipped = shipped();
    let witness = SigningKey::generate("witness.example", Role::Witness).unwrap();
    let other = SigningKey::generate("other.example", Role::Witness).unwrap();
    let trusting = |witnesses: &[&SigningKey]| Trust {
        witnesses: witnesses.iter().map(|key| key.verifier().to_string()).collect(),
        ..shipped.shipper.trust()
    };
    let verify =
        |witnesses: &[&SigningKey]| judged(shipped.folder.path(), Some(&trusting(witnesses)));
    let report = verify(&[&witness]);
    assert_eq!((report.verdict, report.unwitnessed.len()), (Verdict::Incomplete, 1));

    let mut note = Note::new(shipped.shipper.log.checkpoint().text());
    note.sign(&shipped.shipper.key);
    note.cosign(&witness, 1_700_000_000);
    shipped.write(CHECKPOINT_FILE_NAME, note.render());
    assert_eq!(verify(&[&witness]).verdict, Verdict::Verified);
    assert_eq!(verify(&[&witness, &other]).verdict, Verdict::Incomplete);
    assert_eq!(verify(&[]).verdict, Verdict::Tampered, "a line that nobody can check");

    let mut forged = Note::new(shipped.shipper.log.checkpoint().text());
    forged.sign(&shipped.shipper.key);
    forged.cosign(&witness, 1_700_000_000);
    let note = forged.render().replace("witness.example", "other.example");
    shipped.write(CHECKPOINT_FILE_NAME, note);
    assert_eq!(verify(&[&witness]).verdict, Verdict::Tampered);
}

#[test]
fn a_quorum_of_the_witnesses_is_enough_and_one_less_is_not() {
    let shipped = shipped();
    let witness = |name| SigningKey::generate(name, Role::Witness).unwrap();
    let witnesses = ["one.example", "two.example", "three.example"].map(witness);
    let verify = |quorum| {
        let witnesses = witnesses.iter().map(|key| key.verifier().to_string()).collect();
        let trust = Trust { witnesses, quorum, ..shipped.shipper.trust() };
        judged(shipped.folder.path(), Some(&trust))
    };
    let mut note = Note::new(shipped.shipper.log.checkpoint().text());
    note.sign(&shipped.shipper.key);
    for cosigned in 0..=3 {
        shipped.write(CHECKPOINT_FILE_NAME, note.render());
        for quorum in 1..=3 {
            let report = verify(Some(quorum));
            let enough = cosigned >= quorum;
            let expected = if enough { Verdict::Verified } else { Verdict::Incomplete };
            assert_eq!(report.verdict, expected, "{cosigned} of {quorum}");
            let unwitnessed = if enough { 0 } else { 3 - cosigned };
            assert_eq!(report.unwitnessed.len(), unwitnessed, "{:?}", report.unwitnessed);
            assert_eq!(report.gaps.len(), unwitnessed, "{:?}", report.gaps);
        }
        assert_eq!(verify(None).verdict, verify(Some(3)).verdict, "all, if nothing is said");
        for none in [0, 4, usize::MAX] {
            assert_eq!(verify(Some(none)).verdict, Verdict::Unusable, "no quorum of three: {none}");
        }
        if let Some(witness) = witnesses.get(cosigned) {
            note.cosign(witness, 1_700_000_000);
        }
    }
}

#[test]
fn a_wrong_cosignature_is_tampering_though_the_quorum_does_without() {
    let shipped = shipped();
    let witness = |name| SigningKey::generate(name, Role::Witness).unwrap();
    let (good, other, forger) =
        (witness("good.example"), witness("other.example"), witness("other.example"));
    let witnesses = vec![good.verifier().to_string(), other.verifier().to_string()];
    let trust = Trust { witnesses, quorum: Some(1), ..shipped.shipper.trust() };
    let mut note = Note::new(shipped.shipper.log.checkpoint().text());
    note.sign(&shipped.shipper.key);
    note.cosign(&good, 1_700_000_000);
    note.cosign(&other, 1_700_000_000);
    let mut bytes = note.render().into_bytes();
    shipped.write(CHECKPOINT_FILE_NAME, &bytes);
    assert_eq!(judged(shipped.folder.path(), Some(&trust)).verdict, Verdict::Verified);
    let at = bytes.len() - 20;
    bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
    shipped.write(CHECKPOINT_FILE_NAME, bytes);
    assert_eq!(judged(shipped.folder.path(), Some(&trust)).verdict, Verdict::Tampered);
    let mut note = Note::new(shipped.shipper.log.checkpoint().text());
    note.sign(&shipped.shipper.key);
    note.cosign(&good, 1_700_000_000);
    note.cosign(&forger, 1_700_000_000);
    shipped.write(CHECKPOINT_FILE_NAME, note.render());
    let verdict = judged(shipped.folder.path(), Some(&trust)).verdict;
    assert_eq!(verdict, Verdict::Tampered, "another's key by a trusted name");
}

#[test]
fn a_witness_that_would_count_twice_is_no_trust() {
    let shipped = shipped();
    let witness = SigningKey::generate("witness.example", Role::Witness).unwrap();
    // The same key by another name: its cosignatures hold for both, so one witness would be two.
    let again = witness.verifier().renamed("other.example");
    for second in [witness.verifier(), &again] {
        let witnesses = vec![witness.verifier().to_string(), second.to_string()];
        let trust = Trust { witnesses, quorum: Some(1), ..shipped.shipper.trust() };
        assert_eq!(judged(shipped.folder.path(), Some(&trust)).verdict, Verdict::Unusable);
    }
}

#[test]
fn keys_of_the_wrong_role_are_no_trust() {
    let shipped = shipped();
    let witness = SigningKey::generate("witness.example", Role::Witness).unwrap();
    let keys = vec![witness.verifier().to_string()];
    let trust = Trust { keys, ..shipped.shipper.trust() };
    assert_eq!(judged(shipped.folder.path(), Some(&trust)).verdict, Verdict::Unusable);
    let witnesses = shipped.shipper.trust().keys;
    let trust = Trust { witnesses, ..shipped.shipper.trust() };
    assert_eq!(judged(shipped.folder.path(), Some(&trust)).verdict, Verdict::Unusable);
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
        assert_eq!(judged(folder, None).verdict, Verdict::Unusable);
    }
    // Another folder altogether.
    std::fs::write(folder.path().join("notes.txt"), "").unwrap();
    assert_eq!(judged(folder.path(), None).verdict, Verdict::Unusable);
    let shipped = shipped();
    let trust = Trust { keys: vec!["no key".to_owned()], ..shipped.shipper.trust() };
    assert_eq!(judged(shipped.folder.path(), Some(&trust)).verdict, Verdict::Unusable);
}

/// Anything at all, sealed and signed by the right key: what a broken or hostile control could ship.
fn sealed_anyhow(bytes: &[u8]) -> Verdict {
    let folder = scratch();
    let mut shipper = Shipper::new();
    std::fs::write(folder.path().join(segment(1, 0, 0)), bytes).unwrap();
    for file in shipper.log.seal_anyhow(bytes, &identity(1, 0, 0), 6) {
        write(folder.path(), &file);
    }
    shipper.sign(folder.path());
    judged(folder.path(), Some(&shipper.trust())).verdict
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
            repair_header(&mut hostile);
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
    let image = SegmentImage::from_bytes(&bytes);
    for record in SegmentReader::new(&image).unwrap().map(Result::unwrap) {
        let at = usize::try_from(record.offset).unwrap();
        let mut hostile = bytes.clone();
        hostile[at + 48..at + record.header.length as usize].fill(0x82);
        repair_frame(&mut hostile, at);
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
        which in 0_usize..8,
        damage in prop::collection::vec((any::<prop::sample::Index>(), 1_u8..), 1..8),
    ) {
        let shipped = shipped();
        let names = shipped.files();
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

    /// rkyv's validation and that of the other reader agree on what a body is.
    #[test]
    fn hostile_bodies_under_a_right_seal_are_judged_alike(
        which in 0_usize..6,
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let folder = scratch();
        finished(folder.path(), &identity(1, 0, 0), 0, 6);
        let mut image = SegmentImage::default();
        image.load(&folder.path().join(segment(1, 0, 0))).unwrap();
        image.cut().unwrap();
        let mut bytes = image.bytes().to_vec();
        let (at, length) = frames(&bytes)[which];
        for (index, value) in damage {
            let body = at + 48..at + length;
            bytes[body.start + index.index(body.len())] = value;
        }
        repair_frame(&mut bytes, at);
        // Asks both.
        let verdict = sealed_anyhow(&bytes);
        prop_assert!(matches!(verdict, Verdict::Verified | Verdict::Tampered));
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
