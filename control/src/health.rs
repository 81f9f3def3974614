//! Whether the gateway serves, and what control counts: `/readyz` and `/metrics` are made of this.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use lazaret_link::{RefusalReason, VaultToken};
use prometheus::{Encoder, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry, TextEncoder};

pub(crate) struct Health {
    serving: AtomicBool,
    /// Unset until the upstream has been asked.
    upstream: OnceLock<AtomicBool>,
    registry: Registry,
    serving_gauge: IntGauge,
    snapshot_version: IntGauge,
    upstream_gauge: IntGaugeVec,
    witness_gauge: IntGaugeVec,
    admissions: IntCounterVec,
    catalog_reads: IntCounterVec,
    policy_reloads: IntCounterVec,
    tokens: IntCounterVec,
}

impl Health {
    pub(crate) fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        Ok(Self {
            serving: AtomicBool::new(false),
            upstream: OnceLock::new(),
            serving_gauge: gauge(
                &registry,
                "lazaret_control_dataplane_serving",
                "Whether a data plane is connected and serves",
            )?,
            snapshot_version: gauge(
                &registry,
                "lazaret_control_snapshot_version",
                "Version of the snapshot that was published last",
            )?,
            upstream_gauge: gauge_by(
                &registry,
                "lazaret_control_upstream_up",
                "Whether the upstream answers",
                "resource",
            )?,
            witness_gauge: gauge_by(
                &registry,
                "lazaret_control_witness_up",
                "Whether the witness cosigned when it was last asked",
                "witness",
            )?,
            admissions: counters(
                &registry,
                "lazaret_control_admissions_total",
                "Clients that asked to be let in",
                &ADMISSIONS,
            )?,
            catalog_reads: counters(
                &registry,
                "lazaret_control_catalog_reads_total",
                "Readings of the upstream catalog",
                &RESULTS,
            )?,
            policy_reloads: counters(
                &registry,
                "lazaret_control_policy_reloads_total",
                "Changed policy folders",
                &RESULTS,
            )?,
            tokens: counters(
                &registry,
                "lazaret_control_tokens_total",
                "Values that the vault was asked a token for",
                &RESULTS,
            )?,
            registry,
        })
    }

    /// Whether a data plane is connected and has said that it serves.
    pub(crate) fn is_serving(&self) -> bool {
        self.serving.load(Ordering::Acquire)
    }

    pub(crate) fn set_serving(&self, serving: bool) {
        self.serving.store(serving, Ordering::Release);
        self.serving_gauge.set(serving.into());
    }

    /// Whether the upstream answered when it was last asked; `None` before.
    pub(crate) fn has_upstream(&self) -> Option<bool> {
        self.upstream.get().map(|up| up.load(Ordering::Acquire))
    }

    pub(crate) fn set_upstream(&self, resource: &str, up: bool) {
        self.upstream.get_or_init(AtomicBool::default).store(up, Ordering::Release);
        self.upstream_gauge.with_label_values(&[resource]).set(up.into());
    }

    pub(crate) fn set_witness(&self, witness: &str, up: bool) {
        self.witness_gauge.with_label_values(&[witness]).set(up.into());
    }

    pub(crate) fn set_snapshot_version(&self, version: u64) {
        self.snapshot_version.set(i64::try_from(version).unwrap_or(i64::MAX));
    }

    pub(crate) fn count_admission(&self, refused: Option<RefusalReason>) {
        self.admissions.with_label_values(&[refused.map_or(ADMITTED, reason_label)]).inc();
    }

    pub(crate) fn count_catalog_read(&self, good: bool) {
        self.catalog_reads.with_label_values(&[result_label(good)]).inc();
    }

    pub(crate) fn count_policy_reload(&self, good: bool) {
        self.policy_reloads.with_label_values(&[result_label(good)]).inc();
    }

    pub(crate) fn count_tokens(&self, tokens: &[Option<VaultToken>]) {
        for token in tokens {
            self.tokens.with_label_values(&[result_label(token.is_some())]).inc();
        }
    }

    /// Prometheus's text format.
    pub(crate) fn metrics(&self) -> Result<Vec<u8>, prometheus::Error> {
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(text)
    }
}

fn gauge(registry: &Registry, name: &str, help: &str) -> Result<IntGauge, prometheus::Error> {
    let gauge = IntGauge::new(name, help)?;
    registry.register(Box::new(gauge.clone()))?;
    Ok(gauge)
}

/// No series before the first answer, for 0 would be an alarm.
fn gauge_by(
    registry: &Registry,
    name: &str,
    help: &str,
    label: &str,
) -> Result<IntGaugeVec, prometheus::Error> {
    let gauge = IntGaugeVec::new(Opts::new(name, help), &[label])?;
    registry.register(Box::new(gauge.clone()))?;
    Ok(gauge)
}

/// Each result has its series from the start, so that the first of its kind is a rise.
fn counters(
    registry: &Registry,
    name: &str,
    help: &str,
    results: &[&str],
) -> Result<IntCounterVec, prometheus::Error> {
    let counters = IntCounterVec::new(Opts::new(name, help), &["result"])?;
    for result in results {
        counters.with_label_values(&[result]);
    }
    registry.register(Box::new(counters.clone()))?;
    Ok(counters)
}

const RESULTS: [&str; 2] = [result_label(true), result_label(false)];

const ADMISSIONS: [&str; 11] = [
    ADMITTED,
    reason_label(RefusalReason::Malformed),
    reason_label(RefusalReason::Signature),
    reason_label(RefusalReason::Issuer),
    reason_label(RefusalReason::Audience),
    reason_label(RefusalReason::Expired),
    reason_label(RefusalReason::NotYetValid),
    reason_label(RefusalReason::MissingClaim),
    reason_label(RefusalReason::Database),
    reason_label(RefusalReason::ProviderUnavailable),
    reason_label(RefusalReason::Internal),
];

const ADMITTED: &str = "admitted";

const fn result_label(good: bool) -> &'static str {
    if good { "ok" } else { "error" }
}

const fn reason_label(reason: RefusalReason) -> &'static str {
    match reason {
        RefusalReason::Malformed => "malformed",
        RefusalReason::Signature => "signature",
        RefusalReason::Issuer => "issuer",
        RefusalReason::Audience => "audience",
        RefusalReason::Expired => "expired",
        RefusalReason::NotYetValid => "not_yet_valid",
        RefusalReason::MissingClaim => "missing_claim",
        RefusalReason::Database => "database",
        RefusalReason::ProviderUnavailable => "provider_unavailable",
        RefusalReason::Internal => "internal",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_of_metrics_has_each_of_controls() {
        let health = Health::new().unwrap();
        health.set_upstream("warehouse", true);
        health.set_witness("witness.example", true);
        let text = String::from_utf8(health.metrics().unwrap()).unwrap();
        harness::metrics_page::check("Control's", &text);
    }
}
