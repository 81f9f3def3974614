//! What a shard counts, and how Prometheus is told.
//!
//! Counters are plain integers of one shard, published once a second and rendered at scrape. No
//! label has a value that a client chooses.

use lazaret_detectors::Identifier;
use prometheus::{Encoder, IntCounterVec, IntGaugeVec, Opts, Registry, TextEncoder};

use crate::context::{Counters, Side};

/// What passes through a shard's sockets.
#[derive(Clone, Debug, Default)]
pub(crate) struct Traffic {
    pub(crate) accepted: u64,
    pub(crate) refused: u64,
    pub(crate) handshakes: u64,
    pub(crate) handshake_failures: u64,
    /// Connections given up because the peer took nothing.
    pub(crate) stalled: u64,
    pub(crate) panics: u64,
    /// Sessions that ended because the upstream could not be reached.
    pub(crate) upstream_failures: u64,
    pub(crate) cancels: u64,
    pub(crate) cancels_unknown: u64,
    /// From addresses that had guessed too often.
    pub(crate) cancels_ignored: u64,
    pub(crate) client_received_bytes: u64,
    pub(crate) client_sent_bytes: u64,
    pub(crate) upstream_received_bytes: u64,
    pub(crate) upstream_sent_bytes: u64,
}

impl Traffic {
    pub(crate) fn received(&mut self, side: Side, count: usize) {
        match side {
            Side::Client => self.client_received_bytes += count as u64,
            Side::Upstream => self.upstream_received_bytes += count as u64,
        }
    }

    pub(crate) fn sent(&mut self, side: Side, count: usize) {
        match side {
            Side::Client => self.client_sent_bytes += count as u64,
            Side::Upstream => self.upstream_sent_bytes += count as u64,
        }
    }
}

/// One shard's state, once a second.
#[derive(Clone, Debug, Default)]
pub(crate) struct Report {
    pub(crate) sessions: u64,
    pub(crate) counters: Counters,
    pub(crate) traffic: Traffic,
    pub(crate) records: u64,
    pub(crate) segment_free_bytes: u64,
}

/// What the process knows about itself.
#[derive(Debug, Default)]
pub(crate) struct Status {
    pub(crate) node: String,
    pub(crate) linked: bool,
    pub(crate) serving: bool,
    pub(crate) shards: Vec<Report>,
}

impl Status {
    /// Prometheus's text format.
    pub(crate) fn render(&self) -> Result<String, prometheus::Error> {
        let page = Page { registry: Registry::new(), node: &self.node };
        page.gauge("lazaret_serving", "Whether new sessions are accepted.", self.serving.into())?;
        page.gauge(
            "lazaret_control_connected",
            "Whether the data plane hears its control.",
            self.linked.into(),
        )?;
        for (metric, help, read) in COUNTERS {
            page.counters(metric, help, &[], self.each(&[], *read))?;
        }
        for (metric, help, read) in GAUGES {
            page.gauges(metric, help, self.each(&[], *read))?;
        }
        for (metric, help, label, values) in LABELLED {
            let cells = values.iter().flat_map(|(value, read)| self.each(&[value], *read));
            page.counters(metric, help, &[label], cells)?;
        }
        let findings = Identifier::ALL.iter().enumerate().flat_map(|(index, identifier)| {
            let count = move |report: &Report| report.counters.findings[index];
            self.each(&[identifier.name()], count)
        });
        let help = "Identifiers found in what clients were sent, and masked.";
        page.counters("lazaret_findings_total", help, &["identifier"], findings)?;
        page.text()
    }

    /// One cell for each shard: its labels and its value.
    fn each(&self, labels: &[&str], read: impl Fn(&Report) -> u64) -> Vec<(Vec<String>, u64)> {
        let shards = self.shards.iter().enumerate();
        shards
            .map(|(shard, report)| {
                let labels = labels.iter().map(|label| (*label).to_owned());
                (std::iter::once(shard.to_string()).chain(labels).collect(), read(report))
            })
            .collect()
    }
}

type Read = fn(&Report) -> u64;

const COUNTERS: &[(&str, &str, Read)] = &[
    ("lazaret_connections_accepted_total", "Clients let in to begin a session.", |r| {
        r.traffic.accepted
    }),
    ("lazaret_connections_refused_total", "Clients turned away at a limit.", |r| r.traffic.refused),
    ("lazaret_connections_stalled_total", "Connections cut because the peer took nothing.", |r| {
        r.traffic.stalled
    }),
    ("lazaret_session_panics_total", "Sessions ended by an internal error.", |r| r.traffic.panics),
    (
        "lazaret_upstream_failures_total",
        "Sessions ended because the upstream can't be reached.",
        |r| r.traffic.upstream_failures,
    ),
    ("lazaret_rows_total", "Rows sent to clients.", |r| r.counters.rows),
    ("lazaret_cells_masked_total", "Cells of rows that were masked.", |r| r.counters.cells_masked),
    ("lazaret_tokens_asked_total", "Values whose tokens control was asked for.", |r| {
        r.counters.tokens_asked
    }),
    ("lazaret_tokens_withheld_total", "Values covered because control gave no token.", |r| {
        r.counters.tokens_withheld
    }),
    ("lazaret_records_total", "Records of evidence committed.", |r| r.records),
];

