//! What expressions are made of, and what else a statement uses columns for.

use crate::{How, Input, Lineage, Outputs, Place, Source};

use super::one;

/// `t.a` where a column is kept, `:t.a` kept as text, `@t.a` a part of it, `#t.a` counted, `|t.a` measured, `=t.a` compared with
/// what is given, `~t.a` computed from, `^t.a` equal to other data, `&t.a` mixed with such, `?t.a` a condition; `t|u.a` where either may have it, `(t.a)` where nobody may, `t.*` for a whole row.
fn input(Input { relations, column, certain, how, through: _ }: &Input) -> String {
    let relations: Vec<_> = relations
        .iter()
        .map(|(schema, name)| {
            schema.iter().map(|schema| format!("{schema}.")).collect::<String>() + name
        })
        .collect();
    let mark = match how {
        How::Kept => "",
        How::Recast => ":",
        How::Counted => "#",
        How::Measured => "|",
        How::Part => "@",
        How::Compared => "=",
        How::Computed => "~",
        How::Joined => "^",
        How::Mixed => "&",
        How::Condition => "?",
    };
    let shown = format!("{mark}{}.{}", relations.join("|"), column.as_deref().unwrap_or("*"));
    if *certain { shown } else { format!("({shown})") }
}

fn lineage(of: &Lineage) -> String {
    match of {
        Lineage::Unknown => "unknown".to_owned(),
        Lineage::Of(inputs) => inputs.iter().map(input).collect::<Vec<_>>().join(" "),
    }
}

/// The columns of a result, with `;` between them.
fn columns(text: &str) -> String {
    let show = |source: &Source| match source {
        Source::Constant => "const".to_owned(),
        Source::CountStar => "count(*)".to_owned(),
        Source::Column { relations, name } => {
            let names: Vec<_> = relations.iter().map(|(_, name)| name.as_str()).collect();
            format!("={}.{name}", names.join("|"))
        }
        Source::Expression(of) => lineage(of),
    };
    match one(text).outputs {
        Outputs::Columns { left, star, starred, right, .. } => {
            let mut shown: Vec<_> = left.iter().map(show).collect();
            if star {
                shown.push(format!("*[{}]", lineage(&starred)));
            }
            shown.extend(right.iter().map(show));
            shown.join("; ")
        }
        other => format!("{other:?}"),
    }
}

