//! The upstream, reached and read as control will.

use lazaret_config::{Problem, UpstreamHost, class_line, class_name};
use lazaret_detectors::Class;
use lazaret_link::UpstreamTlsMode;
use lazaret_policy::{Catalog, DeclaredClass, Preset, RawCatalog};
use lazaret_upstream::{CatalogReader, UpstreamError};

use super::Subject;

/// What was seen of the upstream.
#[derive(Default)]
pub(super) struct Sight {
    pub(super) problems: Vec<Problem>,
    pub(super) notes: Vec<String>,
    /// Each column with a class, as it would stand in `[classes]`.
    pub(super) columns: Vec<String>,
}

pub(super) fn look(subject: &Subject) -> Sight {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let asked = match runtime {
        Ok(runtime) => runtime.block_on(ask(subject)),
        Err(error) => return refused(subject, &error.to_string(), "free some resources"),
    };
    match asked {
        Ok(answer) => judge(subject, &answer),
        Err(error) => refused(subject, &error.to_string(), error.mend()),
    }
}

struct Answer {
    is_superuser: bool,
    /// By database. None of a transparent resource, which nobody classifies.
    catalogs: Vec<(String, Catalog)>,
    /// Columns that are declared clear and would be masked, with what they would be.
    cleared: Vec<String>,
}

/// A transparent resource is connected to; of any other, each database's catalog is read.
async fn ask(subject: &Subject) -> Result<Answer, UpstreamError> {
    let (upstream, policy) = (&subject.config.upstream, &subject.config.policy);
    let reader = CatalogReader::new(upstream)?;
    let is_superuser = reader.is_superuser(&upstream.database).await?;
    let (mut catalogs, mut cleared) = (Vec::new(), Vec::new());
    if policy.preset != Preset::Transparent {
        for database in &upstream.databases {
            let raw = reader.read(database).await?;
            cleared.extend(notes_of_cleared(database, &raw, &policy.declared));
            catalogs.push((database.clone(), Catalog::compile(raw, &policy.declared)));
        }
    }
    Ok(Answer { is_superuser, catalogs, cleared })
}

/// A line that says `clear` may be about another column than was thought, or older than it.
fn notes_of_cleared(database: &str, raw: &RawCatalog, declared: &[DeclaredClass]) -> Vec<String> {
    let is_clear = |of: &DeclaredClass| Class::from_name(&of.class) == Some(Class::Clear);
    let (clear, others): (Vec<_>, Vec<_>) = declared.iter().cloned().partition(is_clear);
    if clear.is_empty() {
        return Vec::new();
    }
    let (as_declared, without) =
        (Catalog::compile(raw.clone(), declared), Catalog::compile(raw.clone(), &others));
    let mut notes = Vec::new();
    for relation in as_declared.relations() {
        let names = |of: &DeclaredClass, column: &str| {
            (of.schema.as_str(), of.relation.as_str()) == (&relation.schema, &relation.name)
                && (of.column == column || of.column == "*")
        };
        for column in &relation.columns {
            let is_declared = clear.iter().any(|of| names(of, &column.name));
            let passes = Class::from_name(&column.class) == Some(Class::Clear);
            let would = without.relation(relation.oid).and_then(|of| of.column(column.attnum));
            let would = would.and_then(|column| Class::from_name(&column.class));
            if let Some(class) = would.filter(|class| is_declared && passes && class.is_masked()) {
                let name = class_name::join([&relation.schema, &relation.name, &column.name]);
                notes.push(format!(
                    "{database}: {name} passes as it is, because [classes] says clear; by its name, type or \
                     origin it would be {}",
                    class.name()
                ));
            }
        }
    }
    notes
}

fn judge(subject: &Subject, answer: &Answer) -> Sight {
    let mut sight = Sight::default();
    if answer.is_superuser {
        let note = "the service user is a superuser of the upstream: give it a role with the rights that \
                    agents may have at most";
        sight.notes.push(note.to_owned());
    }
    for (database, catalog) in &answer.catalogs {
        let of_all =
            catalog.relations().iter().map(|relation| relation.columns.len()).sum::<usize>();
        let before = sight.columns.len();
        sight.columns.extend(classes(catalog));
        let classed = sight.columns.len() - before;
        sight.notes.push(format!(
            "{database}: {classed} of {of_all} columns have a class (--columns lists them), the others \
             are scanned"
        ));
    }
    sight.notes.extend(answer.cleared.iter().cloned());
    if !answer.catalogs.is_empty() {
        let declared = subject.config.policy.declared.iter();
        let missed = declared.filter(|class| !answer.catalogs.iter().any(|(_, of)| of.has(class)));
        sight.problems.extend(missed.map(|class| names_nothing(subject, class)));
    }
    sight
}

/// Lines for `[classes]`.
fn classes(catalog: &Catalog) -> impl Iterator<Item = String> {
    catalog.relations().iter().flat_map(|relation| {
        let classed = relation.columns.iter().filter(|column| !column.class.is_empty());
        classed.map(|column| {
            class_line([&relation.schema, &relation.name, &column.name], &column.class)
        })
    })
}

/// A class or a mask for a column that isn't there protects nothing.
fn names_nothing(subject: &Subject, declared: &DeclaredClass) -> Problem {
    let name = class_name::join([&declared.schema, &declared.relation, &declared.column]);
    let section = if declared.mask.is_some() { "masks" } else { "classes" };
    let message = format!("no database of the upstream has {name}");
    let mend = "correct the name (the case of letters counts), or remove the line";
    subject.source.problem(&[section, &name], message, mend)
}

fn refused(subject: &Subject, message: &str, mend: &str) -> Sight {
    let problem = subject.source.problem(&["upstream", "url"], message, mend);
    Sight { problems: vec![problem], ..Sight::default() }
}

/// What may be overheard on the way to the upstream, or passed off as it.
pub(super) fn note(subject: &Subject) -> Option<String> {
    let upstream = &subject.config.upstream;
    let UpstreamHost::Tcp { host, .. } = &upstream.host else { return None };
    let is_local =
        host == "localhost" || host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback());
    match upstream.tls {
        _ if is_local => None,
        UpstreamTlsMode::Disable => Some("the way to the upstream is not encrypted".to_owned()),
        UpstreamTlsMode::Require => Some("the upstream's certificate is not verified".to_owned()),
        UpstreamTlsMode::VerifyCa | UpstreamTlsMode::VerifyFull => None,
    }
}
