//! The link against a data plane that the test plays.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use lazaret_audit::{Role, SigningKey};
use lazaret_config::Layout;
use lazaret_link::{
    Admission, FromControl, FromDataplane, Hex, PROTOCOL, RefusalReason, Secret, SegmentFile,
    Settings, ValueDigest, VaultToken, decode, encode,
};
use lazaret_policy::Grant;
use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinHandle;

use super::*;
use crate::identity::Identity;
use crate::identity::test_issuer::{Key, TestIssuer, header};
use crate::segments::Custody;
use crate::snapshot::Publisher;

/// Longer than anything here takes, so that what never comes fails the test.
const PATIENCE: Duration = Duration::from_secs(30);

/// A control without catalogs, in a folder of its own.
struct Control {
    _folder: TempDir,
    socket: PathBuf,
    issuer: TestIssuer,
    key: Key,
    store: Store,
    health: Arc<Health>,
    publisher: Arc<Publisher>,
    policies: PathBuf,
    unread: watch::Sender<usize>,
    drain: watch::Sender<bool>,
    server: JoinHandle<()>,
}

impl Control {
    async fn start() -> Self {
        Self::start_with_unread(0).await
    }

    /// One that still has to read the catalogs of so many databases.
    async fn start_with_unread(unread: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = Key::ed();
        let issuer = TestIssuer::start(json!([key.jwk("k")])).await;
        let config = configuration(&folder, &issuer.url);
        let health = Arc::new(Health::new().unwrap());
        let store = Store::open(&config.layout.state()).await.unwrap();
        let publisher = Publisher::open(&config, store.clone(), Arc::clone(&health)).await.unwrap();
        let publisher = Arc::new(publisher);
        let custody = Custody {
            segment_folder: config.recording.folder.clone(),
            shipping_folder: config.recording.ship_to.clone(),
            segment_bytes: config.recording.segment_bytes,
            witnesses: crate::segments::Witnesses::default(),
        };
        let seal_key = SigningKey::generate("lazaret/test", Role::Log).unwrap();
        let custodian = Custodian::open(custody, seal_key).await.unwrap();
        let identity = Identity::new(&config.issuers).unwrap();
        let (stale, mut stale_queue) = mpsc::channel::<String>(8);
        let (unread, all_read) = watch::channel(unread);
        let policies = config.policy.folder.clone();
        let socket = config.layout.control_socket();
        let listener = bind(&socket).unwrap();
        let office = Office {
            gate: Gate::new(identity, store.clone(), "warehouse".into(), vec!["main".into()]),
            store: store.clone(),
            custodian,
            snapshots: publisher.subscribe(),
            stale,
            unread: all_read,
            health: Arc::clone(&health),
            config,
        };
        let repeating = Arc::clone(&publisher);
        tokio::spawn(async move {
            while stale_queue.recv().await.is_some() {
                repeating.repeat();
            }
        });
        let (drain, draining) = watch::channel(false);
        let server = tokio::spawn(serve(listener, Arc::new(office), draining));
        Self {
            _folder: folder,
            socket,
            issuer,
            key,
            store,
            health,
            publisher,
            policies,
            unread,
            drain,
            server,
        }
    }

    fn token(&self) -> String {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        self.key.token(&header("EdDSA", "k"), &self.issuer.claims(now.as_secs()))
    }

    async fn connect(&self) -> Dataplane {
        let stream = UnixStream::connect(&self.socket).await.unwrap();
        Dataplane { stream, buffer: Vec::new() }
    }

    /// A data plane of two shards that has been greeted.
    async fn greeted(&self) -> (Dataplane, Box<Settings>) {
        let mut dataplane = self.connect().await;
        dataplane.hello(None).await;
        let settings = dataplane.settings().await;
        dataplane.expect(|message| matches!(message, FromControl::Snapshot(_))).await;
        (dataplane, settings)
    }
}

