//! PostgreSQL's own regression suite, on a server and through a transparent gateway.
//!
//! What passes directly must pass through the gateway.

use std::time::Duration;

use harness::{Gateway, GatewayOptions, Postgres};

use super::course::{Course, Route};
use super::step::Count;
use crate::error::TaskError;
use crate::setup;

/// It takes a minute where nothing else runs.
const LIMIT: Duration = Duration::from_secs(15 * 60);

pub(super) fn run() -> Result<Count, TaskError> {
    let suite = setup::regression_suite()?;
    let direct = Course::prepare(&suite)?;
    let port = direct.postgres.port();
    let password = Postgres::PASSWORD;
    let expected = direct.run(&Route { port, password, has_database: false, limit: LIMIT })?;
    expected.report("direct");
    drop(direct);

    let course = Course::prepare(&suite)?;
    let mut gateway = Gateway::start(&GatewayOptions {
        upstream: course.postgres.url("postgres"),
        preset: Some("transparent"),
        settings: vec![
            ("listen", "allow_plaintext", "true".into()),
            ("upstream", "pass_user", "true".into()),
        ],
        ..GatewayOptions::default()
    })?;
    let password = &gateway.token_with("regression", "agents", &["--ttl", "1h"])?;
    let port = gateway.port();
    let through = course.run(&Route { port, password, has_database: false, limit: LIMIT })?;
    through.report("through the gateway");
    gateway.drain();

    let lost: Vec<&String> = expected.passed.difference(&through.passed).collect();
    for test in &lost {
        println!("  {test} passes directly and not through the gateway");
    }
    if !lost.is_empty() {
        println!("{}", course.differences());
    }
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    Ok(Count {
        passed: number(through.passed.len()),
        failed: number(lost.len()) + u32::from(expected.passed.is_empty()),
        skipped: 0,
    })
}
