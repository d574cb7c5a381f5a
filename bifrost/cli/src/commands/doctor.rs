//! `doctor`: checks the deployer in AWS, and shows the remedies.

use super::arguments::{Format, OutputArgs};
use super::error::CliError;
use super::report::Paint;
use super::{ProgramRun, output};
use crate::client::ClientDeployer;
use crate::doctor::{DoctorFinding, Status, examine};
use bifrost_core::deployer::ConnectError;
use bifrost_core::release::AccountId;
use bifrost_core::strip_control::one_line;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Target account whose role to check; may be repeated [default: accounts of recent deploys]
    #[arg(long = "target", value_name = "ID")]
    targets: Vec<AccountId>,
    // Accepted to explain that `doctor` does not use them.
    #[arg(long, hide = true)]
    local: bool,
    #[arg(long, alias = "world", hide = true)]
    cloud: Option<PathBuf>,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn examples(name: &str) -> String {
    format!(
        "Examples:
  {name} doctor
  {name} doctor --target 222222222222 --target 333333333333
  {name} doctor --output json

It changes nothing. The deployer's function checks the roles in target
accounts, so it must exist, and you need permission to invoke it. The exit
code is 2 if a check finds a fault.

With --output json each line is an object with what, status (good, warning,
bad), message, and next_step if there is a remedy."
    )
}

pub(super) async fn run<D: ClientDeployer>(session: &ProgramRun<'_, D>, args: &Args) -> Result<u8, CliError> {
    if args.local || args.cloud.is_some() {
        return Err(CliError::DoctorNeedsAws(session.deployer_args.program::<D>()));
    }
    let findings = match session.connect().await {
        Ok(connection) => examine(&connection, &args.targets, &session.deployer_args.program::<D>()).await,
        Err(CliError::Connect(error)) => {
            let ConnectError { problem, next_step, .. } = *error;
            vec![DoctorFinding::bad("access", problem, next_step)]
        }
        Err(error) => return Err(error),
    };
    for finding in &findings {
        match args.output.format() {
            Format::Json => output::print_json(finding)?,
            Format::Text => output::print(&text(finding, Paint::for_stdout()))?,
        }
    }
    let is_bad = findings.iter().any(|finding| finding.status == Status::Bad);
    Ok(if is_bad { 2 } else { 0 })
}

/// One line for the finding, and one for the remedy.
fn text(finding: &DoctorFinding, paint: Paint) -> String {
    let DoctorFinding { what, status, message, next_step } = finding;
    let status = match status {
        Status::Good => paint.good("ok  "),
        Status::Warning => paint.busy("warn"),
        Status::Bad => paint.bad("bad "),
    };
    let line = format!("{status}  {}: {}", paint.strong(&one_line(what)), one_line(message));
    match next_step {
        Some(step) => format!("{line}\n        {}", paint.dim(&one_line(step))),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(what: &str, status: Status, message: &str, next_step: Option<&str>) -> String {
        let next_step = next_step.map(ToOwned::to_owned);
        text(&DoctorFinding { what: what.into(), status, message: message.into(), next_step }, Paint::none())
    }

    #[test]
    fn finding_is_followed_by_its_remedy() {
        let lines = [
            finding("lock table", Status::Good, "coinbase-odin-locks is ACTIVE", None),
            finding("bucket: Object Lock", Status::Warning, "off", Some("`aws s3api put-object-lock-configuration`")),
            finding("function", Status::Bad, "not found", Some("`odin bootstrap --apply`")),
        ];
        insta::assert_snapshot!(lines.join("\n"), @r"
        ok    lock table: coinbase-odin-locks is ACTIVE
        warn  bucket: Object Lock: off
                `aws s3api put-object-lock-configuration`
        bad   function: not found
                `odin bootstrap --apply`
        ");
    }

    #[test]
    fn control_characters_are_escaped() {
        let line = finding("role", Status::Bad, "\u{1b}[2J\nok    role", Some("\u{1b}c"));
        assert_eq!(line, "bad   role: \\u{1b}[2J\\nok    role\n        \\u{1b}c");
    }
}
