use super::*;
use crate::fixture::{append, begin, identity, scratch, session_start, statement};
use crate::record::{Bind, Heartbeat, View};
use crate::{SegmentImage, SegmentReader, prepare, segment_file_name};

fn load(folder: &Path, identity: &Identity) -> SegmentImage {
    let mut image = SegmentImage::default();
    image.load(&folder.join(segment_file_name(identity))).unwrap();
    image
}

#[test]
fn what_was_appended_is_read_where_it_lies() {
    let folder = scratch();
    let identity = identity(1, 3, 0);
    let mut writer = begin(folder.path(), &identity, 10);
    let groups: Vec<String> = (0..40).map(|n| format!("group {n}")).collect();
    let parameters: Vec<String> = vec!["".to_owned(), "4711".to_owned(), "x".repeat(300)];
    let bind =
        Bind { request: 2, statement: "s", parameters: &parameters, commitment: [1; 32], bytes: 9 };
    writer.append(5, [1; 16], &session_start(&groups).into()).unwrap();
    writer.append(6, [2; 16], &statement("SELECT 1").into()).unwrap();
    let position = writer.append(7, [3; 16], &bind.into()).unwrap();
    writer.commit();
    assert_eq!(position, Position { sequence: 13 });

    let image = load(folder.path(), &identity);
    let records: Vec<_> = SegmentReader::new(&image).unwrap().map(Result::unwrap).collect();
    let headers: Vec<_> =
        records.iter().map(|record| (record.header.sequence, record.header.time_us)).collect();
    assert_eq!(headers, [(10, 5), (11, 6), (12, 7)]);
    assert!(records.iter().all(|record| record.header.shard == 3));
    assert_eq!(records[2].header.session, [3; 16]);
    let View::SessionStart(start) = records[0].view().unwrap() else { panic!("session start") };
    assert!(start.groups.iter().map(|group| group.as_str()).eq(groups.iter().map(String::as_str)));
    assert_eq!(start.principal, "repo:org/app");
    let View::Statement(statement) = records[1].view().unwrap() else { panic!("statement") };
    assert_eq!((statement.text.as_str(), statement.allowed), ("SELECT 1", true));
    let View::Bind(bind) = records[2].view().unwrap() else { panic!("bind") };
    assert_eq!(bind.parameters.len(), 3);
    assert_eq!(bind.parameters[2], parameters[2].as_str());
}

#[test]
fn what_is_not_committed_is_not_read() {
    let folder = scratch();
    let identity = identity(1, 0, 0);
    let mut writer = begin(folder.path(), &identity, 0);
    append(&mut writer, &identity);
    assert_eq!(SegmentReader::new(&load(folder.path(), &identity)).unwrap().count(), 0);
    writer.commit();
    assert_eq!(SegmentReader::new(&load(folder.path(), &identity)).unwrap().count(), 1);
}

