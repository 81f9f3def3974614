//! What classes columns get.

use lazaret_detectors::Class;

use super::*;
use crate::TypeKind;

/// `class` of a column of the relation, `-` for unclassified.
fn class(catalog: &Catalog, relation: u32, column: &str) -> String {
    let found = catalog.relation(relation).unwrap().column_named(column).unwrap();
    if found.class.is_empty() { "-".into() } else { found.class.clone() }
}

fn classes(catalog: &Catalog, relation: u32) -> Vec<String> {
    let columns = &catalog.relation(relation).unwrap().columns;
    columns.iter().map(|column| class(catalog, relation, &column.name)).collect()
}

fn is_masked(catalog: &Catalog, relation: u32) -> bool {
    catalog.relation(relation).unwrap().masked
}

#[test]
fn a_tables_columns_are_classified_by_name_and_type() {
    let mut raw = Raw::hospital();
    raw.table(30, "public.servers", &[("id", INT4), ("address", INET), ("seen", TIMESTAMP)]);
    let catalog = raw.compile();
    assert_eq!(
        classes(&catalog, PATIENTS),
        ["unique_code", "name", "ssn", "date", "zip", "age", "-", "-", "-", "-", "-"]
    );
    assert_eq!(classes(&catalog, PRODUCTS), ["-"; 5]);
    assert_eq!(class(&catalog, 30, "address"), "ip_address");
    assert!(is_masked(&catalog, PATIENTS) && !is_masked(&catalog, PRODUCTS));
}

#[test]
fn a_generated_column_is_masked_by_what_it_is_made_of() {
    let mut raw = Raw::hospital();
    let columns = [("ssn", TEXT), ("body", TEXT), ("n", INT4)];
    let made = [("x", TEXT), ("y", TEXT), ("z", INT4), ("w", TEXT), ("v", INT4)];
    raw.table(30, "public.made", &[&columns[..], &made[..]].concat());
    for (name, made_of) in [("x", vec![1]), ("y", vec![2]), ("z", vec![3]), ("w", vec![2, 3])] {
        let column = raw.column(30, name);
        (column.generated, column.made_of) = (true, made_of);
    }
    let catalog = raw.compile();
    let untraced = Class::UNTRACED.name();
    assert_eq!(classes(&catalog, 30), ["ssn", "-", "-", untraced, untraced, "-", untraced, "-"]);
    assert!(is_masked(&catalog, 30));
    let catalog = raw.declare(&[("public.made.y", "clear")]);
    assert_eq!(class(&catalog, 30, "y"), "clear");
}

#[test]
fn a_declared_class_stands_above_names() {
    let catalog = Raw::hospital().declare(&[
        ("public.patients.*", "clear"),
        ("public.patients.note", "unique_code"),
        ("public.products.title", "no such class"),
    ]);
    assert_eq!(class(&catalog, PATIENTS, "ssn"), "clear");
    assert_eq!(class(&catalog, PATIENTS, "note"), "unique_code");
    assert_eq!(class(&catalog, PRODUCTS, "title"), "unique_code");
    let clear = Raw::hospital().declare(&[("public.patients.*", "clear")]);
    assert!(!is_masked(&clear, PATIENTS));
}

#[test]
fn labels_raise_and_never_lower() {
    let mut raw = Raw::hospital();
    for (column, label) in [
        ("title", "PHI"),
        ("price", "phi: ssn"),
        ("made", "the date on which it was made, by name"),
        ("ok", "clear"),
    ] {
        raw.column(PRODUCTS, column).labels = vec![label.into()];
    }
    raw.column(PATIENTS, "ssn").labels = vec!["clear".into(), "no phi here".into()];
    let catalog = raw.declare(&[("public.products.title", "clear")]);
    assert_eq!(classes(&catalog, PRODUCTS), ["-", "unique_code", "ssn", "-", "-"]);
    assert_eq!(class(&catalog, PATIENTS, "ssn"), "ssn");
}

#[test]
fn a_label_on_a_relation_makes_it_masked() {
    let mut raw = Raw::hospital();
    raw.last().labels = vec!["holds PHI".into()];
    let catalog = raw.compile();
    assert!(is_masked(&catalog, PRODUCTS));
    assert_eq!(classes(&catalog, PRODUCTS), ["-"; 5]);
}

