//! Generates `REFERENCE.md` from the shapes and their comments, and fails if the page is stale.

use serde_json::Value;

use crate::file::{
    File, LimitsSection, ListenSection, NodeSection, PolicySection, RecordingSection, TokensSection,
};

const HEAD: &str = "# lazaret.toml\n\n\
    Made from the shapes in `src/file.rs` by the test `the_reference_page_is_current`; to change it, \
    change the comments there and run the test with `UPDATE_REFERENCE=1`.\n\n";

#[test]
fn the_reference_page_is_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/REFERENCE.md");
    let page = page();
    if std::env::var_os("UPDATE_REFERENCE").is_some() {
        std::fs::write(path, &page).unwrap();
    }
    let stands = std::fs::read_to_string(path).unwrap_or_default();
    assert!(stands == page, "REFERENCE.md is stale: run this test with UPDATE_REFERENCE=1");
}

fn page() -> String {
    let schema = schemars::schema_for!(File).to_value();
    let mut page = HEAD.to_owned();
    page.push_str(&text(&schema));
    page.push('\n');
    for name in ["node", "listen", "tls", "identity", "upstream", "policy", "classes", "masks"]
        .into_iter()
        .chain(["detectors", "tokens", "recording", "limits"])
    {
        section(&mut page, &schema, name);
    }
    page
}

fn section(page: &mut String, schema: &Value, name: &str) {
    let property = &schema["properties"][name];
    page.push_str(&format!("\n## [{name}]\n\n{}\n", text_of(schema, property)));
    let shape = target(schema, property);
    if shape["properties"].is_null() {
        return;
    }
    let lists = shape["properties"].as_object().into_iter().flatten();
    let lists = lists.filter(|(_, list)| !list["items"]["$ref"].is_null()).collect::<Vec<_>>();
    if shape["properties"].as_object().is_some_and(|all| all.len() > lists.len()) {
        table(page, shape, &defaults(name));
    }
    for (key, list) in &lists {
        let item = target(schema, &list["items"]);
        page.push_str(&format!("\n### [[{name}.{key}]]\n\n{}\n", text(item)));
        table(page, item, &Value::Null);
    }
}

fn table(page: &mut String, shape: &Value, defaults: &Value) {
    page.push_str("\n| key | value | default | |\n| --- | --- | --- | --- |\n");
    let empty = Vec::new();
    let required = shape["required"].as_array().unwrap_or(&empty);
    let all = shape["properties"].as_object().unwrap();
    for (key, property) in all.iter().filter(|(_, it)| it["items"]["$ref"].is_null()) {
        let default = match defaults.get(key).or_else(|| property.get("default")) {
            Some(Value::Null) | None if required.iter().any(|name| name == key) => {
                "required".into()
            }
            Some(Value::Null) | None => "absent".into(),
            Some(value) => format!("`{value}`"),
        };
        let words = text(property);
        page.push_str(&format!("| `{key}` | {} | {default} | {words} |\n", kind(property)));
    }
}

/// Sections that may be left out have the defaults of their `Default`.
fn defaults(name: &str) -> Value {
    match name {
        "node" => serde_json::to_value(NodeSection::default()),
        "listen" => serde_json::to_value(ListenSection::default()),
        "policy" => serde_json::to_value(PolicySection::default()),
        "tokens" => serde_json::to_value(TokensSection::default()),
        "recording" => serde_json::to_value(RecordingSection::default()),
        "limits" => serde_json::to_value(LimitsSection::default()),
        _ => Ok(Value::Null),
    }
    .unwrap()
}

fn kind(property: &Value) -> &'static str {
    let kind = match &property["type"] {
        Value::Array(kinds) => kinds[0].as_str(),
        kind => kind.as_str(),
    };
    match kind {
        Some("string") => "text",
        Some("integer") => "number",
        Some("boolean") => "true or false",
        Some("array") => "list of texts",
        _ => "",
    }
}

/// The shape that a property refers to, or itself.
fn target<'s>(schema: &'s Value, property: &'s Value) -> &'s Value {
    let reference = property["$ref"].as_str().or_else(|| property["anyOf"][0]["$ref"].as_str());
    match reference.and_then(|path| path.rsplit('/').next()) {
        Some(name) => &schema["$defs"][name],
        None => property,
    }
}

fn text_of(schema: &Value, property: &Value) -> String {
    match property["description"].as_str() {
        Some(_) => text(property),
        None => text(target(schema, property)),
    }
}

fn text(shape: &Value) -> String {
    shape["description"].as_str().unwrap_or_default().replace('\n', " ")
}