const GAUGES: &[(&str, &str, Read)] = &[
    ("lazaret_sessions", "Open sessions.", |r| r.sessions),
    ("lazaret_segment_free_bytes", "Room in the current evidence segment.", |r| {
        r.segment_free_bytes
    }),
];

type Labelled = (&'static str, &'static str, &'static str, &'static [(&'static str, Read)]);

const LABELLED: &[Labelled] = &[
    (
        "lazaret_tls_handshakes_total",
        "TLS handshakes, on either side.",
        "outcome",
        &[("done", |r| r.traffic.handshakes), ("failed", |r| r.traffic.handshake_failures)],
    ),
    (
        "lazaret_cancel_requests_total",
        "CancelRequests of clients.",
        "outcome",
        &[
            ("routed", |r| r.traffic.cancels),
            ("unknown", |r| r.traffic.cancels_unknown),
            ("ignored", |r| r.traffic.cancels_ignored),
        ],
    ),
    (
        "lazaret_received_bytes_total",
        "Bytes received from sockets.",
        "side",
        &[
            ("client", |r| r.traffic.client_received_bytes),
            ("upstream", |r| r.traffic.upstream_received_bytes),
        ],
    ),
    (
        "lazaret_sent_bytes_total",
        "Bytes that the kernel accepted.",
        "side",
        &[
            ("client", |r| r.traffic.client_sent_bytes),
            ("upstream", |r| r.traffic.upstream_sent_bytes),
        ],
    ),
    (
        "lazaret_statements_total",
        "Statements decided.",
        "verdict",
        &[("allow", |r| r.counters.statements_allowed), ("deny", |r| r.counters.statements_denied)],
    ),
];

/// One answer to a scrape.
struct Page<'a> {
    registry: Registry,
    node: &'a str,
}

impl Page<'_> {
    fn options(&self, metric: &str, help: &str) -> Opts {
        Opts::new(metric, help).const_label("node", self.node)
    }

    fn gauge(&self, metric: &str, help: &str, value: i64) -> Result<(), prometheus::Error> {
        let gauge = prometheus::IntGauge::with_opts(self.options(metric, help))?;
        gauge.set(value);
        self.registry.register(Box::new(gauge))
    }

    fn gauges(
        &self,
        metric: &str,
        help: &str,
        cells: Vec<(Vec<String>, u64)>,
    ) -> Result<(), prometheus::Error> {
        let gauges = IntGaugeVec::new(self.options(metric, help), &["shard"])?;
        for (labels, value) in cells {
            gauges
                .get_metric_with_label_values(&labels)?
                .set(i64::try_from(value).unwrap_or(i64::MAX));
        }
        self.registry.register(Box::new(gauges))
    }

    fn counters(
        &self,
        metric: &str,
        help: &str,
        labels: &[&str],
        cells: impl IntoIterator<Item = (Vec<String>, u64)>,
    ) -> Result<(), prometheus::Error> {
        let names: Vec<&str> = std::iter::once("shard").chain(labels.iter().copied()).collect();
        let counters = IntCounterVec::new(self.options(metric, help), &names)?;
        for (labels, value) in cells {
            counters.get_metric_with_label_values(&labels)?.inc_by(value);
        }
        self.registry.register(Box::new(counters))
    }

    fn text(&self) -> Result<String, prometheus::Error> {
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        String::from_utf8(text).map_err(|error| prometheus::Error::Msg(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_shard_is_a_series_of_its_own() {
        let busy = Report {
            sessions: 3,
            traffic: Traffic { client_sent_bytes: 5_000_000_000, ..Traffic::default() },
            ..Report::default()
        };
        let status = Status {
            node: "n1".to_owned(),
            linked: true,
            serving: true,
            shards: vec![Report::default(), busy],
        };
        let text = status.render().expect("rendered");
        for line in [
            "lazaret_control_connected{node=\"n1\"} 1",
            "lazaret_sessions{node=\"n1\",shard=\"0\"} 0",
            "lazaret_sessions{node=\"n1\",shard=\"1\"} 3",
            "lazaret_sent_bytes_total{node=\"n1\",shard=\"1\",side=\"client\"} 5000000000",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
    }

    #[test]
    fn the_page_of_metrics_has_each_of_the_data_planes() {
        let status = Status { shards: vec![Report::default()], ..Status::default() };
        let text = status.render().expect("rendered");
        harness::metrics_page::check("The data plane's", &text);
    }
}
