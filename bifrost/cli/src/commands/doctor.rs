//! `doctor`: what is wrong with the deployer in AWS, and what to run for it.

use super::arguments::{CloudArgs, Format, OutputArgs};
use super::error::CliError;
use super::escape_control::one_line;
use super::report::Paint;
use super::{ProgramRun, output};
use crate::client::ClientDeployer;
use crate::doctor::{DoctorFinding, Status, examine};
use bifrost_core::deployer::ConnectError;
use bifrost_core::release::AccountId;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Check the role in this target account; may be given several times [default: those of recent deploys]
    #[arg(long = "target", value_name = "ID")]
    targets: Vec<AccountId>,
    #[command(flatten)]
    cloud: CloudArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn examples(name: &str) -> String {
    format!(
        "Examples:
  {name} doctor
  {name} doctor --target 222222222222 --target 333333333333
  {name} doctor --output json

Nothing is changed. The function itself tries the roles, so it must be there, and
whoever asks be allowed to invoke it. Exit code 2 if anything is bad.

With --output json each line is an object with \"what\", \"status\" (good, warning,
bad), \"message\", and \"next_step\" if there is anything to do."
    )
}

pub(super) async fn run<D: ClientDeployer>(session: &ProgramRun<'_, D>, args: &Args) -> Result<u8, CliError> {
    if args.cloud.is_local() {
        return Err(CliError::DoctorNeedsAws(D::NAME));
    }
    let findings = match session.connect().await {
        Ok(connection) => examine(&connection, &args.targets, &session.deployer_args.program::<D>()).await,
        Err(CliError::Connect(ConnectError { problem, next_step })) => {
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

/// A line for the finding, and one for what to do.
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
    fn a_line_for_each_finding_and_below_it_what_to_do() {
        let lines = [
            finding("lock table", Status::Good, "coinbase-odin-locks is ACTIVE", None),
            finding("bucket: Object Lock", Status::Warning, "off", Some("`aws s3api put-object-lock-configuration`")),
            finding("function", Status::Bad, "there is no function", Some("`odin bootstrap --apply`")),
        ];
        insta::assert_snapshot!(lines.join("\n"), @r"
        ok    lock table: coinbase-odin-locks is ACTIVE
        warn  bucket: Object Lock: off
                `aws s3api put-object-lock-configuration`
        bad   function: there is no function
                `odin bootstrap --apply`
        ");
    }

    #[test]
    fn what_aws_repeats_of_strangers_writes_nothing_on_the_terminal_but_text() {
        let line = finding("role", Status::Bad, "\u{1b}[2J\nok    role", Some("\u{1b}c"));
        assert_eq!(line, "bad   role: \\u{1b}[2J\\nok    role\n        \\u{1b}c");
    }
}
