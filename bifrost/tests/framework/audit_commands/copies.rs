//! Copies of a log and receipts: what is checked without the cloud.

use super::office::Office;
use crate::board::release;
use serde_json::json;

#[tokio::test]
async fn copy_is_verified_without_the_cloud() {
    let office = Office::with_deploys("copy").await;
    let policy = office.policy();
    let listed = office.text("list --local", 0);
    let first = office.json("copy copied --local", 0);
    assert!(first[0]["downloaded"].as_u64().unwrap() > 8, "{first:?}");
    let again = office.json("copy copied --local", 0);
    assert_eq!((&again[0]["downloaded"], &again[0]["unchanged"]), (&json!(0), &first[0]["downloaded"]));
    std::fs::remove_dir_all(office.path(".bifrost")).unwrap();
    assert_eq!(office.text("list --copy copied", 0), listed);
    let verify = format!("verify --copy copied --policy {policy}");
    assert_eq!(office.json(&verify, 0)[0]["ok"], true);
    assert_eq!(office.error("verify --copy copied", 2).0, "audit/policy-required");
    let policy_of_copy = office.run("policy --copy copied");
    assert!(String::from_utf8(policy_of_copy.stderr).unwrap().starts_with("error[audit/no-public-key]: "));
    // A record is missing, then the whole end of the copy.
    let records = office.path("copied/records/coinbase-board");
    let deploy = std::fs::read_dir(records).unwrap().next().unwrap().unwrap().path();
    std::fs::remove_file(deploy.join("000001")).unwrap();
    assert_eq!(office.json(&verify, 1)[0]["ok"], false);
    std::fs::remove_file(office.path("copied/log/checkpoint")).unwrap();
    let (code, message) = office.error("list --copy copied", 2);
    assert!(code == "audit/no-checkpoint" && message.contains("has objects, such as log/"), "{code}: {message}");
    let report = office.run("report --html report.html --copy copied");
    let complaint = String::from_utf8(report.stderr).unwrap();
    assert!(report.status.code() == Some(2) && complaint.contains("error[audit/no-checkpoint]: "), "{complaint}");
    // There are objects of a log, so its checkpoint was deleted.
    let [report] = office.json(&format!("{verify} --state none"), 1).try_into().unwrap();
    let codes: Vec<_> = report["findings"].as_array().unwrap().iter().map(|finding| &finding["code"]).collect();
    assert!(codes.contains(&&json!("audit/checkpoint-missing")), "{codes:?}");
    // In an empty folder there are none, but there was a log when it was verified.
    std::fs::create_dir(office.path("empty")).unwrap();
    let verify = format!("verify --copy empty --policy {policy}");
    assert_eq!(office.error(&format!("{verify} --state none"), 2).0, "audit/no-log");
    assert_eq!(office.json(&verify, 1)[0]["findings"][0]["code"], "audit/rolled-back");
}

#[tokio::test]
async fn older_copy_is_no_accusation() {
    let office = Office::with_deploys("older").await;
    let policy = office.policy();
    office.text("copy old --local", 0);
    office.harness.deploy(&release("fifth"), &[]).await.unwrap();
    office.text("copy new --local", 0);
    for round in 0..2 {
        office.text(&format!("verify --copy new --policy {policy}"), 0);
        let old = office.text(&format!("verify --copy old --policy {policy} --output text"), 0);
        assert!(old.starts_with("Verified: no error, 1 warning: "), "{round}: {old}");
        for part in ["older copy", "--state", ".checkpoint"] {
            assert!(old.contains(part), "{part}: {old}");
        }
    }
    // The log itself never shrinks.
    office.text(&format!("verify --copy new --policy {policy} --state seen"), 0);
    std::fs::rename(office.path("seen"), office.path("kept")).unwrap();
    let other = Office::with_deploys("older-by").await;
    let seen = office.path("kept").display().to_string();
    let (_, message) = other.error(&format!("verify --local --state {seen}"), 2);
    assert!(message.contains("pass another one with --state"), "{message}");
}

