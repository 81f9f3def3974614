//! `packaging/METRICS.md` has exactly the metrics that a process shows.
//!
//! The tables are made from what Prometheus is told; what stands around them is written by hand.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

const HEAD: &str = "| metric | type | labels | unit | |\n| --- | --- | --- | --- | --- |\n";

/// Panics unless the table of the section `## {title}` is that of `text`, in Prometheus's text format. With
/// `UPDATE_METRICS` set it is written anew instead.
pub fn check(title: &str, text: &str) {
    let path = path();
    let page = std::fs::read_to_string(&path).unwrap_or_default();
    let renewed = renewed(&page, title, &table(text));
    let renewed = renewed.unwrap_or_else(|| panic!("{} has no section {title}", path.display()));
    if std::env::var_os("UPDATE_METRICS").is_some() {
        std::fs::write(&path, &renewed).expect("the page can be written");
    }
    let stands = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(stands == renewed, "METRICS.md is stale: run this test with UPDATE_METRICS=1");
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../METRICS.md")
}

/// The page with `table` in place of the section's own.
fn renewed(page: &str, title: &str, table: &str) -> Option<String> {
    let (before, section) = page.split_once(&format!("## {title}\n"))?;
    let (section, behind) = match section.find("\n## ") {
        Some(end) => section.split_at(end + 1),
        None => (section, ""),
    };
    let is_row = |line: &&str| line.starts_with('|');
    let text: Vec<&str> = section.lines().take_while(|line| !is_row(line)).collect();
    let rest: Vec<&str> =
        section.lines().skip_while(|line| !is_row(line)).skip_while(is_row).collect();
    let joined = |lines: &[&str]| lines.iter().map(|line| format!("{line}\n")).collect::<String>();
    Some(format!("{before}## {title}\n{}{table}{}{behind}", joined(&text), joined(&rest)))
}

/// By name, in their order.
fn table(text: &str) -> String {
    let mut table = HEAD.to_owned();
    for (name, metric) in metrics(text) {
        let labels: Vec<String> = metric.labels.iter().map(label).collect();
        let (kind, labels, unit) = (metric.kind, labels.join("; "), unit(name, metric.help));
        let _ = writeln!(table, "| `{name}` | {kind} | {labels} | {unit} | {} |", metric.help);
    }
    table
}

#[derive(Default)]
struct Metric<'t> {
    help: &'t str,
    kind: &'t str,
    /// In their order, with the values that were seen.
    labels: Vec<(&'t str, Vec<&'t str>)>,
}

fn metrics(text: &str) -> BTreeMap<&str, Metric<'_>> {
    let mut metrics: BTreeMap<&str, Metric<'_>> = BTreeMap::new();
    for line in text.lines() {
        if let Some((name, help)) = line.strip_prefix("# HELP ").and_then(|it| it.split_once(' ')) {
            metrics.entry(name).or_default().help = help.trim_end_matches('.');
        } else if let Some((name, kind)) =
            line.strip_prefix("# TYPE ").and_then(|it| it.split_once(' '))
        {
            metrics.entry(name).or_default().kind = kind;
        } else if let Some((name, labels)) = line.split_once('{') {
            let labels = labels.split_once('}').map_or("", |(labels, _)| labels);
            let metric = metrics.entry(name).or_default();
            for (label, value) in labels.split(',').filter_map(|it| it.split_once('=')) {
                let value = value.trim_matches('"');
                match metric.labels.iter_mut().find(|(known, _)| *known == label) {
                    Some((_, values)) if values.contains(&value) => {}
                    Some((_, values)) => values.push(value),
                    None => metric.labels.push((label, vec![value])),
                }
            }
        }
    }
    metrics
}

/// Of what is the installation's own the values are no part of the page.
fn label((name, values): &(&str, Vec<&str>)) -> String {
    match *name {
        "node" | "shard" | "resource" | "witness" => format!("`{name}`"),
        _ => format!("`{name}`: {}", values.join(", ")),
    }
}

fn unit(name: &str, help: &str) -> &'static str {
    let base = name.trim_end_matches("_total");
    match base.rsplit('_').next() {
        Some("bytes") => "bytes",
        Some("seconds") => "seconds",
        _ if help.starts_with("Whether") => "0 or 1",
        _ => "number",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# HELP a_sent_bytes_total Bytes.\n# TYPE a_sent_bytes_total counter\n\
        a_sent_bytes_total{node=\"n\",side=\"client\"} 1\na_sent_bytes_total{node=\"n\",side=\"upstream\"} 0\n\
        # HELP a_up Whether it is.\n# TYPE a_up gauge\na_up 1\n";
    const ROWS: &str = "| `a_sent_bytes_total` | counter | `node`; `side`: client, upstream | bytes | Bytes |\n\
        | `a_up` | gauge |  | 0 or 1 | Whether it is |\n";

    #[test]
    fn a_metric_is_a_row_with_its_labels_and_its_unit() {
        assert_eq!(table(TEXT), format!("{HEAD}{ROWS}"));
    }

    #[test]
    fn a_section_is_renewed_and_the_rest_of_the_page_stays() {
        let page = |rows: &str| format!("# M\n\n## A\n\nx\n\n{rows}\ny\n\n## B\n\n| z |\n");
        let renewed = renewed(&page("| old |\n"), "A", "| new |\n| newer |\n");
        assert_eq!(renewed, Some(page("| new |\n| newer |\n")));
        assert_eq!(super::renewed(&page(""), "C", ""), None);
    }
}