fn configuration(folder: &TempDir, issuer: &str) -> lazaret_config::Config {
    let layout = Layout::new(folder.path()).unwrap();
    for name in ["run", "keys", "policy", "segments", "shipped"] {
        std::fs::create_dir(layout.path(name)).unwrap();
        let owner_only = std::fs::Permissions::from_mode(0o700);
        std::fs::set_permissions(layout.path(name), owner_only).unwrap();
    }
    std::fs::write(layout.commitment_key(), "0123456789abcdef0123456789abcdef").unwrap();
    let policy = lazaret_policy::starter::AGENTS_READ_ONLY;
    std::fs::write(layout.path("policy/agents.cedar"), policy).unwrap();
    let text = format!(
        r#"
        [listen]
        postgres = []
        unix_socket_folder = "run"
        [[identity.issuers]]
        url = "{issuer}"
        audience = "lazaret"
        [upstream]
        url = "postgres://svc@127.0.0.1:1/main"
        password = "hunter2"
        sslmode = "disable"
        [recording]
        segment_bytes = 4194304
        [limits]
        lease_ms = 1000
        "#
    );
    std::fs::write(layout.config(), text).unwrap();
    let (config, _) = lazaret_config::load(layout).unwrap();
    config
}

struct Dataplane {
    stream: UnixStream,
    buffer: Vec<u8>,
}

impl Dataplane {
    async fn say(&mut self, message: &FromDataplane) {
        let mut frame = Vec::new();
        encode(message, &mut frame).unwrap();
        self.stream.write_all(&frame).await.unwrap();
    }

    async fn hello(&mut self, boot: Option<u64>) {
        let hello = FromDataplane::Hello { protocol: PROTOCOL, pid: 1, boot, shards: 2 };
        self.say(&hello).await;
    }

    /// `None` when control has hung up.
    async fn next(&mut self) -> Option<FromControl> {
        loop {
            if let Some((message, taken)) = decode(&self.buffer).unwrap() {
                self.buffer.drain(..taken);
                return Some(message);
            }
            let read = tokio::time::timeout(PATIENCE, self.stream.read_buf(&mut self.buffer)).await;
            if read.expect("control says nothing").unwrap_or(0) == 0 {
                return None;
            }
        }
    }

    /// The next such message; what comes by the clock is passed over.
    async fn expect(&mut self, is_it: impl Fn(&FromControl) -> bool) -> FromControl {
        loop {
            let message = self.next().await.expect("control hung up");
            if is_it(&message) {
                return message;
            }
        }
    }

    async fn settings(&mut self) -> Box<Settings> {
        match self.next().await {
            Some(FromControl::Settings(settings)) => settings,
            _ => panic!("settings do not come first"),
        }
    }

    /// Those that come before the first lease.
    async fn first_segments(&mut self) -> Vec<SegmentFile> {
        let mut segments = Vec::new();
        loop {
            match self.next().await.expect("control hung up") {
                FromControl::Segment(segment) => segments.push(segment),
                FromControl::Lease { snapshot_version: 1 } => return segments,
                _ => panic!("not what a greeting holds"),
            }
        }
    }

    async fn segment(&mut self) -> SegmentFile {
        match self.expect(|message| matches!(message, FromControl::Segment(_))).await {
            FromControl::Segment(segment) => segment,
            _ => unreachable!(),
        }
    }

    async fn tokens(&mut self, digests: Vec<ValueDigest>) -> Vec<Option<VaultToken>> {
        let question = FromDataplane::TokensWanted { request: 9, grant: None, digests };
        self.say(&question).await;
        match self.expect(|message| matches!(message, FromControl::Tokens { .. })).await {
            FromControl::Tokens { request: 9, tokens } => tokens,
            _ => panic!("an answer to another question"),
        }
    }

    async fn admission(&mut self, token: &str, database: &str) -> Result<Grant, RefusalReason> {
        let admission = Admission {
            request: 7,
            token: Secret::new(token.to_owned()),
            claimed_user: "anyone".into(),
            database: database.into(),
            client_address: "192.0.2.7:4242".into(),
        };
        self.say(&FromDataplane::Admit(admission)).await;
        let is_answer = |message: &FromControl| {
            matches!(message, FromControl::Admitted { .. } | FromControl::Refused { .. })
        };
        match self.expect(is_answer).await {
            FromControl::Admitted { request: 7, grant } => Ok(grant),
            FromControl::Refused { request: 7, reason } => Err(reason),
            _ => panic!("an answer to another request"),
        }
    }
}

