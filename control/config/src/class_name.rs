//! `schema.relation.column` as the keys of `[classes]` write it.

/// Splits a dotted name into its three parts. A part in double quotes may hold anything, with `""`
/// for a quote, as in SQL.
pub(crate) fn split(name: &str) -> Option<[String; 3]> {
    let mut rest = name;
    let mut parts = Vec::with_capacity(3);
    loop {
        let (part, behind) = part(rest)?;
        parts.push(part);
        match behind.strip_prefix('.') {
            Some(next) => rest = next,
            None if behind.is_empty() => break,
            None => return None,
        }
    }
    parts.try_into().ok()
}

/// The line of `[classes]` that gives a column this class.
pub fn class_line(column: [&str; 3], class: &str) -> String {
    format!("{} = {}", basic_string(&join(column)), basic_string(class))
}

/// What [`split`] takes apart.
pub fn join(parts: [&str; 3]) -> String {
    let quoted = parts.map(|part| {
        let is_plain = !part.is_empty() && !part.contains(['.', '"']);
        if is_plain { part.to_owned() } else { format!("\"{}\"", part.replace('"', "\"\"")) }
    });
    quoted.join(".")
}

/// A basic string of TOML 1.0, which a key may be, too.
fn basic_string(text: &str) -> String {
    let mut string = String::from('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => string.extend(['\\', character]),
            _ if character.is_control() => {
                string.push_str(&format!("\\u{:04X}", u32::from(character)));
            }
            _ => string.push(character),
        }
    }
    string.push('"');
    string
}

/// One part from the front, and what follows it.
fn part(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find('.').unwrap_or(text.len());
        let (part, rest) = text.split_at(end);
        return (!part.is_empty() && !part.contains('"')).then(|| (part.to_owned(), rest));
    };
    let mut part = String::new();
    let mut rest = quoted;
    loop {
        let end = rest.find('"')?;
        part.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix('"') {
            Some(next) => {
                part.push('"');
                rest = next;
            }
            None => return (!part.is_empty()).then_some((part, rest)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{class_line, join, split};

    #[test]
    fn a_name_has_three_parts() {
        assert_eq!(split("public.patients.note").unwrap(), ["public", "patients", "note"]);
        assert_eq!(split("public.patients.*").unwrap(), ["public", "patients", "*"]);
        assert_eq!(split("a.b"), None);
        assert_eq!(split("a.b.c.d"), None);
        assert_eq!(split("a..c"), None);
    }

    #[test]
    fn a_quoted_part_may_hold_dots_and_quotes() {
        assert_eq!(split(r#""a.b"."c""d".e"#).unwrap(), ["a.b", "c\"d", "e"]);
        assert_eq!(join(["a.b", "c\"d", "e"]), r#""a.b"."c""d".e"#);
        assert_eq!(split(r#""a"x.b.c"#), None);
        assert_eq!(split(r#""a.b.c"#), None);
    }

    #[test]
    fn a_line_for_the_configuration_can_be_read_back() {
        for column in [["public", "patients", "ssn"], ["a.b", "c\"d", "e'\\\n"]] {
            let line = class_line(column, "ssn");
            let table: toml::Table = toml::from_str(&line).unwrap();
            let (key, class) = table.into_iter().next().unwrap();
            assert_eq!(split(&key).unwrap(), column, "{line}");
            assert_eq!(class.as_str(), Some("ssn"));
        }
    }
}