#[tokio::test]
async fn altered_file_of_a_copy_is_replaced_on_check() {
    let office = Office::with_deploys("copy-check").await;
    office.text("copy copied --local", 0);
    let records = office.path("copied/records/coinbase-board");
    let file = std::fs::read_dir(records).unwrap().next().unwrap().unwrap().path().join("000001");
    let right = std::fs::read(&file).unwrap();
    std::fs::write(&file, vec![b'x'; right.len()]).unwrap();
    let again = office.json("copy copied --local", 0);
    assert_eq!((&again[0]["downloaded"], &again[0]["replaced"]), (&json!(0), &json!(0)));
    let checked = office.json("copy copied --local --check", 0);
    assert_eq!((&checked[0]["downloaded"], &checked[0]["replaced"]), (&json!(1), &json!(1)));
    assert_eq!(std::fs::read(&file).unwrap(), right);
}

#[tokio::test]
async fn garbage_in_a_copy_is_an_error_or_a_finding() {
    let office = Office::with_deploys("garbage").await;
    let policy = office.policy();
    office.text("copy copied --local", 0);
    let verify = format!("verify --copy copied --policy {policy}");
    for (file, content) in [
        ("copied/foreign.txt", &b"\x1b[2J\xff\x00"[..]),
        ("copied/records/coinbase-board/x/000001", b"{\"schema\": 99}\n"),
        ("copied/log/tile/entries/000.p/8", b"\xff\xff"),
        ("copied/log/checkpoint", b"\xff\xfe not a note"),
    ] {
        let path = office.path(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
        let output = office.run(&verify);
        assert!(matches!(output.status.code(), Some(0 | 1)), "{file}: {output:?}");
        for line in ["list", "show release-1-first", "open", "sample --seed 1"] {
            let output = office.run(&format!("{line} --copy copied --output text"));
            let (out, complaint) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
            assert!(matches!(output.status.code(), Some(0 | 2)), "{file}: {line}: {complaint}");
            assert!(
                !out.contains('\u{1b}') && !complaint.contains('\u{1b}') && !complaint.contains("panicked"),
                "{line}"
            );
        }
    }
    assert_eq!(office.run(&verify).status.code(), Some(1));
}

#[tokio::test]
async fn refused_release_has_no_receipt() {
    let office = Office::with_deploys("no-receipt").await;
    let output = office.run("receipt release-1-fourth --local");
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{complaint}");
    assert!(complaint.starts_with("error[audit/receipt-of-nothing]: "), "{complaint}");
}

#[tokio::test]
async fn receipt_proves_one_release() {
    let office = Office::with_deploys("receipt").await;
    let policy = office.policy();
    office.text("receipt release-1-first --out first.receipt --local", 0);
    let stored = |id: &str| {
        let name = format!("222222222222/acme/shop/development/release-1-{id}/release");
        let read = |state: &bifrost::local::LocalState<_>| {
            let account = &state.accounts[&"000000000000".parse().unwrap()];
            account.buckets[&"coinbase-board-000000000000".parse().unwrap()].objects[&name].body.to_vec()
        };
        office.harness.store().read(read).unwrap()
    };
    std::fs::write(office.path("first.json"), stored("first")).unwrap();
    std::fs::write(office.path("second.json"), stored("second")).unwrap();
    // Nothing but the files is needed.
    std::fs::remove_dir_all(office.path(".bifrost")).unwrap();
    let verify = |receipt: &str, release: &str, policy: &str| {
        format!("verify --receipt {receipt} --release {release} --policy {policy}")
    };
    let [valid] = office.json(&verify("first.receipt", "first.json", policy), 0).try_into().unwrap();
    assert_eq!((&valid["ok"], &valid["entry"]["outcome"]), (&json!(true), &json!("Success")));
    let text = office.text(&format!("{} --output text", verify("first.receipt", "first.json", policy)), 0);
    assert!(text.starts_with("Valid: ") && text.contains("release-1-first"), "{text}");
    let error = |receipt, release, policy, code| office.error(&verify(receipt, release, policy), code).0;
    assert_eq!(error("first.receipt", "second.json", policy, 1), "audit/receipt-other-release");
    assert_eq!(error("first.json", "first.json", policy, 1), "audit/receipt-malformed");
    assert_eq!(error("absent", "first.json", policy, 2), "audit/file-unreadable");
    assert_eq!(error("first.receipt", "first.json", "first.json", 2), "audit/policy-invalid");
    let key = office.json("keygen coinbase-audit/000000000000/us-east-1", 0)[0]["public_key"].clone();
    std::fs::write(office.path("other.policy"), format!("log {}\n", key.as_str().unwrap())).unwrap();
    assert_eq!(error("first.receipt", "first.json", "other.policy", 1), "audit/receipt-key-unknown");
}
