//! What is told of a deploy: the tone of the log's lines, and how it ended.

use crate::cloud::{ChangeSetStatus, ChangeSetType, StackStatus};
use crate::impact::refused_replacement_help;
use crate::log;
use crate::names::stack_name;
use crate::release::FenrirRelease;
use bifrost::client::{Changes, LogSeverity};

/// What a line of the log means, its time left out.
#[must_use]
pub(crate) fn tone(line: &str) -> LogSeverity {
    let loses = line.ends_with(log::HOLDS_DATA);
    match line.split(' ').next().unwrap_or_default() {
        "REPLACE" | "REPLACE?" | "REMOVE" if loses => LogSeverity::Bad,
        "REPLACE" | "REPLACE?" | "REMOVE" | "DYNAMIC" => LogSeverity::Warn,
        status if status.ends_with("_FAILED") => LogSeverity::Bad,
        status if status.contains("ROLLBACK") => LogSeverity::Warn,
        status if status.ends_with("_COMPLETE") => LogSeverity::Good,
        _ => LogSeverity::Plain,
    }
}

/// Why a halt comes too late, or does nothing.
#[must_use]
pub(crate) fn too_late(state: &str, release: &FenrirRelease) -> Option<String> {
    let is_new = release.fields.change_set_type == Some(ChangeSetType::Create);
    let status = &release.fields.stack_status;
    match state {
        "Execute" | "WaitForComplete" | "UpdateStack" | "Complete?" if is_new => Some(
            "the stack is being made for the first time, which CloudFormation cannot cancel: it goes on to its end"
                .into(),
        ),
        "WaitForComplete" | "UpdateStack" | "Complete?"
            if !status.is_unset() && *status != StackStatus::UpdateInProgress =>
        {
            Some(format!("the stack is in {status} already, which CloudFormation cannot cancel"))
        }
        "ReleaseLock" | "Success?" | "CleanUp" => Some("the deploy is over, and only cleans up".into()),
        _ => None,
    }
}

/// How a deploy ended, by the release as its last state gave it.
#[must_use]
pub(crate) fn changes(release: &FenrirRelease) -> Changes {
    let fields = &release.fields;
    let stack = stack_name(&release.envelope);
    if fields.change_set_empty == Some(true) {
        let note = format!("nothing to change: stack {stack} is what the template says already");
        return Changes { outputs: fields.outputs.clone(), notes: vec![note], ..Changes::default() };
    }
    if fields.stack_status.is_success() {
        let created = (fields.change_set_type == Some(ChangeSetType::Create)).then(|| format!("stack {stack}"));
        return Changes {
            created: created.into_iter().collect(),
            outputs: fields.outputs.clone(),
            ..Changes::default()
        };
    }
    Changes { notes: notes(release, &stack), ..Changes::default() }
}

/// What a person should know of a deploy that failed.
fn notes(release: &FenrirRelease, stack: &str) -> Vec<String> {
    let fields = &release.fields;
    let first = fields.log_summary.as_deref().and_then(log::first_failure);
    let refused = (fields.change_set_status == ChangeSetStatus::Failed)
        .then(|| format!("the change set failed: {}", fields.change_set_status_reason));
    let failed = first.map(|line| format!("failed first: {line}")).or(refused);
    let mut notes: Vec<String> = cancelled(release).or(failed).into_iter().collect();
    notes.extend(first.and_then(refused_replacement_help));
    notes.extend(outcome(&fields.stack_status, stack));
    notes
}

/// Why the update was cancelled, if it was: by a person, or by its timeout.
fn cancelled(release: &FenrirRelease) -> Option<String> {
    let error = release.envelope.error.as_ref()?;
    let is_cancelled = error.error == "HaltError" && !release.fields.stack_status.is_unset();
    is_cancelled.then(|| format!("cancelled: {}", error.cause))
}

/// What became of the stack, and what to do.
fn outcome(status: &StackStatus, stack: &str) -> Option<String> {
    Some(match status {
        StackStatus::RollbackComplete => format!("rolled back: all that was made for stack {stack} was removed again"),
        StackStatus::UpdateRollbackComplete => {
            format!("rolled back: stack {stack} is as it was before, and runs")
        }
        failed if failed.is_failed_rollback() => {
            format!(
                "the roll-back failed, too, and nothing can be deployed: {}, and unlock",
                status.remediation(stack)?
            )
        }
        StackStatus::DeleteComplete => format!("stack {stack} was deleted meanwhile, past the deployer"),
        status => status.remediation(stack)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_loses_data_is_bad_and_what_is_only_made_anew_needs_a_look() {
        for (line, expected) in [
            ("REPLACE AWS::DynamoDB::Table table KeySchema (it holds data)", LogSeverity::Bad),
            ("REMOVE AWS::Lambda::Function hello", LogSeverity::Warn),
            ("ADD AWS::DynamoDB::Table table (it holds data)", LogSeverity::Plain),
            ("CREATE_FAILED AWS::Lambda::Function hello no code", LogSeverity::Bad),
            ("UPDATE_ROLLBACK_COMPLETE AWS::CloudFormation::Stack sam-a-b", LogSeverity::Warn),
            ("UPDATE_COMPLETE AWS::Lambda::Function hello", LogSeverity::Good),
            ("UPDATE_IN_PROGRESS AWS::Lambda::Function hello", LogSeverity::Plain),
            ("", LogSeverity::Plain),
        ] {
            assert_eq!(tone(line), expected, "{line}");
        }
    }
}
