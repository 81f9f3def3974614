//! The upstream, reached and read as control will.

use lazaret_config::{Problem, UpstreamHost, class_line, class_name};
use lazaret_link::UpstreamTlsMode;
use lazaret_policy::{Catalog, DeclaredClass, Preset};
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
}

/// A transparent resource is connected to; of any other, each database's catalog is read.
async fn ask(subject: &Subject) -> Result<Answer, UpstreamError> {
    let (upstream, policy) = (&subject.config.upstream, &subject.config.policy);
    let reader = CatalogReader::new(upstream)?;
    let is_superuser = reader.is_superuser(&upstream.database).await?;
    let mut catalogs = Vec::new();
    if policy.preset != Preset::Transparent {
        for database in &upstream.databases {
            let catalog = Catalog::compile(reader.read(database).await?, &policy.declared);
            catalogs.push((database.clone(), catalog));
        }
    }
    Ok(Answer { is_superuser, catalogs })
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
