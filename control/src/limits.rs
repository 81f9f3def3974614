//! Every bound of this process, each with its reason.

use std::time::Duration;

/// A token in compact form. GitHub's are 1.5 KiB, those with many groups may reach 8; what is longer
/// is not looked at.
pub(crate) const TOKEN_BYTES: usize = 16 << 10;

/// Groups of one principal: they go into policy decisions and every session's record.
pub(crate) const GROUPS: usize = 256;

/// One group's name, or a subject.
pub(crate) const NAME_BYTES: usize = 1024;

/// A discovery document or a key set. Large providers' are some 10 KiB.
pub(crate) const PROVIDER_RESPONSE_BYTES: usize = 1 << 20;

/// From connecting to the last byte of a provider's answer. A client waits for it only when its
/// token's key is unknown.
pub(crate) const PROVIDER_TIMEOUT: Duration = Duration::from_secs(5);

/// From connecting to the last byte of a witness's answer, which writes a file before it signs. Sealing
/// and shipping wait for it.
pub(crate) const WITNESS_TIMEOUT: Duration = Duration::from_secs(3);

/// A witness that didn't sign is asked again after this time, so that one that hangs holds up shipping for
/// a part of the time and no longer.
pub(crate) const WITNESS_RETRY: Duration = Duration::from_secs(10);

/// A few signature lines, or a size.
pub(crate) const WITNESS_ANSWER_BYTES: usize = 16 << 10;

/// Keys are asked for again after this time, in the background, so that withdrawn ones go.
pub(crate) const KEYS_FRESH_FOR: Duration = Duration::from_secs(300);

/// A provider that is down does not lock everyone out at once, but not for ever either: a key may
/// have been withdrawn meanwhile.
pub(crate) const KEYS_USABLE_FOR: Duration = Duration::from_secs(24 * 3600);

/// Between two requests to one provider, so that made-up key ids can't turn the gateway on it.
pub(crate) const PROVIDER_REQUEST_INTERVAL: Duration = Duration::from_secs(2);

/// Admissions being decided at a time. Each takes microseconds unless a provider has to be asked,
/// and then those beyond are refused at once.
pub(crate) const ADMISSIONS_IN_FLIGHT: usize = 1024;

/// Messages on their way to the data plane. It reads them at once or is broken.
pub(crate) const LINK_QUEUE: usize = 4096;

/// A data plane says Hello within this time.
pub(crate) const HELLO_TIMEOUT: Duration = Duration::from_secs(5);

/// Notes for the store that wait to be written in one transaction.
pub(crate) const STORE_QUEUE: usize = 4096;

/// Grants are kept for a week after they expired.
pub(crate) const GRANTS_KEPT: Duration = Duration::from_secs(7 * 24 * 3600);

/// What state.db may take before the vault makes no more tokens: a hundred million of them. Those that it has
/// are given out all the same.
pub(crate) const VAULT_BYTES: i64 = 16 << 30;

/// Rows about past snapshots; the catalog's changes make new ones.
pub(crate) const SNAPSHOTS_KEPT: i64 = 10_000;

/// A catalog is read again after this time, for changes that no session met.
pub(crate) const CATALOG_MAX_AGE: Duration = Duration::from_secs(30);

/// Between two readings of one catalog lies as long as the first took, and no longer than this: a
/// session that keeps meeting the unknown can't keep the upstream busy, and one that changes a
/// small schema statement by statement hardly waits.
pub(crate) const CATALOG_REST_LONGEST: Duration = Duration::from_millis(250);

/// A data plane that starts waits so long for the first reading: longer than it takes to find the
/// upstream away.
pub(crate) const CATALOG_PATIENCE: Duration = Duration::from_secs(6);

/// Between two attempts to reach the upstream: doubled from the first to the longest.
pub(crate) const UPSTREAM_RETRY_FIRST: Duration = Duration::from_millis(250);
pub(crate) const UPSTREAM_RETRY_LONGEST: Duration = Duration::from_secs(15);

/// Between two looks whether the upstream is there, each a session of the service user's; while it is away,
/// more often, so that its return is seen soon.
pub(crate) const UPSTREAM_PROBE: Duration = Duration::from_secs(10);
pub(crate) const UPSTREAM_PROBE_AWAY: Duration = Duration::from_secs(2);

/// How often the policy folder is looked at.
pub(crate) const POLICY_POLL: Duration = Duration::from_secs(1);

/// How long a control waits for the one before it, whose parent was killed, to end; and how often it looks.
pub(crate) const LOCK_TIMEOUT: Duration = Duration::from_secs(10);
pub(crate) const LOCK_POLL: Duration = Duration::from_millis(50);

/// Beyond the sessions' own drain time: sealing and shipping what they wrote.
pub(crate) const SETTLE_TIMEOUT: Duration = Duration::from_secs(20);

const _: () = assert!(2 * WITNESS_TIMEOUT.as_secs() < WITNESS_RETRY.as_secs());
const _: () = assert!(2 * WITNESS_TIMEOUT.as_secs() < SETTLE_TIMEOUT.as_secs());
const _: () = assert!(KEYS_FRESH_FOR.as_secs() < KEYS_USABLE_FOR.as_secs());
const _: () = assert!(PROVIDER_REQUEST_INTERVAL.as_secs() < KEYS_FRESH_FOR.as_secs());
