//! A query plan as EXPLAIN shows it: nodes, names, costs and times stay, literals don't. What the client
//! compares with it knows; what a view, a row security policy or a default compares with is another's.
//!
//! A plan comes as one line a row, or as one JSON text. A line that is neither a node nor a property
//! belongs to a literal that holds a line end, and is covered whole; so is one that is called as figures
//! are and holds others than the server's words and numbers.

use lazaret_policy::TypeKind;

/// Covers the literals of a plan in place; true if there were any.
pub(super) fn cover_literals(kind: TypeKind, plan: &mut [u8]) -> bool {
    if kind == TypeKind::Json { cover_strings(plan) } else { cover_line(plan) }
}

fn cover_line(line: &mut [u8]) -> bool {
    let text = line.trim_ascii_start();
    match property(text) {
        Some((name, value)) if is_figure(name) && are_figures(value) => false,
        Some((name, value)) if !is_figure(name) && !line.contains(&b'\n') => {
            let start = line.len() - value.len();
            cover_expression(&mut line[start..])
        }
        None if is_node(text) && !line.contains(&b'\n') => false,
        _ => {
            line.fill(b'*');
            !line.is_empty()
        }
    }
}

/// `Filter: (ssn = '1'::text)`: its name and its value.
fn property(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = text.iter().position(|byte| *byte == b':')?;
    let (name, value) = text.split_at(end);
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || b" -/_".contains(byte);
    let is_name = name.first().is_some_and(u8::is_ascii_uppercase) && name.iter().all(is_word);
    is_name.then_some((name, value))
}

fn is_figure(name: &[u8]) -> bool {
    FIGURES.iter().any(|figure| name.starts_with(figure.as_bytes()))
}

/// Numbers, and words that the server writes beside them.
fn are_figures(value: &[u8]) -> bool {
    let words = value.split(|byte| !byte.is_ascii_alphabetic()).filter(|word| !word.is_empty());
    let is_known =
        |word: &[u8]| WORDS.iter().any(|known| word.eq_ignore_ascii_case(known.as_bytes()));
    value.is_ascii() && words.into_iter().all(is_known)
}

fn is_node(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"->").unwrap_or(text).trim_ascii_start();
    NODES.iter().any(|node| text.starts_with(node.as_bytes()))
}

/// Within each string of a JSON text.
fn cover_strings(json: &mut [u8]) -> bool {
    let mut covered = false;
    let mut at = 0;
    while let Some(open) =
        json.get(at..).and_then(|rest| rest.iter().position(|byte| *byte == b'"'))
    {
        let start = at + open + 1;
        let mut end = start;
        while json.get(end).is_some_and(|byte| *byte != b'"') {
            end += if json[end] == b'\\' { 2 } else { 1 };
        }
        let end = end.min(json.len());
        covered |= cover_expression(&mut json[start..end]);
        at = end + 1;
    }
    covered
}

/// Covers what stands between single quotes, and numbers that are no part of a name.
fn cover_expression(text: &mut [u8]) -> bool {
    let mut covered = false;
    let mut at = 0;
    while let Some(byte) = text.get(at).copied() {
        at = match byte {
            b'"' => end_of_quoted(text, at),
            b'\'' => {
                let end = end_of_quoted(text, at);
                let last = if end > at + 1 && text[end - 1] == b'\'' { end - 1 } else { end };
                text[at + 1..last].fill(b'*');
                covered |= last > at + 1;
                end
            }
            b'0'..=b'9' => {
                text[at] = b'*';
                covered = true;
                at + 1
            }
            byte if is_of_name(byte) => end_of_name(text, at),
            _ => at + 1,
        };
    }
    covered
}

/// Behind the quote that ends what the one at `open` begins; two of them are one within.
fn end_of_quoted(text: &[u8], open: usize) -> usize {
    let quote = text[open];
    let mut at = open + 1;
    while at < text.len() {
        match (text[at] == quote, text.get(at + 1) == Some(&quote)) {
            (true, true) => at += 2,
            (true, false) => return at + 1,
            _ => at += 1,
        }
    }
    text.len()
}

/// `$1` is a parameter's name.
fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'$' | 0x80..)
}

fn end_of_name(text: &[u8], at: usize) -> usize {
    let is_of_name = |byte: &&u8| is_of_name(**byte) || byte.is_ascii_digit();
    at + text[at..].iter().take_while(is_of_name).count()
}