/// All that differs, told at once.
fn check(told: fn(&str) -> String, expected: &[(&str, &str)]) {
    let differing = expected.iter().filter_map(|&(text, expected)| {
        let told = told(text);
        (told != expected).then(|| format!("{text}\n  tells: {told}\n  not: {expected}"))
    });
    let differing: Vec<_> = differing.collect();
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

#[test]
fn expressions_are_made_of_columns() {
    check(
        columns,
        &[
            ("SELECT upper(a), a || ', ' || b, a || b FROM t", "t.a; :t.a :t.b; ~t.a ~t.b"),
            ("SELECT reverse(a), substr(p.a, 1) FROM t p", "~t.a; ~t.a"),
            (
                "SELECT trim(a), trim('x' FROM a), a::text, a::varchar(3) FROM t",
                "t.a; ~t.a; :t.a; ~t.a",
            ),
            ("SELECT count(a), count(upper(a)), count(DISTINCT a) FROM t", "#t.a; ~t.a; #t.a"),
            ("SELECT count(a) + 1, length(a) * 2, length(reverse(a)) FROM t", "#t.a; |t.a; ~t.a"),
            (
                "SELECT sum(a), avg(a + b), 100.0 * count(a) / count(*) FROM t",
                "~t.a; &t.a &t.b; #t.a",
            ),
            ("SELECT public.count(a), pg_catalog.count(a), f(a) FROM t", "~t.a; #t.a; ~t.a"),
            ("SELECT string_agg(a, ', '), string_agg(a, '9') FROM t", "t.a; ~t.a"),
            ("SELECT max(a) FILTER (WHERE b = 1), max(a ORDER BY b) FROM t", "t.a ?t.b; t.a ?t.b"),
            ("SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY a) FROM t", "~t.a"),
            ("SELECT lag(a) OVER (PARTITION BY b ORDER BY c) FROM t", "t.a ?t.b ?t.c"),
            (
                "SELECT CASE WHEN a = 1 THEN b ELSE c END, CASE a WHEN b THEN 1 END FROM t",
                "?t.a t.b t.c; ?t.a ?t.b",
            ),
            (
                "SELECT NULLIF(a, b), COALESCE(a, b), GREATEST(a, 1) FROM t",
                "t.a ?t.a ?t.b; t.a t.b; t.a",
            ),
            (
                "SELECT a IS NULL, upper(a) IS NULL, a = 1, a LIKE 'x' FROM t",
                "#t.a; ~t.a; =t.a; =t.a",
            ),
            (
                "SELECT ARRAY[a, b], ROW(a, b), a[1], a[b], (a).f FROM t",
                "t.a t.b; t.a t.b; @t.a; @t.a ~t.b; @t.a",
            ),
            (
                "SELECT a ->> 'k', a -> b, a['k'], (a).f, (a).* FROM t",
                "@t.a; &t.a &t.b; @t.a; @t.a; *[t.a]",
            ),
            (
                "SELECT a BETWEEN 1 AND 2, NOT a, a IN (1, 2), a = b, a < b FROM t",
                "=t.a; =t.a; =t.a; ^t.a ^t.b; &t.a &t.b",
            ),
            (
                "SELECT left(a, 3) = b, upper(a) = b, a = lower('X'), a LIKE b FROM t",
                "&t.a ^t.b; ^t.a ^t.b; =t.a; &t.a &t.b",
            ),
            ("SELECT grouping(a), a || ' and more', a || 'more' FROM t", "; :t.a; ~t.a"),
            ("SELECT xmlelement(name x, a), json_object('k': a) FROM t", ":t.a; t.a"),
            ("SELECT now(), 1 + 1, current_user FROM t", "; ; "),
        ],
    );
}

#[test]
fn columns_are_followed_through_queries() {
    check(
        columns,
        &[
            ("SELECT upper(x.b) FROM (SELECT a AS b FROM t) x", "t.a"),
            ("SELECT upper(b) FROM (SELECT reverse(a) AS b FROM t) x", "~t.a"),
            ("SELECT upper(b) FROM (SELECT a FROM t) x(b)", "t.a"),
            ("SELECT upper(b) FROM (SELECT * FROM t) x", "t.b"),
            ("SELECT upper(b) FROM (SELECT t.*, u.a AS b FROM t, u) x", "u.a"),
            ("SELECT upper(upper) FROM (SELECT upper(a) FROM t) x", "t.a"),
            ("SELECT upper(a) FROM t, u JOIN v ON true", "t|u|v.a"),
            ("SELECT upper(x.a) FROM t x, u", "t.a"),
            ("SELECT upper(s.t.a) FROM s.t, t", "s.t.a"),
            ("SELECT upper(j.a) FROM (t JOIN u ON true) j", "t|u.a"),
            ("SELECT upper(j.z) FROM (t JOIN u ON true) j(x, y, z)", "t.* u.*"),
            ("SELECT upper(b) FROM t AS x(b)", "t.*"),
            ("SELECT upper(k.id) FROM t JOIN u USING (id) AS k", "t|u.id"),
            ("SELECT (SELECT upper(t.a)) FROM t", "t.a"),
            ("SELECT (SELECT b FROM u WHERE u.x = t.x) FROM t", "t|u.b"),
            (
                "SELECT (SELECT u.b FROM u WHERE u.x = t.x), ARRAY(SELECT v.c FROM v) FROM t",
                "u.b; v.c",
            ),
            ("SELECT EXISTS (SELECT a FROM t), 1 IN (SELECT a FROM t)", "; =t.a"),
            ("SELECT upper(l.x) FROM t, LATERAL (SELECT t.a AS x) l", "t.a"),
            ("SELECT a FROM t UNION ALL SELECT b FROM u", "t.a u.b"),
            ("SELECT 1, a FROM t UNION ALL SELECT f(b), c FROM u", "~u.b; t.a u.c"),
            ("SELECT x FROM (SELECT a AS x FROM t UNION SELECT b FROM u) q", "t.a u.b"),
            ("SELECT q.x FROM (SELECT * FROM t UNION SELECT * FROM u) q", "t.* u.*"),
            ("WITH w AS (SELECT a AS b FROM t) SELECT upper(b) FROM w", "t.a"),
            ("WITH w(c) AS (SELECT a FROM t) SELECT upper(w.c) FROM w, v", "t.a"),
            ("WITH t AS (SELECT a FROM t) SELECT upper(a) FROM t", "t.a"),
            (
                "WITH RECURSIVE w(n, a) AS (SELECT 1, a FROM t UNION ALL SELECT n + 1, w.a || 'x' FROM w) \
          SELECT n, a FROM w",
                "; t.a ~t.a",
            ),
            ("WITH d AS (DELETE FROM t RETURNING a) SELECT a FROM d", "t.a"),
            (
                "WITH i AS (INSERT INTO t SELECT * FROM u RETURNING upper(b) AS c) SELECT c FROM i",
                "t.b",
            ),
            ("SELECT x.b FROM (VALUES (1, 2)) v(c, d), (SELECT 1 AS b) x", "const"),
            ("SELECT v.d FROM t, LATERAL (VALUES (1, t.a)) v(c, d)", "t.a"),
            ("SELECT v.column2 FROM t, LATERAL (VALUES (t.b, t.a)) v", "t.a"),
            ("SELECT x FROM t, unnest(t.a) x", "t.a (t.x)"),
            ("SELECT c FROM t, regexp_split_to_table(a, '') c", "~t.a (t.c)"),
            ("SELECT j.value FROM t, json_each(t.a) j", "~t.a"),
            ("SELECT x.y FROM t, XMLTABLE('/' PASSING a COLUMNS y text) x", "~t.a"),
            (
                "SELECT p, row_to_json(p), count(p), p.* FROM t p",
                "=t.p; t.* (t.p); #t.* (#t.p); *[t.*]",
            ),
            ("SELECT upper(gone.a) FROM t", "unknown"),
            ("SELECT upper(a) FROM (SELECT 1 AS b) x", "unknown"),
        ],
    );
}

/// What the server takes a name for depends on what is in sight where it stands; so a name is all that it may be.
#[test]
fn a_name_that_is_hidden_here_means_what_is_around() {
    check(
        columns,
        &[
            ("SELECT (SELECT upper(a) FROM (SELECT 'x' AS a) q(b)) FROM t", "t.a"),
            ("SELECT (WITH q(b) AS (SELECT 'x' AS a) SELECT upper(a) FROM q) FROM t", "t.a"),
            ("SELECT (SELECT upper(column2) FROM (VALUES ('x')) v) FROM t", "t.column2"),
            ("SELECT (SELECT upper(column1) FROM (VALUES ('x')) v(b)) FROM t", "t.column1"),
            ("SELECT (SELECT upper(t::text) FROM (SELECT 'x' AS t) q(b)) FROM t", ":t.* (:t.t)"),
            (
                "WITH q(c, b) AS (SELECT 'x', a FROM t) SELECT (SELECT upper(b) FROM q AS r(d)) FROM (SELECT 'x' AS b) o",
                "t.a",
            ),
            ("SELECT upper(c) FROM (SELECT 'x' AS c, t.* FROM t) q(b)", "unknown"),
            ("SELECT upper(c) FROM (SELECT 'x' AS c, a AS c FROM t) q(b)", "t.a"),
            ("WITH t AS (SELECT 'x' AS a) DELETE FROM t RETURNING upper(a)", "t.a"),
            (
                "WITH t AS (SELECT 'x' AS a) UPDATE t SET b = 1 RETURNING upper(old.a), upper(a)",
                "t.a; t.a",
            ),
        ],
    );
    let on = "SELECT (SELECT count(*) FROM (SELECT 'x' AS a) t, v JOIN w ON t.a LIKE '1%') FROM t";
    check(uses, &[(on, "filter:(t.a)")]);
    let on = "SELECT (SELECT count(*) FROM (SELECT 'x' AS a) q, v JOIN w ON a LIKE '1%') FROM t";
    check(uses, &[(on, "filter:(t|v|w.a)")]);
}

/// ORDER BY and DISTINCT ON take a name for that of a column in the result first, and a column without an alias
/// has a name, too.
#[test]
fn a_column_without_an_alias_has_the_name_that_the_server_gives_it() {
    let sorted = |value: &str, name: &str| {
        let from = format!("(SELECT a FROM t) t, (SELECT 1 AS \"{name}\") q");
        let text = format!("SELECT {value} FROM {from} ORDER BY \"{name}\"");
        assert!(uses(&text).contains("sort:"), "{text}: {}", uses(&text));
    };
    for (value, name) in [
        ("LEAST(a)", "least"),
        ("GREATEST(a)", "greatest"),
        ("COALESCE(a)", "coalesce"),
        ("NULLIF(a, 'x')", "nullif"),
        ("ARRAY[a]", "array"),
        ("ARRAY(SELECT a)", "array"),
        ("ROW(a)", "row"),
        ("(a || 'x')::varchar", "varchar"),
        ("CASE WHEN true THEN a || 'x' END", "case"),
        ("(CASE WHEN true THEN a || 'x' END)::text", "text"),
        ("CASE WHEN true THEN 'x' ELSE upper(a) END", "upper"),
        ("a::text COLLATE \"C\"", "a"),
        ("(a).f", "f"),
        ("(a)[1]", "a"),
        ("(SELECT a AS b)", "b"),
        ("(SELECT upper(a))::text", "upper"),
        ("(VALUES (a))", "column1"),
        ("(SELECT a || 'x')", "?column?"),
        ("a || 'x'", "?column?"),
        ("xmlforest(a)", "xmlforest"),
        ("json_array(a)", "json_array"),
        ("trim(a)", "btrim"),
    ] {
        sorted(value, name);
    }
    check(
        uses,
        &[
            (
                "SELECT (SELECT * FROM u) FROM t, (SELECT 1 AS b) q ORDER BY b",
                "sort:(t.b), sort:u.*",
            ),
            (
                "SELECT DISTINCT ON (least) LEAST(a) FROM t, (SELECT 1 AS least) q",
                "case:t.a, group:t.a",
            ),
        ],
    );
}

/// An answer that depends on which of several values is the greater one, or on whether they are the same.
#[test]
fn values_that_are_compared_with_each_other_are_used() {
    check(
        uses,
        &[
            ("SELECT max(a), min(t.b), count(DISTINCT a), max(a) OVER () FROM t, u", ""),
            ("SELECT GREATEST(a, '5'), LEAST(b, a) FROM t", "case:t.a, case:t.a t.b"),
            (
                "SELECT (SELECT max(x) FROM (SELECT t.a UNION ALL SELECT '5') s(x)) FROM t",
                "case:t.a (t.x)",
            ),
            (
                "SELECT max(CASE WHEN b IS NULL THEN a ELSE '5' END) FROM t",
                "case:t.a #t.b, case:#t.b",
            ),
            (
                "SELECT (SELECT max(q.x)) FROM (SELECT a AS x FROM t UNION ALL SELECT '5') q",
                "case:t.a",
            ),
            (
                "WITH q AS (SELECT a FROM t UNION ALL SELECT '5') SELECT count(DISTINCT a) FROM q",
                "group:t.a",
            ),
            ("SELECT array_agg(DISTINCT COALESCE(a, 'x')) FROM t", "group:t.a"),
            ("SELECT json_object(a: 1, '5': 2 WITH UNIQUE KEYS) FROM t", "compute:~t.a"),
        ],
    );
    check(
        columns,
        &[
            (
                "SELECT jsonb_build_object(a, b, 'k', a), json_object_agg(a, b) FROM t",
                "t.a ~t.a t.b; ~t.a t.b",
            ),
            ("SELECT json_object(a: b) FROM t", "~t.a t.b"),
        ],
    );
}

#[test]
fn the_columns_of_stars_are_told_all_together() {
    check(
        columns,
        &[
            ("SELECT 1, *, upper(a) FROM t, u", "const; *[t.* u.*]; t|u.a"),
            ("SELECT * FROM (SELECT reverse(a) AS x, b FROM t) q", "*[~t.a t.b]"),
            ("SELECT t.*, upper(b), u.* FROM t, u", "*[t.* t|u.b u.*]"),
            ("SELECT * FROM t NATURAL JOIN u", "*[t.* u.*]"),
        ],
    );
}

#[test]
fn what_a_write_returns_is_followed() {
    check(
        columns,
        &[
            ("INSERT INTO t VALUES (1) RETURNING upper(a)", "t.a"),
            ("UPDATE t SET a = 1 FROM u RETURNING upper(u.b), t.c || 'x'", "u.b; ~t.c"),
            ("DELETE FROM t USING u RETURNING a || b", "~t|u.a ~t|u.b"),
            ("MERGE INTO t USING u ON true WHEN MATCHED THEN DELETE RETURNING upper(u.b)", "u.b"),
            ("UPDATE t SET a = 1 RETURNING upper(old.a), new.b || old.c", "t.a; ~t.b ~t.c"),
            ("DELETE FROM t RETURNING WITH (OLD AS was) was.a, upper(was.b)", "t.a; t.b"),
            ("UPDATE t SET a = 1 RETURNING old.*, upper(old)", "*[t.*]; t.old"),
            (
                "MERGE INTO t USING u ON true WHEN MATCHED THEN UPDATE SET a = 1 RETURNING merge_action(), old.a, u.b",
                "; t.a; u.b",
            ),
            (
                "INSERT INTO t VALUES (1) ON CONFLICT (a) DO UPDATE SET b = excluded.b RETURNING t.*",
                "*[t.*]",
            ),
            ("DECLARE c CURSOR FOR SELECT upper(a) FROM t", "t.a"),
            ("PREPARE p AS SELECT upper(a) FROM t", "t.a"),
            ("COPY (SELECT upper(a) FROM t) TO STDOUT", "t.a"),
        ],
    );
}

/// `place:inputs` for each use.
fn uses(text: &str) -> String {
    let shown: Vec<_> = one(text)
        .uses
        .iter()
        .map(|of| {
            let place = match of.place {
                Place::Join => "join",
                Place::Lookup => "lookup",
                Place::Filter => "filter",
                Place::Condition => "case",
                Place::Group => "group",
                Place::Sort => "sort",
                Place::Rows => "rows",
                Place::Computation => "compute",
                Place::Passed => "pass",
                Place::Written => "write",
            };
            format!("{place}:{}", lineage(&of.of).replace('?', ""))
        })
        .collect();
    shown.join(", ")
}

#[test]
fn what_columns_are_used_for_is_told() {
    check(
        uses,
        &[
            ("SELECT a, count(*) FROM t", ""),
            ("SELECT 1 FROM t WHERE a LIKE '1%' AND b > 2", "filter:t.a, filter:t.b"),
            ("SELECT 1 FROM t WHERE a = 1", "lookup:t.a"),
            ("SELECT 1 FROM t WHERE a IN (1, $1) AND b = ANY ($2)", "lookup:t.a, lookup:t.b"),
            ("SELECT 1 FROM t WHERE NOT a = 1 OR b = 2", "filter:t.a, filter:t.b"),
            ("SELECT 1 FROM t WHERE a = 1 + 1", "filter:t.a"),
            ("SELECT 1 FROM t WHERE upper(a) = 'x'", "filter:t.a"),
            ("SELECT 1 FROM t WHERE a IS NULL AND b IS NOT NULL", "filter:#t.a, filter:#t.b"),
            ("SELECT 1 FROM t WHERE NULLIF(a, 'x') IS NULL", "filter:~t.a t.a, case:t.a"),
            ("SELECT 1 FROM t JOIN u ON t.a = u.b", "join:t.a u.b"),
            ("SELECT 1 FROM t, u WHERE t.a = u.b", "join:t.a u.b"),
            ("SELECT 1 FROM t JOIN u USING (a)", "join:(t.a) (u.a)"),
            ("SELECT 1 FROM t JOIN (VALUES ('x')) v(a) USING (a)", "lookup:(t.a)"),
            ("SELECT 1 FROM t JOIN generate_series(1, 9) a USING (a)", "lookup:(&t.a)"),
            ("SELECT 1 FROM t JOIN generate_series(1, 9) k ON t.a = k", "lookup:&t.a (t.k)"),
            ("SELECT 1 FROM t NATURAL JOIN u", "join:t.* u.*"),
            ("SELECT 1 FROM t NATURAL JOIN (VALUES ('x')) v(a)", "lookup:t.*"),
            ("SELECT 1 FROM t JOIN (VALUES ('x')) v(b) ON t.a = v.b", "lookup:t.a"),
            (
                "SELECT 1 FROM t JOIN (SELECT substr(a, 1, 1) AS d FROM t) x ON t.b = x.d",
                "filter:&t.a &t.b",
            ),
            (
                "SELECT 1 FROM t GROUP BY a, ROLLUP (b), (c, d)",
                "group:t.a, group:t.b, group:t.c, group:t.d",
            ),
            ("SELECT upper(a) AS x FROM t GROUP BY 1 ORDER BY x", "group:t.a, sort:t.a"),
            ("SELECT date_trunc('month', a) AS m FROM t GROUP BY m", "group:~t.a, group:(t.m)"),
            ("SELECT a FROM t ORDER BY b DESC, f(c)", "sort:t.b, sort:~t.c, compute:~t.c"),
            ("SELECT DISTINCT a FROM t", "group:t.a"),
            ("SELECT DISTINCT ON (a) b FROM t", "group:t.a"),
            ("SELECT a FROM t UNION SELECT b FROM u", "group:t.a u.b"),
            ("SELECT a FROM t UNION ALL SELECT b FROM u ORDER BY a", "sort:t.a u.b"),
            ("SELECT a FROM t INTERSECT ALL SELECT '1'", "group:t.a"),
            (
                "SELECT count(*) FROM t HAVING max(a) > 1 AND count(b) > 2",
                "filter:t.a, filter:#t.b",
            ),
            ("SELECT count(*) FILTER (WHERE a > 1) FROM t", "filter:t.a"),
            ("SELECT sum(b) OVER (PARTITION BY a ORDER BY c) FROM t", "group:t.a, sort:t.c"),
            ("SELECT sum(b) OVER w FROM t WINDOW w AS (PARTITION BY a)", "group:t.a"),
            ("SELECT CASE WHEN a > 1 THEN b END FROM t", "case:t.a"),
            ("SELECT 1 FROM t LIMIT (SELECT a FROM u)", "rows:t|u.a"),
            ("SELECT g FROM t, generate_series(1, a) g", "rows:t.a, compute:~t.a"),
            ("SELECT a::int, a::text, a::date FROM t", "compute:t.a"),
            (
                "SELECT 1 / (a - 5), pg_sleep(b), repeat('x', c) FROM t",
                "rows:t.b, compute:~t.a, compute:~t.b, compute:~t.c",
            ),
            (
                "SELECT substr(a, 1, 3), substr(a, b), encode(a::bytea, 'hex'), md5(a) FROM t",
                "compute:&t.a &t.b",
            ),
            ("SELECT 1 WHERE EXISTS (SELECT 1 FROM t WHERE t.a = 'x')", "lookup:t.a"),
            ("SELECT 1 FROM u WHERE EXISTS (SELECT 1 FROM t WHERE t.a = u.b)", "join:t.a u.b"),
            ("SELECT 1 FROM u WHERE u.b IN (SELECT a FROM t)", "filter:t|u.a u.b"),
            ("WITH w AS (SELECT 1 FROM t WHERE a > 1) SELECT 1", "filter:t.a"),
            ("UPDATE t SET b = 1 WHERE a > 2", "filter:t.a"),
            ("DELETE FROM t USING u WHERE t.a = u.b", "join:t.a u.b"),
            (
                "INSERT INTO t VALUES (1) ON CONFLICT (a) DO UPDATE SET b = 2 WHERE t.c > 1",
                "filter:t.c",
            ),
            (
                "MERGE INTO t USING u ON t.a = u.a WHEN MATCHED AND t.b > 1 THEN DELETE",
                "join:t.a u.a, filter:t.b",
            ),
            (
                "SELECT 1 FROM t WHERE left(a, 3) = 'x' AND a ->> 'k' = 'x'",
                "filter:~t.a, filter:t.a",
            ),
            ("SELECT 1 FROM t, v WHERE substr(t.a, v.n, 1) = 'x'", "filter:&t.a &v.n"),
            ("SELECT 1 FROM t JOIN v ON left(t.a, 1) = v.b", "filter:&t.a &v.b"),
            (
                "SELECT 1 FROM t JOIN v ON t.a LIKE v.b OR t.c = v.d",
                "filter:&t.a &v.b, filter:t.c v.d, compute:&t.a &v.b",
            ),
            (
                "SELECT 1 FROM (SELECT left(a, 1) AS d FROM t) x JOIN v USING (d)",
                "join:&t.a (&v.d)",
            ),
            ("SELECT 1 FROM (SELECT left(a, 1) AS d FROM t) x NATURAL JOIN v", "join:&t.a &v.*"),
            ("SELECT 1 FROM t WHERE left(a, 1) IN (SELECT b FROM v)", "filter:&t.a &t|v.b"),
            (
                "SELECT CASE left(a, 1) WHEN 'x' THEN 1 END, CASE WHEN a LIKE 'x%' THEN 1 END FROM t",
                "case:~t.a, case:t.a",
            ),
            ("SELECT count(*) FROM t, generate_series(1, ascii(t.a)) g", "rows:&t.a, compute:~t.a"),
            (
                "SELECT count(*) FROM t, jsonb_array_elements(t.a -> 'items') i",
                "rows:t.a, compute:~t.a",
            ),
            ("SELECT generate_series(1, ascii(a)) FROM t", "rows:&t.a, compute:~t.a"),
            ("SELECT 1 FROM t GROUP BY left(a, 1) ORDER BY left(a, 1)", "group:~t.a, sort:~t.a"),
            (
                "SELECT pg_notify('x', a), set_config('x.y', reverse(b), false) FROM t",
                "compute:~t.a, compute:~t.b, pass:t.a, pass:~t.b",
            ),
            ("CREATE TABLE x AS SELECT reverse(a), b FROM t", "write:~t.a t.b"),
            ("SELECT upper(a) INTO x FROM t UNION ALL SELECT reverse(b) FROM u", "write:t.a ~u.b"),
            (
                "INSERT INTO x (a) SELECT reverse(b) FROM t ON CONFLICT (a) DO UPDATE SET a = md5(excluded.a)",
                "write:~t.b, write:~x.a",
            ),
            ("INSERT INTO x VALUES (1, (SELECT reverse(a) FROM t))", "write:~t.a"),
            ("UPDATE x SET (a, b) = (SELECT t.a, reverse(t.b) FROM t), c = 1", "write:t.a ~t.b"),
            (
                "MERGE INTO x USING t ON x.k = t.k WHEN MATCHED THEN UPDATE SET a = reverse(t.a) WHEN NOT MATCHED THEN INSERT (a) VALUES (upper(t.b))",
                "join:t.k x.k, write:~t.a, write:t.b",
            ),
            (
                "WITH RECURSIVE w(n, s) AS (SELECT 1, a FROM t UNION ALL SELECT n, s FROM w) SEARCH DEPTH FIRST BY s SET o CYCLE s SET c USING p SELECT 1 FROM w",
                "group:t.a, sort:t.a",
            ),
            ("EXPLAIN SELECT 1 FROM t WHERE a > 1", "filter:t.a"),
            ("COPY (SELECT 1 FROM t WHERE a > 1) TO STDOUT", "filter:t.a"),
            ("DECLARE c CURSOR FOR SELECT 1 FROM t WHERE a > 1", "filter:t.a"),
            ("PREPARE p AS SELECT 1 FROM t WHERE a > $1", "filter:t.a"),
        ],
    );
}
