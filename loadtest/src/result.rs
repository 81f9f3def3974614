//! One large result: `SELECT *` of all patients, where the cost of a byte counts.

use std::time::Instant;

use crate::contestant::{Contestant, Field};
use crate::median::median;
use crate::report::{Goal, Row};
use crate::stream::connect;
use crate::{Arguments, LoadtestError};

const QUERY: &str = "SELECT * FROM patients";
const GB: f64 = 1e9;

/// One contestant's run.
struct Run {
    seconds: f64,
    cpu_seconds: f64,
    bytes: f64,
}

/// Throughput in rows, and the proxy's CPU time per GB of what the server sent.
pub(crate) fn measure(
    field: &Field,
    arguments: &Arguments,
    suffix: &str,
) -> Result<Vec<Row>, LoadtestError> {
    let mut runs: Vec<Vec<Run>> = field.contestants().iter().map(|_| Vec::new()).collect();
    for _ in 0..arguments.rounds {
        for (contestant, runs) in field.contestants().iter().zip(&mut runs) {
            let run = fetch(contestant, arguments.rows)
                .inspect_err(|_| eprintln!("the gateway's log:\n{}", field.gateway_log()))?;
            runs.push(run);
        }
    }
    let of = |index: usize, figure: fn(&Run) -> f64| {
        median(&runs[index].iter().map(figure).collect::<Vec<_>>())
    };
    let [direct, pgbouncer, gateway] = [0, 1, 2].map(|index| of(index, |run| run.seconds));
    // Masks change lengths, so what the server sent is everybody's measure.
    let gigabytes = of(0, |run| run.bytes) / GB;
    let [pgbouncer_cpu, gateway_cpu] =
        [1, 2].map(|index| of(index, |run| run.cpu_seconds) / gigabytes);
    let named = |name: &str| format!("{name}{suffix}");
    Ok(vec![
        Row::ratio(named("select_1m_vs_pgbouncer"), pgbouncer / gateway, Goal::AtLeast(1.0)),
        Row::figure(named("select_1m_direct"), direct, "s"),
        Row::figure(named("select_1m_pgbouncer"), pgbouncer, "s"),
        Row::figure(named("select_1m_gateway"), gateway, "s"),
        Row::figure(named("select_1m_bytes"), gigabytes, "GB"),
        Row::ratio(
            named("cpu_per_gb_vs_pgbouncer"),
            gateway_cpu / pgbouncer_cpu,
            Goal::AtMost(1.0),
        ),
        Row::figure(named("cpu_per_gb_pgbouncer"), pgbouncer_cpu, "s"),
        Row::figure(named("cpu_per_gb_gateway"), gateway_cpu, "s"),
    ])
}

fn fetch(contestant: &Contestant, rows: u32) -> Result<Run, LoadtestError> {
    let mut stream = connect(contestant)?;
    let before = contestant.cpu_seconds();
    let start = Instant::now();
    let counted = stream.count(QUERY)?;
    let seconds = start.elapsed().as_secs_f64();
    if counted.rows != u64::from(rows) {
        let name = contestant.name;
        return Err(LoadtestError::Unexpected(format!("{name} gave {} rows", counted.rows)));
    }
    let cpu_seconds = contestant.cpu_seconds() - before;
    Ok(Run {
        seconds,
        cpu_seconds,
        bytes: u32::try_from(counted.bytes >> 10).map_or(0.0, f64::from) * 1024.0,
    })
}
