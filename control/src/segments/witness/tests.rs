use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::time::Duration;

use lazaret_audit::{Log, Role, SigningKey, sign_checkpoint};
use tempfile::TempDir;

use super::*;

/// A log of one entry, and its tiles.
struct Site {
    folder: TempDir,
    key: SigningKey,
    checkpoint: SignedCheckpoint,
}

impl Site {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = SigningKey::generate("lazaret.example/log", Role::Log).unwrap();
        let log = Log::begin(key.verifier(), None, 1_000);
        for file in log.edge() {
            let path: PathBuf = folder.path().join(file.path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, file.bytes).unwrap();
        }
        let note = sign_checkpoint(&log.checkpoint(), &key);
        let checkpoint = SignedCheckpoint::read(note.as_bytes()).unwrap();
        Self { folder, key, checkpoint }
    }

    /// The checkpoint as it would be shipped, with what these witnesses make of it.
    async fn cosigned(&self, witnesses: &Witnesses) -> SignedCheckpoint {
        let (witnesses, mut checkpoint) = (witnesses.clone(), self.checkpoint.clone());
        let tiles = self.folder.path().to_owned();
        let cosign = move || {
            witnesses.cosign(&mut checkpoint, None, &tiles);
            checkpoint
        };
        tokio::task::spawn_blocking(cosign).await.unwrap()
    }
}

/// Answers each request as it is told to, on a thread that ends with the tests; says how to reach it.
fn answering(answer: impl Fn(Vec<u8>) -> (u16, String) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut length = 0;
            let mut line = String::new();
            while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
                let lower = line.to_ascii_lowercase();
                if let Some(value) = lower.strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                line.clear();
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let (status, body) = answer(body);
            let length = body.len();
            let head = format!("HTTP/1.1 {status} x\r\ncontent-length: {length}\r\n\r\n");
            let _ = stream.write_all(format!("{head}{body}").as_bytes());
        }
    });
    url
}

fn witness_key() -> SigningKey {
    SigningKey::generate("witness.example", Role::Witness).unwrap()
}

fn witnesses(them: &[(&str, &VerifierKey)]) -> (Witnesses, Arc<Health>) {
    let configured = them
        .iter()
        .map(|(url, key)| lazaret_config::Witness { url: (*url).to_owned(), key: (*key).clone() });
    let health = Arc::new(Health::new().unwrap());
    (Witnesses::new(&configured.collect::<Vec<_>>(), &health).unwrap(), health)
}

/// What the metric says.
fn is_up(health: &Health) -> bool {
    let text = String::from_utf8(health.metrics().unwrap()).unwrap();
    let line = |up| format!("lazaret_control_witness_up{{witness=\"witness.example\"}} {up}\n");
    assert!(text.contains(&line(0)) || text.contains(&line(1)), "{text}");
    text.contains(&line(1))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_witness_is_asked_and_what_it_signs_is_attached() {
    let (site, key) = (Site::new(), witness_key());
    let verifier = key.verifier().clone();
    let log = site.key.verifier().clone();
    let url = answering(move |body| {
        let request = AddCheckpoint::parse(&body).unwrap();
        match request.judge(std::slice::from_ref(&log), None) {
            Ok(signed) => (200, signed.cosignature(&key, 1_700_000_000)),
            Err(_) => (422, String::new()),
        }
    });
    let (witnesses, health) = witnesses(&[(&url, &verifier)]);
    let cosigned = site.cosigned(&witnesses).await;
    assert!(cosigned.is_signed_by(&verifier) && cosigned.is_signed_by(site.key.verifier()));
    assert!(is_up(&health));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_witness_that_knows_the_log_is_asked_again_from_what_it_signed_last() {
    let (site, key) = (Site::new(), witness_key());
    let verifier = key.verifier().clone();
    let (log, latest) = (site.key.verifier().clone(), site.checkpoint.checkpoint().clone());
    let url = answering(move |body| {
        let request = AddCheckpoint::parse(&body).unwrap();
        match request.judge(std::slice::from_ref(&log), Some(&latest)) {
            Ok(signed) => (200, signed.cosignature(&key, 1_700_000_000)),
            Err(_) => (409, format!("{}\n", latest.size)),
        }
    });
    let (witnesses, _) = witnesses(&[(&url, &verifier)]);
    assert!(site.cosigned(&witnesses).await.is_signed_by(&verifier));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_witness_answers_otherwise_is_not_attached_and_it_is_left_alone_for_a_while() {
    let site = Site::new();
    let (key, other) = (witness_key(), witness_key());
    let verifier = key.verifier().clone();
    let of_another = site.checkpoint.cosignature(&other, 1_700_000_000);
    let of_another_log = Site::new().checkpoint.cosignature(&key, 1_700_000_000);
    let right = site.checkpoint.cosignature(&key, 1_700_000_000);
    for (status, body) in [
        (200, String::new()),
        (200, "rubbish\n".to_owned()),
        (200, of_another),
        (200, of_another_log),
        (200, right.repeat(1_000)),
        (404, right.clone()),
        (409, "2\n".to_owned()),
        (409, "0\n".to_owned()),
        (409, "many\n".to_owned()),
        (500, String::new()),
    ] {
        let (asked, counted) = (Arc::new(Mutex::new(0)), body.clone());
        let count = Arc::clone(&asked);
        let url = answering(move |_| {
            *guard(&count) += 1;
            (status, counted.clone())
        });
        let (witnesses, health) = witnesses(&[(&url, &verifier)]);
        assert_eq!(site.cosigned(&witnesses).await, site.checkpoint, "{status} {body}");
        assert!(!is_up(&health));
        let before = *guard(&asked);
        assert_eq!(site.cosigned(&witnesses).await, site.checkpoint);
        assert_eq!(*guard(&asked), before, "too soon");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_witness_that_hangs_holds_up_neither_the_others_nor_shipping_for_long() {
    let (site, key, other) = (Site::new(), witness_key(), witness_key());
    // Connections are taken by the kernel, and nobody answers.
    let hanging = TcpListener::bind("127.0.0.1:0").unwrap();
    let hanging_url = format!("http://{}", hanging.local_addr().unwrap());
    let (verifier, line) =
        (key.verifier().clone(), site.checkpoint.cosignature(&key, 1_700_000_000));
    let url = answering(move |_| (200, line.clone()));
    let (witnesses, _) = witnesses(&[(&hanging_url, other.verifier()), (&url, &verifier)]);
    let begun = Instant::now();
    let cosigned = site.cosigned(&witnesses).await;
    assert!(cosigned.is_signed_by(&verifier) && !cosigned.is_signed_by(other.verifier()));
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    let begun = Instant::now();
    site.cosigned(&witnesses).await;
    assert!(begun.elapsed() < Duration::from_secs(3), "the next checkpoint doesn't wait for it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cosignature_that_was_shipped_is_kept_and_not_asked_for_again() {
    let (site, key) = (Site::new(), witness_key());
    let mut shipped = site.checkpoint.clone();
    let line = shipped.cosignature(&key, 1_700_000_000);
    assert!(shipped.take_cosignature(key.verifier(), &line));
    let (witnesses, _) = witnesses(&[("http://127.0.0.1:1", key.verifier())]);
    let mut checkpoint = site.checkpoint.clone();
    witnesses.cosign(&mut checkpoint, Some(&shipped), site.folder.path());
    assert_eq!(checkpoint, shipped);
}