#[tokio::test]
async fn a_data_plane_that_starts_gets_settings_a_snapshot_and_its_segments() {
    let control = Control::start().await;
    let mut dataplane = control.connect().await;
    dataplane.hello(None).await;
    let settings = dataplane.settings().await;
    assert_eq!((settings.boot, settings.shards), (1, 2));
    assert_eq!(settings.upstream, "127.0.0.1:1");
    assert_eq!(settings.upstream_password.unwrap().expose(), "hunter2");
    let Some(FromControl::Snapshot(snapshot)) = dataplane.next().await else {
        panic!("a snapshot does not come second");
    };
    assert_eq!(snapshot.version, 1);
    assert_eq!(snapshot.hash.len(), 64);
    assert!(snapshot.policies.contains_key("agents.cedar"));
    let segments = dataplane.first_segments().await;
    for shard in [0, 1] {
        let own = segments.iter().filter(|segment| segment.shard == shard);
        let indices: Vec<u64> = own.map(|segment| segment.index).collect();
        assert!(!indices.is_empty());
        assert!(indices.iter().copied().eq(0..indices.len() as u64), "{indices:?}");
    }
    assert!(segments.iter().all(|segment| segment.path.is_file()));
}

#[tokio::test]
async fn the_first_snapshot_waits_for_the_catalogs() {
    let control = Control::start_with_unread(1).await;
    let mut dataplane = control.connect().await;
    dataplane.hello(None).await;
    dataplane.settings().await;
    // Whatever is published until then is in it.
    std::fs::write(control.policies.join("more.cedar"), "").unwrap();
    control.publisher.reload_policies().await;
    control.unread.send_replace(0);
    let Some(FromControl::Snapshot(snapshot)) = dataplane.next().await else {
        panic!("a snapshot does not come second");
    };
    assert_eq!(snapshot.version, 2);
}

#[tokio::test]
async fn policies_that_do_not_compile_leave_the_old_ones_in_force() {
    let control = Control::start().await;
    let before = control.publisher.subscribe().borrow().clone();
    std::fs::write(control.policies.join("more.cedar"), "permit (nonsense);").unwrap();
    control.publisher.reload_policies().await;
    let after = control.publisher.subscribe().borrow().clone();
    assert!(Arc::ptr_eq(&before, &after));
    std::fs::write(control.policies.join("more.cedar"), "// nothing more").unwrap();
    control.publisher.reload_policies().await;
    let mended = control.publisher.subscribe().borrow().clone();
    assert_eq!(mended.version, before.version + 1);
    assert_ne!(mended.hash, before.hash);
}

#[tokio::test]
async fn each_start_has_a_boot_of_its_own() {
    let control = Control::start().await;
    let (_, first) = control.greeted().await;
    let (_, second) = control.greeted().await;
    assert_eq!((first.boot, second.boot), (1, 2));
}

#[tokio::test]
async fn a_data_plane_that_comes_back_goes_on_without_new_settings() {
    let control = Control::start().await;
    let (dataplane, settings) = control.greeted().await;
    drop(dataplane);
    let mut dataplane = control.connect().await;
    dataplane.hello(Some(settings.boot)).await;
    assert!(matches!(dataplane.next().await, Some(FromControl::Snapshot(_))));
    assert_eq!(control.store.last_boot().await.unwrap(), Some(settings.boot));
}

#[tokio::test]
async fn a_data_plane_of_an_older_boot_is_turned_away() {
    let control = Control::start().await;
    let (_first, _) = control.greeted().await;
    let (_second, _) = control.greeted().await;
    let mut late = control.connect().await;
    late.hello(Some(1)).await;
    assert!(late.next().await.is_none());
}

#[tokio::test]
async fn a_boot_that_state_forgot_is_never_given_out_again() {
    let control = Control::start().await;
    let mut dataplane = control.connect().await;
    dataplane.hello(Some(41)).await;
    assert!(matches!(dataplane.next().await, Some(FromControl::Snapshot(_))));
    let (_, settings) = control.greeted().await;
    assert_eq!(settings.boot, 42);
}

#[tokio::test]
async fn another_protocol_is_turned_away() {
    let control = Control::start().await;
    let mut dataplane = control.connect().await;
    let hello = FromDataplane::Hello { protocol: PROTOCOL + 1, pid: 1, boot: None, shards: 1 };
    dataplane.say(&hello).await;
    assert!(dataplane.next().await.is_none());
    assert_eq!(control.store.last_boot().await.unwrap(), None);
}

