//! The audit log: what a deploy says of it, and receipts.

use super::{Hello, deployed, refusal_code};
use crate::shell::text;
use serde_json::{Value, json};

#[test]
fn deploy_says_whether_there_is_an_audit_log() {
    let shell = Hello::new("enabled");
    let events = shell.json("deploy release.json --local");
    let end = events.last().unwrap();
    // Its start is the first entry of the log.
    assert_eq!((&end["audit"], &end["audit_entry"]), (&json!("enabled"), &json!(1)));
    let text = text(&shell.run("deploy release.json --cloud other.sqlite --output text").stdout);
    assert!(text.contains("entry 1 of the audit log has the end of this deploy"), "{text}");
    assert!(text.contains("`bifrost audit show release-") && text.contains(" --cloud other.sqlite`"), "{text}");
}

#[test]
fn receipt_is_saved_with_the_release() {
    let shell = Hello::new("receipt");
    let output = shell.run("deploy release.json --local --receipt web.receipt");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let hint = "`bifrost audit verify --receipt web.receipt --release web.receipt.release.json --policy FILE`";
    assert!(text(&output.stderr).contains(hint), "{}", text(&output.stderr));
    let receipt = std::fs::read_to_string(shell.folder.join("web.receipt")).unwrap();
    assert!(
        receipt.starts_with("c2sp.org/tlog-proof@v1\n") && receipt.contains("\ncoinbase-audit/000000000000/"),
        "{receipt}"
    );
    let release: Value =
        serde_json::from_slice(&std::fs::read(shell.folder.join("web.receipt.release.json")).unwrap()).unwrap();
    let (deployed, _) = deployed(&shell);
    assert_eq!(release["release_id"], deployed);
}

#[test]
fn receipt_that_cannot_be_saved_is_refused_before_the_deploy() {
    let shell = Hello::new("no-receipt");
    assert_eq!(
        refusal_code(&shell, "deploy release.json --local --receipt absent/web.receipt"),
        "audit/file-unwritable"
    );
    assert!(!shell.folder.join(".bifrost").exists());
}

#[test]
fn refused_release_has_no_receipt() {
    let shell = Hello::new("refused-receipt");
    assert_eq!(shell.run("freeze acme/shop development --local --reason audit").status.code(), Some(0));
    let output = shell.run("deploy release.json --local --receipt web.receipt");
    assert_eq!(output.status.code(), Some(2), "the exit code is that of the deploy");
    let complaint = text(&output.stderr);
    assert!(
        complaint.contains("warning[audit/receipt-of-nothing]: ") && !complaint.contains("bifrost audit receipt"),
        "{complaint}"
    );
    assert!(!shell.folder.join("web.receipt").exists());
}

#[test]
fn log_that_needs_nothing_is_left_alone_by_reconcile() {
    let shell = Hello::new("reconcile");
    shell.json("deploy release.json --local");
    let [done] = shell.json("reconcile --local").try_into().unwrap();
    assert_eq!((&done["executions"], &done["appended"], &done["is_complete"]), (&json!(1), &json!(0), &json!(true)));
}
