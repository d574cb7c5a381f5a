//! `bifrost audit verify --receipt`: whether a receipt proves a deploy.

use super::AuditCliError;
use super::files::read_file;
use crate::commands::arguments::Format;
use crate::commands::error::CliError;
use crate::commands::output;
use crate::commands::report::Paint;
use crate::commands::time::moment;
use bifrost_audit::policy::Policy;
use bifrost_audit::receipt::{VerifiedReceipt, verify_receipt};
use bifrost_core::audit::{LogEntry, Outcome};
use bifrost_core::strip_control::one_line;
use serde_json::{Value, json};
use std::path::Path;

pub(super) fn run(receipt: &Path, release: &Path, policy: &Policy, format: Format) -> Result<u8, CliError> {
    let text = read_file(receipt)?;
    let text = String::from_utf8_lossy(&text);
    let release = read_file(release)?;
    let verified = verify_receipt(&text, &release, policy);
    match (verified, format) {
        (Ok(verified), Format::Json) => output::print_json(&receipt_json(&verified))?,
        (Ok(verified), Format::Text) => output::print(&receipt_lines(&verified, Paint::for_stdout()).join("\n"))?,
        (Err(source), _) => {
            let error = AuditCliError::Receipt { path: receipt.into(), source: Box::new(source) };
            return Err(error.into());
        }
    }
    Ok(0)
}

/// Whether the entry says that its release was deployed.
fn is_deployed(entry: &LogEntry) -> bool {
    entry.outcome == Some(Outcome::Success)
}

fn receipt_json(receipt: &VerifiedReceipt) -> Value {
    let VerifiedReceipt { entry, index, origin, size, signers } = receipt;
    let deployed = is_deployed(entry);
    json!({"ok": true, "deployed": deployed, "origin": origin, "index": index, "size": size, "signers": signers, "entry": entry})
}

fn receipt_lines(receipt: &VerifiedReceipt, paint: Paint) -> Vec<String> {
    let VerifiedReceipt { entry, index, origin, size, signers } = receipt;
    let optional = |field: &Option<String>| one_line(field.as_deref().unwrap_or("-")).into_owned();
    let headline = match entry.outcome {
        _ if is_deployed(entry) => {
            paint.good("Valid: the audit log has this deploy, and the release was deployed (Success)")
        }
        Some(outcome) => paint.busy(&format!(
            "Valid: the audit log has this attempt; it ended as {}, and the release was not deployed",
            outcome.name()
        )),
        None => paint.busy("Valid: the audit log has the start of this attempt; it proves only that it began"),
    };
    vec![
        headline,
        format!("  release    {}", optional(&entry.release_id)),
        format!("  of         {} {}", optional(&entry.project_name), optional(&entry.config_name)),
        format!("  into       account {}, {}", optional(&entry.aws_account_id), optional(&entry.aws_region)),
        format!("  by         {}", one_line(&entry.deployer)),
        format!("  at         {}", moment(entry.time)),
        format!("  log        {}, entry {index} of {size}", one_line(origin)),
        format!("  signed by  {}", one_line(&signers.join(", "))),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receipt(kind: &str, outcome: Option<&str>) -> VerifiedReceipt {
        let entry = json!({
            "schema": 1, "kind": kind, "time": "2026-11-30T12:00:00Z", "deployer": "coinbase-odin", "outcome": outcome,
            "records": "records/coinbase-odin/web", "number": 1, "sha256": "0".repeat(64),
        });
        let entry = serde_json::from_value(entry).unwrap();
        VerifiedReceipt { entry, index: 3, origin: "audit/0/x".into(), size: 8, signers: vec!["key".into()] }
    }

    #[test]
    fn receipt_says_whether_the_release_was_deployed() {
        for (kind, outcome, deployed, part) in [
            ("ended", Some("Success"), true, "the release was deployed"),
            ("ended", Some("FailureClean"), false, "ended as FailureClean, and the release was not deployed"),
            ("ended", Some("FailureDirty"), false, "ended as FailureDirty, and the release was not deployed"),
            ("closed", Some("Stopped"), false, "ended as Stopped, and the release was not deployed"),
            ("started", None, false, "proves only that it began"),
        ] {
            let receipt = receipt(kind, outcome);
            assert_eq!(receipt_json(&receipt)["deployed"], deployed, "{kind} {outcome:?}");
            let headline = receipt_lines(&receipt, Paint::none()).remove(0);
            assert!(headline.contains(part), "{kind} {outcome:?}: {headline}");
        }
    }
}