#[tokio::test]
async fn the_newest_data_plane_is_the_one_that_is_served() {
    let control = Control::start().await;
    let (mut first, _) = control.greeted().await;
    let (mut second, _) = control.greeted().await;
    while first.next().await.is_some() {}
    second.say(&FromDataplane::Serving).await;
    assert!(second.admission(&control.token(), "main").await.is_ok());
    assert!(control.health.is_serving());
}

#[tokio::test]
async fn a_token_is_exchanged_for_a_grant() {
    let control = Control::start().await;
    let (mut dataplane, _) = control.greeted().await;
    let grant = dataplane.admission(&control.token(), "main").await.unwrap();
    assert_eq!(grant.principal, "repo:acme/clinic:ref:refs/heads/main");
    assert_eq!(grant.groups, ["agents"]);
    assert_eq!((grant.resource.as_str(), grant.database.as_str()), ("warehouse", "main"));
    let again = dataplane.admission(&control.token(), "main").await.unwrap();
    assert_ne!(grant.id, again.id);
    let metrics = String::from_utf8(control.health.metrics().unwrap()).unwrap();
    assert!(metrics.contains("lazaret_control_admissions_total{result=\"admitted\"} 2"));
}

#[tokio::test]
async fn a_refusal_has_its_own_reason() {
    let control = Control::start().await;
    let (mut dataplane, _) = control.greeted().await;
    let refused = dataplane.admission("hunter2", "main").await;
    assert_eq!(refused, Err(RefusalReason::Malformed));
    let elsewhere = dataplane.admission(&control.token(), "other").await;
    assert_eq!(elsewhere, Err(RefusalReason::Database));
    let metrics = String::from_utf8(control.health.metrics().unwrap()).unwrap();
    assert!(metrics.contains("lazaret_control_admissions_total{result=\"malformed\"} 1"));
}

#[tokio::test]
async fn tokens_are_answered_in_order_and_are_the_same_for_the_next_data_plane() {
    let control = Control::start().await;
    let digests = vec![Hex([1; 32]), Hex([2; 32]), Hex([1; 32])];
    let (mut dataplane, _) = control.greeted().await;
    let first = dataplane.tokens(digests.clone()).await;
    assert!(first.iter().all(Option::is_some));
    assert!(first[0] == first[2] && first[0] != first[1]);
    let (mut dataplane, _) = control.greeted().await;
    assert!(dataplane.tokens(digests).await == first);
    let metrics = String::from_utf8(control.health.metrics().unwrap()).unwrap();
    assert!(metrics.contains("lazaret_control_tokens_total{result=\"ok\"} 6"));
}

#[tokio::test]
async fn a_stale_catalog_is_answered_by_a_snapshot() {
    let control = Control::start().await;
    let (mut dataplane, _) = control.greeted().await;
    dataplane.say(&FromDataplane::CatalogStale { database: "main".into() }).await;
    dataplane.expect(|message| matches!(message, FromControl::Snapshot(_))).await;
}

#[tokio::test]
async fn a_shard_that_wants_a_segment_gets_its_next() {
    let control = Control::start().await;
    let (mut dataplane, _) = control.greeted().await;
    let segments = dataplane.first_segments().await;
    let last = segments.iter().filter(|segment| segment.shard == 1).map(|segment| segment.index);
    let last = last.max().unwrap();
    dataplane.say(&FromDataplane::SegmentWanted { shard: 1 }).await;
    let segment = dataplane.segment().await;
    assert_eq!(segment.shard, 1);
    assert_eq!(segment.index, last + 1);
    assert!(segment.path.is_file());
}

#[tokio::test]
async fn draining_ends_when_the_data_plane_has_drained() {
    let control = Control::start().await;
    let (mut dataplane, _) = control.greeted().await;
    dataplane.say(&FromDataplane::Serving).await;
    control.drain.send_replace(true);
    let drain = dataplane.expect(|message| matches!(message, FromControl::Drain { .. })).await;
    assert!(matches!(drain, FromControl::Drain { within_ms: 10_000 }));
    assert!(!control.server.is_finished());
    dataplane.say(&FromDataplane::Drained).await;
    control.server.await.unwrap();
    assert!(!control.health.is_serving());
}
