//! `package`: builds what a template refers to.

use super::{template_argument, template_file};
use crate::Fenrir;
use crate::package::{self, ArtifactError, Options, Origin, Packaged, Progress, Terminal};
use crate::prepare::{Opened, units};
use async_trait::async_trait;
use bifrost::cli::{CommandContext, CommandError, CustomCommand};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use serde_json::{Value, json};
use std::num::NonZeroUsize;
use std::time::Duration;

/// The command `package`.
pub struct Package;

#[async_trait(?Send)]
impl CustomCommand<Fenrir> for Package {
    fn command(&self) -> Command {
        Command::new("package")
            .about("Build and zip what a template refers to, where it changed")
            .arg(template_argument())
            .arg(Arg::new("force").long("force").action(ArgAction::SetTrue).help("Build also what did not change"))
            .arg(
                Arg::new("jobs")
                    .long("jobs")
                    .value_name("N")
                    .value_parser(value_parser!(NonZeroUsize))
                    .help("How many are built at once; as many as there are processors, if not said"),
            )
            .after_help(
                "Examples:\n  fenrir package\n  fenrir package other.yml --force\n\n\
                 A function's zip is <template>.<function>.zip, beside the template. A Dockerfile\n\
                 there makes them all; else Metadata.BuildMethod says how: rust-cargolambda, go,\n\
                 makefile; a folder without one is zipped as it is.\n\n\
                 `fenrir deploy` does this by itself.",
            )
    }

    async fn run(&self, matches: &ArgMatches, context: &CommandContext<'_, Fenrir>) -> Result<u8, CommandError> {
        let file = template_file(matches);
        let opened = Opened::open(file)?;
        let findings = opened.check();
        if findings.refuse() {
            return Err(opened.refusal(&findings).into());
        }
        let mut options = Options { force: matches.get_flag("force"), ..Options::default() };
        if let Some(jobs) = matches.get_one::<NonZeroUsize>("jobs") {
            options.jobs = *jobs;
        }
        let units = units(&opened.node);
        if !context.is_json() {
            package::run(file, &units, &options, &Terminal::new())?;
            return Ok(0);
        }
        for packaged in package::run(file, &units, &options, &NoProgress)? {
            context.print_json(&object(&packaged))?;
        }
        Ok(0)
    }
}

/// Where the answer is for a program, it comes at the end.
struct NoProgress;

impl Progress for NoProgress {
    fn started(&self, _: &str) {}
    fn finished(&self, _: &str, _: Result<&Packaged, &ArtifactError>, _: Duration) {}
    fn warn(&self, _: &str) {}
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
