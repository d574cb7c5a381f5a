//! Why a person acts: options of the commands that the audit log records as acts of people.

use super::arguments::whoami;
use super::output;
use crate::client::{ActReport, Motive};
use bifrost_core::people::ActOutcome;
use std::sync::Arc;

/// A ticket, for commands that have a reason of their own.
#[derive(Debug, Default, clap::Args)]
pub(super) struct TicketArgs {
    /// Ticket for the audit log, such as OPS-42
    #[arg(long, value_name = "ID")]
    pub(super) ticket: Option<String>,
}

/// A reason and a ticket.
#[derive(Debug, Default, clap::Args)]
pub(super) struct MotiveArgs {
    /// Reason for the audit log
    #[arg(long, value_name = "TEXT")]
    pub(super) reason: Option<String>,
    #[command(flatten)]
    pub(super) ticket: TicketArgs,
}

impl MotiveArgs {
    /// The motive of the user of this machine, who reads what is worth knowing about the records.
    pub(super) fn motive(self) -> Motive {
        let report: ActReport = Arc::new(|outcome| {
            if let Some(note) = note(outcome) {
                output::note(&note);
            }
        });
        Motive { by: whoami(), reason: self.reason, ticket: self.ticket.ticket, report: Some(report) }
    }
}

impl TicketArgs {
    /// As [`MotiveArgs::motive`], with a reason.
    pub(super) fn motive(self, reason: Option<String>) -> Motive {
        MotiveArgs { reason, ticket: self }.motive()
    }
}

/// What the user should know: that the act is not recorded, or that another person must review it.
fn note(outcome: &ActOutcome) -> Option<String> {
    match (outcome, &outcome.id) {
        (ActOutcome { not_recorded: Some(why), .. }, None) => {
            Some(format!("note: this is not in the audit log: {why}"))
        }
        (ActOutcome { not_recorded: Some(why), .. }, Some(id)) => {
            Some(format!("note: the audit log does not have how act {id} ended: {why}"))
        }
        (ActOutcome { break_glass: true, .. }, Some(id)) => Some(format!(
            "note: another person must review this: it is act {id} of the audit log; `bifrost audit review` does so"
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bifrost_core::people::Effect;

    #[test]
    fn user_reads_of_what_is_missing_or_to_do() {
        let act = |id: Option<&str>, missing: Option<&str>, break_glass| {
            let (id, not_recorded) = (id.map(ToOwned::to_owned), missing.map(ToOwned::to_owned));
            note(&ActOutcome { id, not_recorded, break_glass, effect: Effect::Halted })
        };
        assert_eq!(act(Some("ID"), None, false), None);
        assert_eq!(act(None, None, true), None, "there is no log");
        let notes = [
            act(Some("ID"), None, true),
            act(None, Some("S3 is down"), true),
            act(Some("ID"), Some("S3 is down"), false),
        ];
        insta::assert_snapshot!(notes.map(Option::unwrap).join("\n"));
    }
}