#[test]
fn a_view_has_the_classes_of_what_it_passes_on() {
    let mut raw = Raw::hospital();
    raw.view(
        30,
        "public.v",
        "SELECT p.ssn AS a, p.visits, upper(p.name) AS b, count(*) AS n, 'x'::text AS c \
         FROM public.patients p GROUP BY 1, 2, 3;",
        &[("a", TEXT), ("visits", INT4), ("b", TEXT), ("n", INT8), ("c", TEXT)],
    );
    raw.view(
        31,
        "public.w",
        "SELECT a, b, visits FROM v;",
        &[("x", TEXT), ("y", TEXT), ("z", INT4)],
    );
    raw.view(
        32,
        "public.x",
        "SELECT products.title, products.price * 2 AS twice FROM products;",
        &[("title", TEXT), ("twice", NUMERIC)],
    );
    let catalog = raw.compile();
    assert_eq!(classes(&catalog, 30), ["ssn", "-", "unique_code", "-", "-"]);
    assert_eq!(classes(&catalog, 31), ["ssn", "unique_code", "-"]);
    assert!(is_masked(&catalog, 30) && is_masked(&catalog, 31));
    // The hospital of these tests has no operator `*`, so it is somebody's own.
    assert_eq!(classes(&catalog, 32), ["-", "unique_code"]);
}

#[test]
fn a_view_that_cant_be_followed_is_masked_whole() {
    for sql in [
        "SELECT title FROM gone;",
        "SELECT gone FROM products;",
        "SELECT title FROM products UNION SELECT name FROM patients;",
        "SELECT title, price FROM products;",
        "not a query",
        "SELECT title FROM v;",
        "SELECT most_common_vals FROM pg_stats;",
    ] {
        let mut raw = Raw::hospital();
        raw.view(30, "public.v", sql, &[("plain", TEXT)]);
        let catalog = raw.compile();
        assert_eq!(classes(&catalog, 30), ["unique_code"], "{sql}");
    }
}

#[test]
fn a_view_over_the_catalogs_is_scanned() {
    let mut raw = Raw::hospital();
    raw.view(
        30,
        "public.v",
        "SELECT c.relname AS table_name, upper(c.relname::text) AS u FROM pg_class c;",
        &[("t", TEXT), ("u", TEXT)],
    );
    assert_eq!(classes(&raw.compile(), 30), ["-", "-"]);
}

#[test]
fn a_class_declared_on_a_view_or_below_it_counts() {
    let mut raw = Raw::hospital();
    let columns = [("ssn", TEXT), ("n", INT8)];
    raw.view(30, "public.v", "SELECT ssn, length(name) AS n FROM patients;", &columns);
    let catalog = raw.declare(&[("public.patients.ssn", "clear"), ("public.v.n", "clear")]);
    assert_eq!(classes(&catalog, 30), ["clear", "clear"]);
    assert!(is_masked(&catalog, 30), "its other column reads a masked relation");
    let all = raw.declare(&[("public.v.*", "clear")]);
    assert!(!is_masked(&all, 30));
}

#[test]
fn rows_read_through_a_parent_have_the_classes_of_the_children() {
    let mut raw = Raw::hospital();
    raw.table(30, "public.events", &[("who", TEXT), ("code", TEXT)]);
    raw.table(31, "public.events_1", &[("who", TEXT), ("code", TEXT)]);
    raw.last().parents = vec![30];
    raw.table(32, "public.events_2", &[("code", TEXT), ("who", TEXT)]);
    raw.last().parents = vec![30];
    let catalog = raw.declare(&[("public.events_2.who", "name")]);
    for relation in [30, 31, 32] {
        assert_eq!(class(&catalog, relation, "who"), "name");
        assert_eq!(class(&catalog, relation, "code"), "-");
    }
}

#[test]
fn an_unqualified_name_in_a_view_stands_for_all_that_have_it() {
    let mut raw = Raw::hospital();
    raw.table(30, "safe.patients", &[("ssn", TEXT)]);
    raw.view(31, "public.v", "SELECT ssn FROM patients;", &[("x", TEXT)]);
    raw.view(32, "public.w", "SELECT ssn FROM safe.patients;", &[("x", TEXT)]);
    let catalog = raw.declare(&[("safe.patients.ssn", "clear")]);
    assert_eq!(class(&catalog, 31, "x"), "ssn");
    assert_eq!(class(&catalog, 32, "x"), "clear");
}

