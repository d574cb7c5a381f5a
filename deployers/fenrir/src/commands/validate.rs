//! `validate`: holds a template against the rules.

use super::{template_argument, template_file};
use crate::Fenrir;
use crate::prepare::{Opened, TemplateFileError};
use crate::template::{Findings, ReportStyle, Severity, Source, TemplateFinding};
use async_trait::async_trait;
use bifrost::cli::{CommandContext, CommandError, CustomCommand};
use bifrost::client::LogSeverity;
use clap::{Arg, ArgAction, ArgMatches, Command};
use serde_json::{Value, json};
use std::io::{Write, stderr};

/// The command `validate`.
pub struct Validate;

/// The exit code of a template that is refused: nothing was changed.
const REFUSED: u8 = 2;

#[async_trait(?Send)]
impl CustomCommand<Fenrir> for Validate {
    fn command(&self) -> Command {
        Command::new("validate")
            .about("Hold a template against the rules, and show all that is wrong")
            .arg(template_argument())
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

    async fn run(&self, matches: &ArgMatches, context: &CommandContext<'_, Fenrir>) -> Result<u8, CommandError> {
        let opened = match Opened::open(template_file(matches)) {
            Ok(opened) => opened,
            Err(TemplateFileError::NoTemplate { text, findings }) => return tell(context, &text, &findings),
            Err(unread) => return Err(unread.into()),
        };
        let findings =
            if matches.get_flag("look-up") { opened.look_up(&context.client().await?).await? } else { opened.check() };
        tell(context, opened.text(), &findings)
    }
}

/// Tells what was found, and gives the exit code.
fn tell(context: &CommandContext<'_, Fenrir>, text: &Source, findings: &Findings) -> Result<u8, CommandError> {
    let (exit_code, verdict, tone) = if findings.refuse() {
        (REFUSED, "would be refused", LogSeverity::Bad)
    } else {
        (0, "is valid", LogSeverity::Good)
    };
    if context.is_json() {
        for finding in findings.all() {
            context.print_json(&object(text, finding))?;
        }
        return Ok(exit_code);
    }
    stderr().write_all(text.report(findings, ReportStyle::of_stderr()).as_bytes())?;
    context.print(&format!("{} {verdict}{}", text.path().display(), counted(findings)), tone)?;
    Ok(exit_code)
}

/// How many errors and warnings there are, if there are any.
fn counted(findings: &Findings) -> String {
    let (errors, warnings): (Vec<_>, Vec<_>) =
        findings.all().iter().partition(|finding| finding.severity == Severity::Error);
    let told = [(errors.len(), "error"), (warnings.len(), "warning")].into_iter().filter(|(count, _)| *count > 0);
    let told: Vec<_> =
        told.map(|(count, what)| format!("{count} {what}{}", if count == 1 { "" } else { "s" })).collect();
    if told.is_empty() { String::new() } else { format!(": {}", told.join(", ")) }
}

fn object(text: &Source, finding: &TemplateFinding) -> Value {
    let place = finding.span.map(|span| text.position(span));
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
