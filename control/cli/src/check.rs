//! `lazaret check`: everything that can be known before, or beside, a running gateway.
//!
//! Each part looks on when another has found something, so that one run says all there is to mend.
//! It changes nothing and needs no running gateway.

mod detectors;
mod files;
mod kernel;
mod policy;
mod ports;
mod tls;
mod upstream;

use std::path::PathBuf;
use std::process::ExitCode;

use lazaret_config::{Config, Layout, Problem, Problems, Source};
use lazaret_policy::Preset;

use crate::{EXIT_FAILED, say};

/// Validate an installation: configuration, TLS, policy, upstream, kernel, folders.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The folder that `lazaret init` made.
    #[arg(long)]
    dir: PathBuf,
    /// List the upstream's columns that have a class, as lines for `[classes]`.
    #[arg(long)]
    columns: bool,
}

/// What each part looks at.
pub(crate) struct Subject {
    config: Config,
    source: Source,
}

pub(crate) fn run(args: &Args) -> ExitCode {
    let mut report = Report { failures: 0 };
    match load(args) {
        Ok(subject) => {
            report.add("configuration", Vec::new());
            report.add("TLS", tls::problems(&subject));
            report.add("policy", policy::problems(&subject));
            report.add("detectors", detectors::problems(&subject));
            let upstream = upstream::look(&subject);
            report.add("upstream", upstream.problems);
            report.add("kernel", kernel::problems(&subject));
            report.add("files and folders", files::problems(&subject));
            report.add("ports", ports::problems(&subject));
            report.note(&notes(&subject));
            report.note(&upstream.notes);
            if args.columns {
                upstream.columns.iter().for_each(say);
            }
        }
        Err(Problems(problems)) => report.add("configuration", problems),
    }
    report.exit()
}

fn load(args: &Args) -> Result<Subject, Problems> {
    let layout = Layout::new(&args.dir)
        .map_err(|error| Problem::with_file(&args.dir, error.to_string(), "name a folder"))?;
    let (config, source) = lazaret_config::load(layout)?;
    Ok(Subject { config, source })
}

/// What is no mistake and should still be known.
fn notes(subject: &Subject) -> Vec<String> {
    let config = &subject.config;
    let mut notes = Vec::new();
    if config.issuers.iter().any(|issuer| issuer.development) {
        notes.push(
            "a development issuer is trusted: whoever can read keys/ can be anyone. Never with real \
             data"
                .to_owned(),
        );
    }
    if config.policy.preset == Preset::Transparent {
        notes.push("preset transparent: everything is permitted and nothing is masked".to_owned());
    }
    if config.listen.allow_plaintext {
        notes.push("clients may go without TLS: their tokens are readable on the way".to_owned());
    }
    notes.extend(tls::note(config));
    notes.extend(upstream::note(subject));
    notes.extend(kernel::note(subject));
    notes
}

struct Report {
    failures: usize,
}

impl Report {
    fn add(&mut self, part: &str, problems: Vec<Problem>) {
        say(format_args!("{}  {part}", if problems.is_empty() { "ok  " } else { "FAIL" }));
        problems.iter().for_each(say);
        self.failures += problems.len();
    }

    fn note(&self, notes: &[String]) {
        for note in notes {
            say(format_args!("note  {note}"));
        }
    }

    fn exit(self) -> ExitCode {
        match self.failures {
            0 => {
                say("All is well.");
                ExitCode::SUCCESS
            }
            count => {
                say(format_args!("{count} to mend."));
                ExitCode::from(EXIT_FAILED)
            }
        }
    }
}
