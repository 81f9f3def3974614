//! Schemas with data, and queries over them, from a seed.

use std::fmt::Write;

/// SplitMix64.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % bound as u64).unwrap()
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }
}

/// A schema `gN` with two tables of the same columns, by other names, and two views.
pub(crate) struct Schema {
    name: String,
    /// Of the masked columns and the unmasked ones, in this order, by table.
    columns: [[String; 4]; 2],
    rows: Vec<[String; 4]>,
    secrets: Vec<String>,
}

const ROWS: usize = 12;

impl Schema {
    pub(crate) fn random(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let mut table = |number: usize| {
            let mut named = |kind: &str| format!("{kind}{number}{}", random.below(100));
            [named("a"), named("b"), named("c"), named("d")]
        };
        let columns = [table(0), table(1)];
        let rows: Vec<_> = (0..2 * ROWS).map(|_| row(&mut random)).collect();
        let secrets = rows.iter().flat_map(|[number, name, ..]| [number.clone(), name.clone()]);
        let secrets = secrets.collect();
        Self { name: format!("g{seed}"), columns, rows, secrets }
    }

    pub(crate) fn secrets(&self) -> &[String] {
        &self.secrets
    }

    /// Codes begin with a letter that no value of another column has.
    pub(crate) fn is_clear(&self, cell: &str) -> bool {
        self.rows.iter().any(|[_, _, code, _]| code == cell)
    }

    /// What configuration says: names tell nothing here.
    pub(crate) fn classes(&self) -> Vec<(String, &'static str)> {
        let mut classes = Vec::new();
        for (table, [number, name, code, count]) in self.columns.iter().enumerate() {
            let class = |column| format!("\"{}.t{table}.{column}\"", self.name);
            classes.push((class(number), "ssn"));
            classes.push((class(name), "name"));
            classes.push((class(code), "clear"));
            classes.push((class(count), "clear"));
        }
        classes
    }

    pub(crate) fn sql(&self) -> String {
        let mut sql = format!("CREATE SCHEMA {0};\n", self.name);
        for (table, [number, name, code, count]) in self.columns.iter().enumerate() {
            let relation = format!("{}.t{table}", self.name);
            let columns = format!("{number} text, {name} text, {code} text, {count} int, k int");
            writeln!(sql, "CREATE TABLE {relation} ({columns});").unwrap();
            for (k, [a, b, c, d]) in self.rows[table * ROWS..][..ROWS].iter().enumerate() {
                writeln!(sql, "INSERT INTO {relation} VALUES ('{a}', '{b}', '{c}', {d}, {k});")
                    .unwrap();
            }
            let view = format!("CREATE VIEW {}.v{table} AS SELECT", self.name);
            writeln!(
                sql,
                "{view} reverse({number}) AS p, {name} AS q, {code} AS r, {count} AS s, k FROM {relation};"
            )
            .unwrap();
        }
        sql
    }

    /// A query, whose first column is `x`, made of a few layers.
    pub(crate) fn query(&self, random: &mut Random) -> String {
        let mut sql = self.leaf(random);
        for _ in 0..random.below(4) {
            let shape = random.one(&[
                "SELECT * FROM ({}) q",
                "SELECT q.x, y FROM ({}) q",
                "SELECT y AS x, x AS y FROM ({}) AS q",
                "SELECT z AS x, w AS y FROM ({}) AS q(z, w)",
                "WITH w AS ({}) SELECT w.x, w.y FROM w",
                "WITH RECURSIVE w(x, y) AS ({}) SELECT x, y FROM w",
                "SELECT l.x, q.y FROM ({}) q, LATERAL (SELECT q.x) l",
                "SELECT a AS x, b AS y FROM ({}) q, LATERAL (VALUES (q.x, q.y)) v(a, b)",
                "SELECT upper(x::text) AS x, y FROM ({}) q",
                "SELECT reverse(x::text) AS x, y FROM ({}) q",
                "SELECT x, COALESCE(y::text, x::text) AS y FROM ({}) q",
                "SELECT x::text || y::text AS x, y FROM ({}) q",
                "SELECT x::text AS x, y::text AS y FROM ({}) q UNION ALL SELECT 'none', 'none'",
                "SELECT max(x::text) AS x, count(y) AS y FROM ({}) q",
                "SELECT string_agg(x::text, ', ') AS x, min(y::text) AS y FROM ({}) q",
                "SELECT (SELECT q.x) AS x, y FROM ({}) q",
                "SELECT ARRAY(SELECT q.x)::text AS x, y FROM ({}) q",
                "SELECT lag(x) OVER () AS x, first_value(y) OVER () AS y FROM ({}) q",
                "SELECT row_to_json(q)::text AS x, y FROM ({}) q",
                "SELECT q::text AS x, y FROM ({}) q",
                "SELECT x, y FROM ({}) q NATURAL JOIN (SELECT 1 AS one) o",
                "SELECT x, q.y FROM ({}) q JOIN (SELECT 1 AS one) o ON true",
                "SELECT (q).x, (q).y FROM ({}) q",
                "SELECT (r).x AS x, (r).y AS y FROM (SELECT q AS r FROM ({}) q) s",
                "SELECT x.a AS x, y FROM ({}) q, XMLTABLE('/r' PASSING xmlelement(name r, q.x::text) COLUMNS a text PATH '.') x",
                "SELECT (x::text).reverse AS x, y FROM ({}) q",
                "SELECT (ARRAY[x::text, y::text])[1] AS x, y FROM ({}) q",
                "SELECT u AS x, y FROM ({}) q, unnest(ARRAY[q.x::text]) u",
                "SELECT to_jsonb(q) ->> 'x' AS x, y FROM ({}) q",
                "SELECT (to_jsonb(q) -> 'x')::text AS x, y FROM ({}) q",
                "SELECT j.value AS x, y FROM ({}) q, jsonb_each_text(to_jsonb(q)) j",
                "SELECT regexp_split_to_table(x::text, '') AS x, y FROM ({}) q",
                "SELECT string_agg(c, '') AS x, min(y::text) AS y FROM ({}) q, regexp_split_to_table(q.x::text, '') c",
                "SELECT x::text AS x, y::text AS y FROM ({}) q EXCEPT ALL SELECT 'none', 'none'",
                "SELECT max(x::text) AS x, y FROM ({}) q GROUP BY GROUPING SETS ((y), ())",
                "WITH RECURSIVE w(n, x, y) AS (SELECT 1, x::text, y::text FROM ({}) q UNION ALL SELECT n + 1, w.x, w.y FROM w WHERE n < 2) SEARCH DEPTH FIRST BY n SET o SELECT x, y FROM w",
                "WITH RECURSIVE w(n, x, y) AS (SELECT 1, x::text, y::text FROM ({}) q UNION ALL SELECT n + 1, reverse(w.x), w.y FROM w WHERE n < 3) SELECT x, y FROM w",
                "WITH RECURSIVE w(n, x, y) AS (SELECT 1, x::text, y::text FROM ({}) q UNION ALL SELECT n, w.x, w.y FROM w) CYCLE n SET c USING p SELECT p::text AS x, y FROM w",
                "SELECT CASE WHEN x::text LIKE '9%' THEN x::text ELSE reverse(x::text) END AS x, y FROM ({}) q",
                "SELECT format('%s', x) AS x, y FROM ({}) q",
                "SELECT x::text::varchar(9) AS x, y FROM ({}) q",
                "SELECT string_agg(x::text, '0') OVER () AS x, y FROM ({}) q",
                "SELECT max(x::text) FILTER (WHERE y IS NOT NULL) AS x, count(*) AS y FROM ({}) q",
            ]);
            sql = shape.replace("{}", &sql);
        }
        sql
    }

