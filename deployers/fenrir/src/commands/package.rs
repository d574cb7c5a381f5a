//! `package`: builds the code that a template refers to.

use super::{template_argument, template_file};
use crate::Fenrir;
use crate::package::{self, ArtifactError, Options, Origin, Packaged, Progress, Terminal};
use crate::prepare::{Opened, artifacts, today};
use bifrost::cli::{CommandContext, CommandError, CustomCommand};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use serde_json::{Value, json};
use std::io::{Write, stderr};
use std::num::NonZeroUsize;
use std::time::Duration;

/// The command `package`.
pub struct Package;

impl CustomCommand<Fenrir> for Package {
    fn command(&self) -> Command {
        Command::new("package")
            .about("Build and zip the code that a template refers to, if it changed")
            .arg(template_argument())
            .arg(Arg::new("force").long("force").action(ArgAction::SetTrue).help("Build unchanged code, too"))
            .arg(
                Arg::new("jobs")
                    .long("jobs")
                    .value_name("N")
                    .value_parser(value_parser!(NonZeroUsize))
                    .help("Maximum number of concurrent builds [default: number of processors]"),
            )
            .after_help(
                "Examples:\n  fenrir package\n  fenrir package other.yml --force\n\n\
                 Writes <template>.<function>.zip for each function, beside the template. A\n\
                 Dockerfile beside the template builds all of them. Otherwise\n\
                 Metadata.BuildMethod of a function or layer selects the build: python and nodejs\n\
                 install dependencies; rust-cargolambda, go and makefile compile. A folder\n\
                 without it is zipped unchanged.\n\n\
                 `fenrir deploy` packages automatically.",
            )
    }

    async fn run(&self, matches: &ArgMatches, context: &CommandContext<'_, Fenrir>) -> Result<u8, CommandError> {
        let file = template_file(matches);
        let opened = Opened::open(file)?;
        opened.check_and_warn(today())?;
        let mut options = Options { force: matches.get_flag("force"), ..Options::default() };
        if let Some(jobs) = matches.get_one::<NonZeroUsize>("jobs") {
            options.jobs = *jobs;
        }
        let artifacts = artifacts(&opened.node);
        if !context.is_json() {
            package::run(file, &artifacts, &options, &Terminal::new())?;
            return Ok(0);
        }
        for packaged in package::run(file, &artifacts, &options, &NoProgress)? {
            context.print_json(&object(&packaged))?;
        }
        Ok(0)
    }
}

/// JSON output comes at the end, without progress. Warnings are for people.
struct NoProgress;

impl Progress for NoProgress {
    fn started(&self, _: &str) {}
    fn finished(&self, _: &str, _: Result<&Packaged, &ArtifactError>, _: Duration) {}
    fn warn(&self, message: &str) {
        // The files exist even if standard error is closed.
        let _ = writeln!(stderr(), "warning: {message}");
    }
}

fn object(packaged: &Packaged) -> Value {
    json!({
        "logical_id": packaged.logical_id,
        "path": packaged.path,
        "sha256": packaged.sha256.to_string(),
        "origin": match packaged.origin {
            Origin::Built => "built",
            Origin::Cached => "cached",
            Origin::AsIs => "as_is",
        },
    })
}
