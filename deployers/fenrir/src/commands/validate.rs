//! `validate`: checks a template against the rules.

use super::{template_argument, template_file};
use crate::Fenrir;
use crate::prepare::{Opened, TemplateFileError, today};
use crate::template::{Findings, ReportStyle, Severity, Source, TemplateFinding};
use bifrost::cli::{CommandContext, CommandError, CustomCommand};
use bifrost::client::LogSeverity;
use bifrost::error_code::Coded;
use clap::{Arg, ArgAction, ArgMatches, Command};
use serde_json::{Value, json};
use std::io::{Write, stderr};

/// The command `validate`.
pub struct Validate;

/// The exit code for a template that a deploy would refuse.
const REFUSED: u8 = 2;

impl CustomCommand<Fenrir> for Validate {
    fn command(&self) -> Command {
        Command::new("validate")
            .about("Check a template against the rules and show all findings")
            .arg(template_argument())
            .arg(
                Arg::new("look-up")
                    .long("look-up")
                    .action(ArgAction::SetTrue)
                    .help("Also look up referenced resources in the target account; needs credentials"),
            )
            .after_help(
                "Examples:\n  fenrir validate\n  fenrir validate other.yml --look-up\n  fenrir validate --look-up --local\n\n\
                 Without --look-up, the command needs neither credentials nor a network.\n\n\
                 Exit codes:\n  0  the template is valid; there may be warnings\n  2  a deploy would refuse the template\n\n\
                 With --output json each finding is an object on a line: severity, code,\n\
                 path, line, column, message, help.",
            )
    }

    async fn run(&self, matches: &ArgMatches, context: &CommandContext<'_, Fenrir>) -> Result<u8, CommandError> {
        let opened = match Opened::open(template_file(matches)) {
            Ok(opened) => opened,
            Err(TemplateFileError::Refused(refused)) => return report(context, &refused.text, &refused.findings),
            Err(error) => return Err(error.into()),
        };
        let findings = if matches.get_flag("look-up") {
            opened.look_up(&context.client().await?).await?
        } else {
            opened.check(today())
        };
        report(context, opened.text(), &findings)
    }
}

/// Prints the findings. Returns the exit code.
fn report(context: &CommandContext<'_, Fenrir>, text: &Source, findings: &Findings) -> Result<u8, CommandError> {
    let (exit_code, verdict, severity) = if findings.refuse() {
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
    // The exit code and the line on standard output have the result, even if standard error is closed.
    let _ = stderr().write_all(text.report(findings, ReportStyle::of_stderr()).as_bytes());
    context.print(&format!("{} {verdict}{}", text.path().display(), counts(findings)), severity)?;
    Ok(exit_code)
}

/// The numbers of errors and warnings, if there are any.
fn counts(findings: &Findings) -> String {
    let (errors, warnings): (Vec<_>, Vec<_>) =
        findings.all().iter().partition(|finding| finding.severity == Severity::Error);
    let counts = [(errors.len(), "error"), (warnings.len(), "warning")].into_iter().filter(|(count, _)| *count > 0);
    let counts: Vec<_> =
        counts.map(|(count, what)| format!("{count} {what}{}", if count == 1 { "" } else { "s" })).collect();
    if counts.is_empty() { String::new() } else { format!(": {}", counts.join(", ")) }
}

fn object(text: &Source, finding: &TemplateFinding) -> Value {
    let position = finding.span.map(|span| text.position(span));
    let (severity, code) = (finding.severity.to_string(), finding.code.code());
    let mut object = json!({ "severity": severity, "code": code, "path": finding.path, "message": finding.message });
    if let (Some(fields), Some((line, column))) = (object.as_object_mut(), position) {
        fields.insert("line".into(), line.into());
        fields.insert("column".into(), column.into());
    }
    if let (Some(fields), Some(help)) = (object.as_object_mut(), &finding.help) {
        fields.insert("help".into(), help.as_str().into());
    }
    object
}
