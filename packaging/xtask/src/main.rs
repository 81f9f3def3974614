//! `cargo xtask`: the tasks of this repository.
//!
//! It needs nothing but Rust and build-essential to build, because it installs the rest.

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "a command for people, whose output is standard output")]

mod accuracy;
mod build;
mod demo;
mod error;
mod measure;
mod setup;
mod shell;
mod terminal;
mod test;

use std::process::ExitCode;

use error::TaskError;
use setup::Extent;

const USAGE: &str = "\
usage: cargo xtask TASK

  demo [--keep]                 show the product; --keep leaves it running
  test [--outer]                run every test; --outer adds the slow ones
  test [--outer] --only STEP,...
                                only format, lints, dependencies, build, tests, demo, regression, masked,
                                presidio or fuzz
  measure [--json FILE] [--only NAME,...]
                                measure the gateway beside pgbouncer, and single functions
  accuracy [--data DIR] [--presidio] [--json FILE]
                                score detection and masking on labelled data, or on the notes shipped here;
                                --presidio scores and times Presidio beside
  setup [--outer]               install what the tests and measurements need";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}

fn run(arguments: &[&str]) -> Result<(), TaskError> {
    match arguments {
        ["demo"] => demo::run(false),
        ["demo", "--keep"] => demo::run(true),
        ["measure", rest @ ..] => {
            let options = Options::parse(rest, &["--json", "--only"])?;
            let only = options.value("--only").unwrap_or_default();
            let only: Vec<&str> = only.split(',').filter(|name| !name.is_empty()).collect();
            measure::run(options.value("--json"), &only)
        }
        ["accuracy", rest @ ..] => {
            let presidio = rest.contains(&"--presidio");
            let rest: Vec<&str> = rest.iter().copied().filter(|it| *it != "--presidio").collect();
            let options = Options::parse(&rest, &["--data", "--json"])?;
            accuracy::run(options.value("--data"), presidio, options.value("--json"))
        }
        ["test", rest @ ..] => match rest {
            [] => test::run(Extent::Default, &[]),
            ["--outer"] => test::run(Extent::Outer, &[]),
            ["--only", steps] => test::run(Extent::Default, &steps.split(',').collect::<Vec<_>>()),
            ["--outer", "--only", steps] => {
                test::run(Extent::Outer, &steps.split(',').collect::<Vec<_>>())
            }
            _ => Err(TaskError::Usage("test takes --outer and --only STEP,...".into())),
        },
        ["setup"] => setup::everything(Extent::Default),
        ["setup", "--outer"] => setup::everything(Extent::Outer),
        ["help" | "--help" | "-h"] => {
            println!("{USAGE}");
            Ok(())
        }
        [] => Err(TaskError::Usage("no task given".into())),
        [task, ..] => Err(TaskError::Usage(format!("no such task: {task}"))),
    }
}

/// Options that each take a value.
struct Options<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Options<'a> {
    fn parse(arguments: &[&'a str], known: &[&str]) -> Result<Self, TaskError> {
        let mut options = Vec::new();
        for pair in arguments.chunks(2) {
            match pair {
                [name, value] if known.contains(name) => options.push((*name, *value)),
                [name, ..] if known.contains(name) => {
                    return Err(TaskError::Usage(format!("{name} takes a value")));
                }
                [name, ..] => return Err(TaskError::Usage(format!("no such option: {name}"))),
                [] => {}
            }
        }
        Ok(Self(options))
    }

    fn value(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_usage_has_an_exit_code_of_its_own() {
        let wrong: [&[&str]; 5] =
            [&["fly"], &["test", "--fast"], &["test", "--only", "x"], &["measure", "--json"], &[]];
        for arguments in wrong {
            assert_eq!(run(arguments).unwrap_err().exit_code(), 64, "{arguments:?}");
        }
    }
}