/// How nodes begin, in PostgreSQL 12 to 18.
#[rustfmt::skip]
const NODES: &[&str] = &[
    "Aggregate", "Append", "Async ", "Bitmap", "CTE ", "Custom Scan", "Delete on ", "Finalize ",
    "Foreign ", "Function Scan", "Gather", "Group", "Hash", "Incremental Sort", "Index ", "InitPlan ",
    "Insert on ", "Limit", "LockRows", "Materialize", "Memoize", "Merge", "MixedAggregate",
    "Named Tuplestore Scan", "Nested Loop", "Parallel ", "Partial ", "ProjectSet", "Recursive Union",
    "Result", "Sample Scan", "Seq Scan", "SetOp", "Sort", "SubPlan ", "Subquery Scan", "Table Function Scan",
    "Tid ", "Unique", "Update on ", "Utility Statement", "Values Scan", "WindowAgg", "WorkTable Scan",
];

/// Properties that hold nothing but the server's own figures and words.
#[rustfmt::skip]
const FIGURES: &[&str] = &[
    "Batches", "Buckets", "Buffers", "Cache Mode", "Disk", "Exact", "Execution", "Full-sort", "Functions",
    "Heap", "Hits", "I/O", "Index Searches", "JIT", "Memory", "Options", "Peak", "Planned", "Planning",
    "Pre-sorted", "Query Identifier", "Rows Removed", "Serialization", "Sort Method", "Storage",
    "Subplans Removed", "Timing", "Trigger ", "WAL", "Worker",
];

/// What stands beside figures.
#[rustfmt::skip]
const WORDS: &[&str] = &[
    "actual", "allocated", "average", "avg", "batches", "binary", "blocks", "buckets", "buffers", "bytes", "calls", "deform",
    "deforming", "dirtied", "disk", "emission", "evictions", "exact", "executed", "expressions", "external",
    "false", "format", "fpi", "full", "generation", "group", "groups", "heap", "heapsort", "hit", "hits", "in",
    "inlining", "kB", "local", "logical", "loops", "lossy", "maximum", "memory", "merge", "method", "methods", "misses",
    "ms", "N", "never", "none", "optimization", "originally", "output", "overflows", "partitions", "peak", "pre", "presorted",
    "progress", "quicksort", "read", "records", "rows", "shared", "sort", "sorted", "space", "still", "storage", "temp",
    "text", "time", "timings", "top", "total", "true", "usage", "used", "written",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn covered(kind: TypeKind, plan: &str) -> String {
        let mut bytes = plan.as_bytes().to_vec();
        cover_literals(kind, &mut bytes);
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn nodes_names_costs_and_times_stay() {
        for line in [
            "Seq Scan on patients p1  (cost=0.00..25.88 rows=6 width=32)",
            "  ->  Index Scan using t1_pkey on t1  (actual time=0.010..0.020 rows=1 loops=1)",
            "        Hash Cond: (a.id1 = b.\"it's\")",
            "        Sort Key: p1.name DESC",
            "        Sort Method: quicksort  Memory: 25kB",
            "        Rows Removed by Filter: 99",
            "Planning Time: 0.050 ms",
            "        Buckets: 1024 (originally 512)  Batches: 1  Memory Usage: 9kB",
            "  Full-sort Groups: 2  Sort Methods: quicksort, top-N heapsort  Peak Memory: 27kB",
            "  Buffers: shared hit=3 read=1, temp written=2",
            "  Worker 0:  actual time=0.010..0.020 rows=1 loops=1",
            "  Options: Inlining false, Optimization false, Expressions true, Deforming true",
            "Trigger for constraint fk on t: time=0.5 calls=1",
            "   Filter: (id = $1)",
        ] {
            assert_eq!(covered(TypeKind::Text, line), line);
        }
    }

    #[test]
    fn literals_of_expressions_are_covered_in_place() {
        for (line, expected) in [
            ("  Filter: (ssn = '123-45'::text)", "  Filter: (ssn = '******'::text)"),
            (
                "  Filter: ((n = 'O''Neil') AND (age > 93))",
                "  Filter: ((n = '*******') AND (age > **))",
            ),
            ("  Output: 1.5, c1, 'cut by a line end", "  Output: *.*, c1, '*****************"),
            ("Jane Roe'::text)", "****************"),
            ("Buckets: Jane Roe'::text)", "*************************"),
            ("Worker: Zo\u{e9}", "************"),
            ("- Plan:\n    Filter: \"(a = 'b')\"", "*******************************"),
        ] {
            assert_eq!(covered(TypeKind::Text, line), expected);
        }
    }

    #[test]
    fn a_plan_in_json_stays_json() {
        let plan = r#"[{"Plan": {"Node Type": "Seq Scan", "Plan Rows": 6, "Alias": "p1",
            "Filter": "((\"B\" = 'a''b\n\"') AND (c > 93))"}}]"#;
        let shown = covered(TypeKind::Json, plan);
        serde_json::from_str::<serde_json::Value>(&shown).unwrap();
        assert!(shown.contains(r#""Plan Rows": 6, "Alias": "p1""#), "{shown}");
        assert!(shown.contains(r#"(\"B\" = '********') AND (c > **))"#), "{shown}");
    }
}
