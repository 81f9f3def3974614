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
    use super::split;

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
        assert_eq!(split(r#""a"x.b.c"#), None);
        assert_eq!(split(r#""a.b.c"#), None);
    }
}
