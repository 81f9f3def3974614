//! What the figures were measured on.

use std::fs;
use std::thread;

use serde_json::{Value, json};

pub(super) fn describe() -> Value {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let (cpu, memory) = (read("/proc/cpuinfo"), read("/proc/meminfo"));
    let memory_kib = field(&memory, "MemTotal")
        .and_then(|text| text.split(' ').next().and_then(|number| number.parse::<u64>().ok()));
    json!({
        "cpu": field(&cpu, "model name"),
        "cores": thread::available_parallelism().map_or(1, std::num::NonZero::get),
        "memory_bytes": memory_kib.map(|kib| kib * 1024),
        "kernel": read("/proc/sys/kernel/osrelease").trim(),
    })
}

/// `name : value`, the first of that name.
fn field<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let lines = text.lines().filter_map(|line| line.split_once(':'));
    lines
        .map(|(key, value)| (key.trim(), value.trim()))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}
