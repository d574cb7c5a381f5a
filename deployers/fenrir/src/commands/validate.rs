//! `validate`: holds a template against the rules.

use super::template_file;
use crate::Fenrir;
use crate::prepare::Opened;
use crate::template::{Finding, Findings, Severity};
use async_trait::async_trait;
use bifrost::Tone;
use bifrost::cli::{Desk, Extra, Failure};
use clap::{Arg, ArgAction, ArgMatches, Command};
use serde_json::{Value, json};
use std::io::{Write, stderr};

/// The command `validate`.
pub struct Validate;

/// The exit code of a template that is refused: nothing was changed.
const REFUSED: u8 = 2;

#[async_trait(?Send)]
impl Extra<Fenrir> for Validate {
    fn command(&self) -> Command {
        Command::new("validate")
            .about("Hold a template against the rules, and show all that is wrong")
            .arg(template_file::argument())
            .arg(
                Arg::new("look-up")
                    .long("look-up")
                    .action(ArgAction::SetTrue)
                    .help("Look up what the template refers to in the target account, too: it takes credentials"),
            )
            .after_help(
                "Examples:\n  fenrir validate\n  fenrir validate other.yml --look-up\n  fenrir validate --look-up --local\n\n\
                 Without --look-up neither credentials nor a network are used.\n\n\
                 Exit codes: 0 nothing is wrong, or warnings alone; 2 it would be refused.\n\n\
                 With --output json each finding is an object on a line: severity, path, line,\n\
                 column, message, help.",
            )
    }

    async fn run(&self, matches: &ArgMatches, desk: &Desk<'_, Fenrir>) -> Result<u8, Failure> {
        let opened = Opened::open(template_file::of(matches))?;
        let findings =
            if matches.get_flag("look-up") { opened.look_up(&desk.client().await?).await? } else { opened.check() };
        tell(desk, &opened, &findings)?;
        Ok(if findings.refuse() { REFUSED } else { 0 })
    }
}

fn tell(desk: &Desk<'_, Fenrir>, opened: &Opened, findings: &Findings) -> Result<(), Failure> {
    if desk.is_json() {
        for finding in findings.all() {
            desk.print_json(&object(opened, finding))?;
        }
        return Ok(());
    }
    stderr().write_all(opened.report(findings).as_bytes())?;
    if !findings.refuse() {
        desk.print(&format!("{} is valid{}", opened.file().display(), warnings(findings)), Tone::Good)?;
    }
    Ok(())
}

fn warnings(findings: &Findings) -> String {
    match findings.all().len() {
        0 => String::new(),
        1 => ", with 1 warning".into(),
        many => format!(", with {many} warnings"),
    }
}

fn object(opened: &Opened, finding: &Finding) -> Value {
    let place = finding.span.map(|span| opened.position(span));
    let severity = if finding.severity == Severity::Error { "error" } else { "warning" };
    let mut object = json!({ "severity": severity, "path": finding.path, "message": finding.message });
    if let (Some(fields), Some((line, column))) = (object.as_object_mut(), place) {
        fields.insert("line".into(), line.into());
        fields.insert("column".into(), column.into());
    }
    if let (Some(fields), Some(help)) = (object.as_object_mut(), &finding.help) {
        fields.insert("help".into(), help.as_str().into());
    }
    object
}