    fn leaf(&self, random: &mut Random) -> String {
        let table = random.below(2);
        let [number, name, code, count] = &self.columns[table];
        let schema = &self.name;
        let (secret, from) = match random.below(3) {
            0 => (random.one(&["p", "q"]).to_owned(), format!("{schema}.v{table} t")),
            _ => (
                random.one(&[number.as_str(), name.as_str()]).to_owned(),
                match random.below(3) {
                    0 => format!("{schema}.t{table} t"),
                    1 => format!("{schema}.t{table} AS t CROSS JOIN (SELECT 1 AS one) o"),
                    _ => format!("{schema}.t{table} t JOIN {schema}.v{table} o ON t.k = o.k"),
                },
            ),
        };
        let view = from.contains(".v") && !from.contains("JOIN");
        let (code, count) = if view { ("r", "s") } else { (code.as_str(), count.as_str()) };
        let expression = random.one(&[
            "t.{}",
            "{}",
            "upper({})",
            "reverse({})",
            "substr({}, 1, 7)",
            "encode({}::bytea, 'hex')",
            "encode({}::bytea, 'base64')",
            "encode(('x' || {})::bytea, 'base64')",
            "md5({})",
            "translate({}, '0123456789', 'abcdefghij')",
            "replace({}, '-', '')",
            "to_json({})::text",
            "ARRAY[{}]::text",
            "ROW({}, 1)::text",
            "concat_ws(', ', {}, 'x')",
            "row_to_json(t)::text",
            "xmlelement(name x, {})::text",
            "COALESCE({}, 'x')",
            "({} || ' ' || {})",
            "CASE WHEN 1 = 1 THEN {} END",
            "length({})::text",
            "left(md5({}), 4)",
            "{c}",
            "upper({c})",
            "{n}::text",
            "sum({n}) OVER ()::text",
        ]);
        let expression = expression.replace("{c}", code).replace("{n}", count);
        let x = expression.replace("{}", &secret);
        let y = random.one(&[code, count, "k", secret.as_str()]);
        let (x, y) = (x, format!("t.{y}"));
        let shown = format!("SELECT {x} AS x, {y} AS y FROM {from}");
        match random.below(6) {
            0 => format!("{shown} WHERE t.k < 9"),
            1 => format!("{shown} WHERE t.{secret} > '5'"),
            2 => format!("{shown} ORDER BY t.k LIMIT 10"),
            _ => shown,
        }
    }
}

/// A number, a name, a code and a count.
fn row(random: &mut Random) -> [String; 4] {
    let mut digits = |count: usize| -> String {
        (0..count).map(|_| char::from(b'0' + u8::try_from(random.below(10)).unwrap())).collect()
    };
    let number = format!("9{}-{}-{}", digits(2), digits(2), digits(4));
    let count = format!("1{}", digits(2));
    let mut letters = |first: char, count: usize| -> String {
        let letter = |_| char::from(b'a' + u8::try_from(random.below(26)).unwrap());
        std::iter::once(first).chain((0..count).map(letter)).collect()
    };
    let (name, code) = (letters('Q', 11), letters('Z', 9));
    [number, name, code, count]
}
