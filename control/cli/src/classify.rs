//! `lazaret classify`: samples the upstream's rows and proposes classes, as a file to review.
//!
//! Nothing is in force by being proposed. Values are scored here and shown nowhere: the file says how
//! many of them agree.

mod proposal;

use std::io;
use std::path::PathBuf;

use indicatif::{ProgressBar, ProgressStyle};
use lazaret_config::{Config, Layout, Problem, Problems};
use lazaret_detectors::{Batch, ColumnScore, Finding, Pack, PackError, Scanner};
use lazaret_policy::{Catalog, RawCatalog, Relation};
use lazaret_upstream::{CatalogReader, Sample, Sampler, UpstreamError};

use self::proposal::{Proposal, Seen};
use crate::private_file::write_public;
use crate::{Failure, say};

/// Sample the upstream's rows and propose classes for its columns, as a file to review.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The folder that `lazaret init` made.
    #[arg(long)]
    dir: PathBuf,
    /// The resource to look at, as `upstream.name` calls it.
    #[arg(long)]
    resource: String,
    /// Only this database of the resource.
    #[arg(long)]
    database: Option<String>,
    /// How many rows of each relation to sample, at most.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    rows: u32,
    /// Where the proposal goes; a file that exists is not overwritten.
    #[arg(long, value_name = "FILE", default_value = "classes-proposed.toml")]
    out: PathBuf,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum ClassifyError {
    #[error("{0}")]
    Config(#[from] Problems),
    #[error("there is no resource `{asked}`\n  mend: `upstream.name` in {file} says `{known}`")]
    Resource { asked: String, known: String, file: PathBuf },
    #[error(
        "`{0}` is no database of this resource\n  mend: add it to `upstream.databases`, or name another"
    )]
    Database(String),
    #[error("{error}\n  mend: {}", .error.mend())]
    Upstream { error: UpstreamError },
    #[error(transparent)]
    Pack(#[from] PackError),
    #[error("{path} cannot be written: {error}\n  mend: {}", mend_of_write(.error))]
    Write { path: PathBuf, error: io::Error },
    #[error("no runtime: {0}")]
    Runtime(io::Error),
}

impl Failure for ClassifyError {}

fn mend_of_write(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AlreadyExists => {
            "name a file that isn't there with --out, or move that one away: none is overwritten"
        }
        io::ErrorKind::StorageFull => "make room, or name a file on another disk with --out",
        _ => "name a file with --out in a folder where this user may write",
    }
}

impl From<UpstreamError> for ClassifyError {
    fn from(error: UpstreamError) -> Self {
        Self::Upstream { error }
    }
}

pub(crate) fn run(args: &Args) -> Result<(), ClassifyError> {
    let config = load(args)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let proposal = runtime.map_err(ClassifyError::Runtime)?.block_on(propose(args, &config))?;
    // Not over a review that somebody has begun.
    let written = write_public(&args.out, proposal.to_string().as_bytes());
    written.map_err(|error| ClassifyError::Write { path: args.out.clone(), error })?;
    say(format_args!("{}; written to {}", proposal.summary(), args.out.display()));
    Ok(())
}

fn load(args: &Args) -> Result<Config, ClassifyError> {
    let problem =
        |error: io::Error| Problem::with_file(&args.dir, error.to_string(), "name a folder");
    let layout = Layout::new(&args.dir).map_err(problem).map_err(Problems::from)?;
    let file = layout.config();
    let (config, _) = lazaret_config::load(layout)?;
    if config.upstream.name != args.resource {
        let (asked, known) = (args.resource.clone(), config.upstream.name);
        return Err(ClassifyError::Resource { asked, known, file });
    }
    match &args.database {
        Some(asked) if !config.upstream.databases.contains(asked) => {
            Err(ClassifyError::Database(asked.clone()))
        }
        _ => Ok(config),
    }
}

async fn propose(args: &Args, config: &Config) -> Result<Proposal, ClassifyError> {
    let reader = CatalogReader::new(&config.upstream)?;
    let mut scanner = Scanner::new(&Pack::load_with(&config.site, None)?)?;
    let mut proposal = Proposal::new(&config.upstream.name, args.rows);
    let databases = config.upstream.databases.iter();
    for database in databases.filter(|name| args.database.as_ref().is_none_or(|it| it == *name)) {
        let raw = reader.read(database).await?;
        let sampled = with_rows(&raw);
        let catalog = Catalog::compile(raw, &config.policy.declared);
        let sampler = Sampler::connect(&config.upstream, database).await?;
        let bar = progress(sampled.len() as u64);
        for relation in sampled.iter().filter_map(|oid| catalog.relation(*oid)) {
            bar.set_message(format!("{database} {}.{}", relation.schema, relation.name));
            let seen = look(&sampler, &mut scanner, relation, args.rows).await;
            proposal.add(database, relation, seen);
            bar.inc(1);
        }
        bar.finish_and_clear();
    }
    Ok(proposal)
}

/// Tables, materialized views and foreign tables. A view's classes come from its definition, a
/// partition's from its parent.
fn with_rows(raw: &RawCatalog) -> Vec<u32> {
    let relations = raw.relations.iter();
    let own = relations.filter(|relation| {
        matches!(relation.kind, 'r' | 'p' | 'm' | 'f') && relation.parents.is_empty()
    });
    own.map(|relation| relation.oid).collect()
}

/// A relation that the service user may not read, or that answers too slowly, is told as such.
async fn look(
    sampler: &Sampler,
    scanner: &mut Scanner,
    relation: &Relation,
    rows: u32,
) -> Result<Seen, UpstreamError> {
    let columns: Vec<&str> = relation.columns.iter().map(|column| column.name.as_str()).collect();
    let name = [relation.schema.as_str(), relation.name.as_str()];
    let sample = sampler.sample(relation.oid, name, &columns, rows).await?;
    let scores = (0..columns.len()).map(|column| score(scanner, &sample, column)).collect();
    Ok(Seen { scores, rows: sample.rows.len(), of_rows: sample.of_rows })
}

fn score(scanner: &mut Scanner, sample: &Sample, column: usize) -> ColumnScore {
    let cells = sample.rows.iter().filter_map(|row| row.get(column)?.as_deref());
    let cells: Vec<&[u8]> = cells.map(str::as_bytes).collect();
    let mut batch = Batch::default();
    for cell in &cells {
        batch.push(cell);
    }
    let mut score = ColumnScore::default();
    let mut findings = scanner.scan_batch(&batch).iter().peekable();
    let mut own: Vec<Finding> = Vec::new();
    for (index, cell) in cells.iter().enumerate() {
        own.clear();
        while let Some(found) = findings.next_if(|found| found.cell as usize == index) {
            own.push(found.finding);
        }
        score.observe(cell, &own);
    }
    score
}

/// On a terminal only; indicatif looks.
fn progress(relations: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:32} {pos}/{len} {wide_msg}");
    let bar = ProgressBar::new(relations);
    style.map_or(bar.clone(), |style| bar.with_style(style))
}