#[test]
fn types_resolve_to_what_their_values_look_like() {
    let mut raw = Raw::hospital();
    raw.typed(40, "email", 'd', TEXT)
        .typed(41, "work_email", 'd', 40)
        .typed(42, "mood", 'e', 0)
        .typed(43, "_mood", 'b', 42)
        .typed(44, "pair", 'c', 0)
        .typed(45, "floats", 'r', 701)
        .typed(46, "floats_multi", 'm', 45)
        .typed(47, "geometry", 'b', 0)
        .typed(48, "citext", 'b', 0)
        .typed(49, "loop", 'd', 49)
        .table(50, "public.t", &[("a", 41), ("b", 47), ("c", 999)]);
    let catalog = raw.compile();
    for (oid, kind) in [
        (40, TypeKind::Text),
        (41, TypeKind::Text),
        (42, TypeKind::Enum),
        (43, TypeKind::Array),
        (44, TypeKind::Composite),
        (45, TypeKind::Range),
        (46, TypeKind::Range),
        (47, TypeKind::Other),
        (48, TypeKind::Text),
        (49, TypeKind::Other),
        (999, TypeKind::Other),
        (INT4, TypeKind::Int4),
        (1009, TypeKind::Array),
    ] {
        assert_eq!(catalog.type_kind(oid), kind, "{oid}");
    }
    assert_eq!(class(&catalog, 50, "a"), "email");
}

#[test]
fn a_catalog_that_was_sent_finds_what_the_first_one_found() {
    let catalog = Raw::hospital().compile();
    let sent: Catalog = serde_json::from_str(&serde_json::to_string(&catalog).unwrap()).unwrap();
    assert_eq!(sent.relations(), catalog.relations());
    assert_eq!(sent.relation(PATIENTS), catalog.relation(PATIENTS));
    assert_eq!(sent.resolve(Some("public"), "patients").count(), 1);
    assert_eq!(sent.resolve(None, "patients").count(), 1);
    assert_eq!(sent.resolve(Some("other"), "patients").count(), 0);
}

#[test]
fn dropped_columns_leave_no_gap() {
    let mut raw = Raw::hospital();
    raw.0.columns.retain(|column| column.name != "name");
    let catalog = raw.compile();
    let patients = catalog.relation(PATIENTS).unwrap();
    assert_eq!(patients.column(2), None);
    assert_eq!(patients.column(3).map(|column| column.class.as_str()), Some("ssn"));
}

#[test]
fn a_row_type_tells_by_its_fields_and_so_does_whatever_is_made_of_it() {
    let mut raw = Raw::hospital();
    raw.composite(40, "name_t", 41, &[("first", TEXT), ("last", TEXT)])
        .composite(42, "size_t", 43, &[("width", INT4), ("name", TEXT)])
        .composite(44, "contact_t", 45, &[("who", 40), ("since", DATE)])
        .composite(46, "patients", PATIENTS, &[])
        .typed(47, "_name_t", 'b', 40)
        .typed(48, "whom", 'd', 47)
        .typed(49, "span", 'r', 40)
        .typed(50, "ssn", 'd', TEXT)
        .typed(51, "_ssn", 'b', 50)
        .table(
            60,
            "public.t",
            &[
                ("a", 40),
                ("b", 42),
                ("c", 44),
                ("d", 46),
                ("e", 47),
                ("f", 48),
                ("g", 49),
                ("h", 51),
            ],
        );
    let catalog = raw.compile();
    let told = ["name", "-", "name", "unique_code", "name", "name", "name", "ssn"];
    assert_eq!(classes(&catalog, 60), told);
    assert!(is_masked(&catalog, 60));
    let clear = raw.declare(&[("public.t.*", "clear")]);
    assert_eq!(classes(&clear, 60), ["clear"; 8]);
}

#[test]
fn lexemes_in_an_array_or_a_domain_are_lexemes() {
    let mut raw = Raw::hospital();
    raw.typed(40, "terms", 'd', 3614).typed(41, "_terms", 'b', 40).typed(42, "_t", 'b', 41);
    let catalog = raw.compile();
    for oid in [3614, 3615, 3643, 3645, 40, 41, 42] {
        assert_eq!(catalog.type_kind(oid), TypeKind::TsVector, "{oid}");
    }
}
