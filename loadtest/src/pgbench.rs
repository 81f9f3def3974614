//! `pgbench -S` with eight clients: point queries, where the cost of a message counts.

use std::process::Command;

use harness::run;

use crate::contestant::{Contestant, Field};
use crate::median::median;
use crate::report::{Goal, Row};
use crate::{Arguments, LoadtestError};

const CLIENTS: &str = "8";

/// The gateway's transactions per second beside the others', in one of pgbench's query modes.
pub(crate) fn measure(
    field: &Field,
    arguments: &Arguments,
    mode: &str,
    name: &str,
) -> Result<Vec<Row>, LoadtestError> {
    let contestants: Vec<&Contestant> = field.contestants().iter().collect();
    let figures = compare(&contestants, arguments, mode)
        .inspect_err(|_| eprintln!("the gateway's log:\n{}", field.gateway_log()))?;
    let [direct, pgbouncer, gateway] = figures[..] else { return Ok(Vec::new()) };
    let base = name.trim_end_matches("_tls").trim_end_matches("_vs_pgbouncer");
    let suffix = if name.ends_with("_tls") { "_tls" } else { "" };
    Ok(vec![
        Row::ratio(name, gateway / pgbouncer, Goal::AtLeast(1.0)),
        Row::figure(format!("{base}_direct{suffix}"), direct, "tps"),
        Row::figure(format!("{base}_pgbouncer{suffix}"), pgbouncer, "tps"),
        Row::figure(format!("{base}_gateway{suffix}"), gateway, "tps"),
    ])
}

/// Median transactions per second of each.
pub(crate) fn compare(
    contestants: &[&Contestant],
    arguments: &Arguments,
    mode: &str,
) -> Result<Vec<f64>, LoadtestError> {
    let mut figures = vec![Vec::new(); contestants.len()];
    for _ in 0..arguments.rounds {
        for (contestant, figures) in contestants.iter().zip(&mut figures) {
            figures.push(transactions_per_second(contestant, arguments.seconds, mode)?);
        }
    }
    Ok(figures.iter().map(|figures| median(figures)).collect())
}

fn transactions_per_second(
    contestant: &Contestant,
    seconds: u32,
    mode: &str,
) -> Result<f64, LoadtestError> {
    let mut command = Command::new("pgbench");
    command
        .args(["-S", "-n", "-c", CLIENTS, "-j", "2", "-M", mode, "-T", &seconds.to_string()])
        .arg(Field::DATABASE)
        .env("PGHOST", "localhost")
        .env("PGPORT", contestant.port.to_string())
        .env("PGUSER", contestant.user)
        .env("PGPASSWORD", &contestant.password)
        .env("PGSSLMODE", if contestant.authority.is_some() { "verify-full" } else { "disable" })
        .env("PGGSSENCMODE", "disable");
    if let Some(authority) = &contestant.authority {
        command.env("PGSSLROOTCERT", authority);
    }
    let report = run(&mut command)?;
    rate(&report).ok_or_else(|| LoadtestError::Unexpected(format!("pgbench said:\n{report}")))
}

/// `tps = 12345.6 (without initial connection time)`
fn rate(report: &str) -> Option<f64> {
    let line = report.lines().find_map(|line| line.strip_prefix("tps = "))?;
    line.split(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::rate;

    #[test]
    fn the_rate_is_read_from_the_report() {
        let report = "latency = 1 ms\ntps = 12345.678 (without initial connection time)\n";
        assert_eq!(rate(report), Some(12345.678));
        assert_eq!(rate("no such line"), None);
    }
}
