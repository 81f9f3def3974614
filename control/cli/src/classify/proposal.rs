//! The file that `lazaret classify` writes: lines for `[classes]`, each with its reason.

use std::fmt::{self, Display};

use lazaret_config::class_line;
use lazaret_detectors::{Class, ColumnScore, Identifier, Judgement};
use lazaret_policy::{Column, Relation};
use lazaret_upstream::UpstreamError;

/// What the sample of one relation showed.
pub(super) struct Seen {
    /// By column, in the relation's order.
    pub(super) scores: Vec<ColumnScore>,
    pub(super) rows: usize,
    pub(super) of_rows: Option<f64>,
}

/// Becomes TOML when it is displayed.
pub(super) struct Proposal {
    head: String,
    relations: String,
    proposed: usize,
    in_force: usize,
    unread: usize,
}

impl Proposal {
    pub(super) fn new(resource: &str, rows: u32) -> Self {
        let head = format!(
            "# Classes proposed for {resource}, from {rows} rows of each relation at most.\n\
             # Nothing here is in force. Review each line, and copy what is right to [classes] in lazaret.toml.\n\
             # A line without # is new; one with # is in force already, by name, type, label or declaration.\n\
             # A sample can't show that a column holds nothing: what has no line is scanned.\n\n\
             [classes]\n"
        );
        Self { head, relations: String::new(), proposed: 0, in_force: 0, unread: 0 }
    }

    pub(super) fn add(
        &mut self,
        database: &str,
        relation: &Relation,
        seen: Result<Seen, UpstreamError>,
    ) {
        let name = plain(&format!("{database}: {}.{}", relation.schema, relation.name));
        let seen = match seen {
            Ok(seen) => seen,
            Err(error) => {
                self.unread += 1;
                let error = plain(&error.to_string());
                return self.relations.push_str(&format!("\n# {name}: not sampled: {error}\n"));
            }
        };
        let of = seen.of_rows.map_or(String::new(), |rows| format!(" of about {rows:.0}"));
        self.relations.push_str(&format!("\n# {name}: {}{of} rows\n", seen.rows));
        for (column, score) in relation.columns.iter().zip(&seen.scores) {
            let line = self.line(relation, column, score);
            self.relations.extend(line.into_iter().flat_map(|line| [line, "\n".to_owned()]));
        }
    }

    pub(super) fn summary(&self) -> String {
        let Self { proposed, in_force, unread, .. } = self;
        let unread = match unread {
            0 => String::new(),
            _ => format!(", {unread} relations could not be sampled"),
        };
        format!("{proposed} classes proposed beside {in_force} in force{unread}")
    }

    fn line(
        &mut self,
        relation: &Relation,
        column: &Column,
        score: &ColumnScore,
    ) -> Option<String> {
        let names = [relation.schema.as_str(), relation.name.as_str(), column.name.as_str()];
        let judgement = score.judge();
        if !column.class.is_empty() {
            self.in_force += 1;
            let warning = judgement.filter(|it| contradicts(&column.class, it.class));
            let warning = warning.map_or(String::new(), |it| {
                format!("  <- but {}: {}", it.class, reason(&it, score))
            });
            return Some(format!("# {}{warning}", class_line(names, &column.class)));
        }
        if let Some(judgement) = judgement {
            self.proposed += 1;
            let class = class_line(names, judgement.class.name());
            return Some(format!("{class}  # {}", reason(&judgement, score)));
        }
        let found: Vec<String> = Identifier::ALL
            .into_iter()
            .filter(|identifier| score.found(*identifier) > 0)
            .map(|identifier| format!("{} in {}", identifier.name(), score.found(identifier)))
            .collect();
        let name = plain(&column.name);
        let cells = score.cells();
        (!found.is_empty())
            .then(|| format!("# {name} is scanned; of {cells} values: {}", found.join(", ")))
    }
}

impl Display for Proposal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.head, self.relations)
    }
}

fn reason(judgement: &Judgement, score: &ColumnScore) -> String {
    let (agree, cells) = (judgement.agree, score.cells());
    let how = if judgement.by_check { "pass its checksum or range" } else { "look so" };
    format!("{agree} of {cells} values {how}")
}

/// Values say that a column is masked less than they ask for.
fn contradicts(current: &str, told: Class) -> bool {
    let current = Class::from_name(current).unwrap_or_default();
    current.raise(told) != current
}

/// Names of a hostile database must not end a comment.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use lazaret_policy::TypeKind;

    use super::*;

    fn relation(columns: &[(&str, &str)]) -> Relation {
        let column = |(at, (name, class)): (usize, &(&str, &str))| Column {
            attnum: i16::try_from(at + 1).unwrap(),
            name: (*name).to_owned(),
            type_oid: 25,
            kind: TypeKind::Text,
            generated: false,
            class: (*class).to_owned(),
            mask: None,
        };
        Relation {
            oid: 20_000,
            schema: "public".to_owned(),
            name: "t\nssn = \"clear\"".to_owned(),
            columns: columns.iter().enumerate().map(column).collect(),
            masked: true,
        }
    }

    #[test]
    fn a_proposal_is_toml_whatever_names_say() {
        let relation = relation(&[("id\"#", "ssn"), ("x\n[a]", "clear")]);
        let scores = vec![ColumnScore::default(), ColumnScore::default()];
        let mut proposal = Proposal::new("warehouse", 10);
        proposal.add("d\nb", &relation, Ok(Seen { scores, rows: 3, of_rows: Some(12.0) }));
        let table: toml::Table = toml::from_str(&proposal.to_string()).unwrap();
        assert_eq!(table["classes"].as_table().map(toml::Table::len), Some(0));
        assert_eq!(proposal.summary(), "0 classes proposed beside 2 in force");
    }

    #[test]
    fn values_that_ask_for_more_than_the_class_in_force_are_told() {
        assert!(contradicts("clear", Class::Direct(Identifier::Ssn)));
        assert!(contradicts("date", Class::Direct(Identifier::Ssn)));
        assert!(!contradicts("ssn", Class::Date));
        assert!(!contradicts("name", Class::Direct(Identifier::Ssn)));
    }
}