#[test]
fn a_full_segment_says_so_and_has_room_for_its_end() {
    let folder = scratch();
    let identity = identity(1, 0, 0);
    let mut writer = begin(folder.path(), &identity, 0);
    let body = Heartbeat { open_sessions: 0, records: 0 }.into();
    let mut appended = 0;
    let full = loop {
        match writer.append(0, [0; 16], &body) {
            Ok(_) => appended += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(full, AppendError::Full);
    assert!(writer.remaining() < 64);
    let end = writer.finish(0).position;
    assert_eq!(end, Position { sequence: appended + 1 });
    let image = load(folder.path(), &identity);
    assert_eq!(image.state(), Ok(State::Finished));
    assert_eq!(SegmentReader::new(&image).unwrap().count() as u64, appended + 1);
}

#[test]
fn a_record_over_the_limit_is_refused_and_leaves_no_trace() {
    let folder = scratch();
    let identity = identity(1, 0, 0);
    let mut writer = begin(folder.path(), &identity, 0);
    let text = "x".repeat(MAX_FRAME_BYTES);
    let many: Vec<String> = vec![String::new(); MAX_FRAME_BYTES / 8];
    let bind = Bind { request: 1, statement: "", parameters: &many, commitment: [0; 32], bytes: 0 };
    for body in [Body::from(statement(&text)), bind.into()] {
        assert_eq!(writer.append(0, [0; 16], &body), Err(AppendError::TooLarge));
    }
    append(&mut writer, &identity);
    writer.commit();
    let image = load(folder.path(), &identity);
    let end = usize::try_from(image.progress().unwrap().commit_offset).unwrap();
    assert!(image.bytes()[end..].iter().all(|&byte| byte == 0));
}

#[test]
fn the_largest_record_fits() {
    let folder = scratch();
    let identity = identity(1, 0, 0);
    let mut writer = begin(folder.path(), &identity, 0);
    let fits = |writer: &mut SegmentWriter, bytes: usize| {
        writer.append(0, [0; 16], &statement(&"x".repeat(bytes)).into()).is_ok()
    };
    let limit = (0..200).map(|less| MAX_FRAME_BYTES - less).find(|&bytes| fits(&mut writer, bytes));
    assert!(limit.is_some(), "a text of nearly the limit is taken");
    writer.commit();
    let image = load(folder.path(), &identity);
    let record = SegmentReader::new(&image).unwrap().next().unwrap().unwrap();
    assert_eq!(record.header.length as usize, MAX_FRAME_BYTES);
}

#[test]
fn a_clock_that_goes_back_is_held() {
    let folder = scratch();
    let identity = identity(1, 0, 0);
    let mut writer = begin(folder.path(), &identity, 0);
    let body = Heartbeat { open_sessions: 0, records: 0 }.into();
    for time_us in [100, 50, 101] {
        writer.append(time_us, [0; 16], &body).unwrap();
    }
    writer.commit();
    let image = load(folder.path(), &identity);
    let times: Vec<_> =
        SegmentReader::new(&image).unwrap().map(|record| record.unwrap().header.time_us).collect();
    assert_eq!(times, [100, 100, 101]);
}

#[test]
fn a_segment_is_begun_once_and_by_one() {
    let folder = scratch();
    let identity = identity(1, 0, 0);
    let path = folder.path().join(segment_file_name(&identity));
    prepare(&path, &identity, MIN_SEGMENT_BYTES).unwrap();
    let blank = BlankSegment::open(&path).unwrap();
    assert!(matches!(BlankSegment::open(&path), Err(OpenError::Locked)));
    drop(blank.begin(0));
    assert!(matches!(BlankSegment::open(&path), Err(OpenError::Used)));
}

#[test]
fn a_file_that_is_not_as_it_was_prepared_is_not_mapped() {
    let folder = scratch();
    let identity = identity(1, 0, 0);
    let path = folder.path().join(segment_file_name(&identity));
    prepare(&path, &identity, MIN_SEGMENT_BYTES).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    let half = bytes.len() / 2;
    for wrong in [&bytes[..0], &bytes[..100], &bytes[..half], &[&bytes[..], &[0]].concat()] {
        std::fs::write(&path, wrong).unwrap();
        assert!(BlankSegment::open(&path).is_err(), "{} bytes", wrong.len());
    }
    for at in [0, 8, 12, 24, 32, 40, 42, 44, 48, 64, 80, 144, 148, 2048, 2080, 4095] {
        let mut wrong = bytes.clone();
        wrong[at] ^= 0x10;
        std::fs::write(&path, wrong).unwrap();
        assert!(BlankSegment::open(&path).is_err(), "byte {at}");
    }
}

#[test]
fn a_segment_is_prepared_whole_or_not_at_all() {
    let folder = scratch();
    let path = folder.path().join("x.seg");
    let refused = [
        (identity(1, 0, 0), MIN_SEGMENT_BYTES - 4096),
        (identity(1, 0, 0), MIN_SEGMENT_BYTES + 8),
        (identity(1, 0, 0), !4095),
        (Identity { node: "a b".to_owned(), ..identity(1, 0, 0) }, MIN_SEGMENT_BYTES),
        (Identity { node: String::new(), ..identity(1, 0, 0) }, MIN_SEGMENT_BYTES),
        (Identity { node: "..".to_owned(), ..identity(1, 0, 0) }, MIN_SEGMENT_BYTES),
        (Identity { node: "n".repeat(65), ..identity(1, 0, 0) }, MIN_SEGMENT_BYTES),
    ];
    for (identity, bytes) in refused {
        assert!(prepare(&path, &identity, bytes).is_err());
        assert!(!path.exists());
    }
}
