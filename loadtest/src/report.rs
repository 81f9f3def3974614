//! What was measured, as a table and as JSON.

use std::fs;
use std::path::Path;

use serde::Serialize;

use crate::LoadtestError;

/// What a figure should reach.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Goal {
    None,
    AtLeast(f64),
    AtMost(f64),
}

/// One figure.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Row {
    name: String,
    value: f64,
    unit: &'static str,
    goal: Option<f64>,
    met: Option<bool>,
}

impl Row {
    pub(crate) fn figure(name: impl Into<String>, value: f64, unit: &'static str) -> Self {
        Self { name: name.into(), value, unit, goal: None, met: None }
    }

    pub(crate) fn ratio(name: impl Into<String>, value: f64, goal: Goal) -> Self {
        let (goal, met) = match goal {
            Goal::None => (None, None),
            Goal::AtLeast(goal) => (Some(goal), Some(value >= goal)),
            Goal::AtMost(goal) => (Some(goal), Some(value <= goal)),
        };
        Self { name: name.into(), value, unit: "ratio", goal, met }
    }
}

pub(crate) fn print(rows: &[Row]) {
    let width = rows.iter().map(|row| row.name.len()).max().unwrap_or(0);
    for row in rows {
        let goal = match (row.goal, row.met) {
            (Some(goal), Some(true)) => format!("goal {goal:.2}, met"),
            (Some(goal), _) => format!("goal {goal:.2}, missed"),
            (None, _) => String::new(),
        };
        let line = format!("{:width$}  {:>12.3} {:<6} {goal}", row.name, row.value, row.unit);
        println!("{}", line.trim_end());
    }
}

/// The rows alone; `cargo xtask measure` adds the machine and the benches.
pub(crate) fn write(path: &Path, rows: &[Row]) -> Result<(), LoadtestError> {
    let text = serde_json::to_string_pretty(rows)
        .map_err(|error| LoadtestError::Unexpected(error.to_string()))?;
    Ok(fs::write(path, text)?)
}

#[cfg(test)]
mod tests {
    use super::{Goal, Row};

    #[test]
    fn a_goal_is_met_or_missed_and_without_one_neither() {
        assert_eq!(Row::ratio("a", 1.2, Goal::AtLeast(1.0)).met, Some(true));
        assert_eq!(Row::ratio("a", 0.9, Goal::AtLeast(1.0)).met, Some(false));
        assert_eq!(Row::ratio("a", 0.9, Goal::AtMost(1.0)).met, Some(true));
        assert_eq!(Row::ratio("a", 0.9, Goal::None).met, None);
    }
}
