//! The commands for auditors, as processes: their output and exit codes, on a log with deploys of every end.

mod copies;
mod office;

use crate::board::release;
use crate::client::{address, client};
use bifrost::client::Motive;
use office::Office;
use serde_json::{Value, json};
use std::sync::Arc;

fn releases(rows: &[Value]) -> Vec<(&str, &str)> {
    rows.iter().map(|row| (row["release_id"].as_str().unwrap(), row["outcome"].as_str().unwrap_or_default())).collect()
}

#[tokio::test]
async fn deploys_are_listed_newest_first() {
    let office = Office::with_deploys("list").await;
    let all = office.json("list --local", 0);
    let expected = [
        ("release-1-fourth", "Refused"),
        ("release-1-third", "FailureClean"),
        ("release-1-second", "Success"),
        ("release-1-first", "Success"),
    ];
    assert_eq!(releases(&all), expected);
    assert_eq!((&all[0]["code"], &all[3]["aws_account_id"]), (&json!("note/empty"), &json!("222222222222")));
    for (filter, count) in [
        ("--outcome failure-clean", 1),
        ("--outcome refused --project acme/shop", 1),
        ("--account 000000000000", 0),
        ("--deployer coinbase-board --config development", 4),
        ("--since 2026-03-01 --until 2026-03-01", 4),
        ("--since 2026-03-02", 0),
        ("--since 15m", 3),
        ("--person nobody", 0),
        ("--limit 2", 2),
    ] {
        assert_eq!(office.json(&format!("list --local {filter}"), 0).len(), count, "{filter}");
    }
    let limited = office.run("list --local --limit 2");
    assert!(String::from_utf8(limited.stderr).unwrap().contains("--limit"));
    insta::assert_snapshot!(office.text("list --local --output text", 0));
    assert_eq!(office.text("list --local --output text --project acme/other", 0), "no deploy matches\n");
}

#[tokio::test]
async fn deploy_is_shown_and_compared() {
    let office = Office::with_deploys("show").await;
    let text = office.text("show release-1-third --local --output text", 0);
    for part in ["FailureClean", "board:PinNote", "release-1-third", "Evidence", "access", "log entry"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let [story] = office.json("show release-1-third --local", 0).try_into().unwrap();
    assert_eq!(story["deploy"]["outcome"], "FailureClean");
    assert_eq!(story["problems"], json!([]));
    assert!(story["evidence"].as_array().unwrap().iter().all(|evidence| evidence["matches"] == true));
    let refused = office.text("show release-1-fourth --local --output text", 0);
    assert!(refused.contains("note/empty"), "{refused}");
    let [comparison] = office.json("diff release-1-first release-1-third --local", 0).try_into().unwrap();
    let names: Vec<&str> =
        comparison["different"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"Outcome") && names.contains(&"Release SHA-256"), "{names:?}");
    let (code, message) = office.error("show release-1-firstt --local", 2);
    assert_eq!(code, "audit/unknown-release");
    assert!(message.contains("did you mean release-1-first") && message.contains("audit list --local"), "{message}");
    assert_eq!(office.error("diff release-1-first nothing --local", 2).0, "audit/unknown-release");
}

#[tokio::test]
async fn intact_log_is_verified_and_its_checkpoint_kept() {
    let office = Office::with_deploys("verify").await;
    let [report] = office.json("verify --local", 0).try_into().unwrap();
    assert_eq!((&report["ok"], &report["executions"], &report["entries"]), (&json!(true), &json!(4), &json!(8)));
    assert!(office.path(".bifrost/cloud.sqlite.checkpoint").exists());
    let text = office.text("verify --local --output text", 0);
    assert!(text.starts_with("Verified: ") && text.contains("the 8 entries that the last verification saw"), "{text}");
    // With a policy, the key of the log itself is not asked.
    let given = office.run(&format!("verify --local --policy {}", office.policy()));
    assert_eq!((given.status.code(), given.stderr.len()), (Some(0), 0));
    // The checkpoint may be kept elsewhere.
    office.text("verify --local --state kept/seen", 0);
    assert!(office.path("kept/seen").exists());
}

#[tokio::test]
async fn altered_record_is_named() {
    let office = Office::with_deploys("altered").await;
    office.tamper("first/000002", |body| String::from_utf8(body).unwrap().replace("Lock", "Look").into_bytes());
    let [report] = office.json("verify --local", 1).try_into().unwrap();
    assert_eq!(report["ok"], false);
    let first = &report["findings"][0];
    assert!(first["key"].as_str().unwrap().contains("first/000002"), "{first}");
    let text = office.text("verify --local --output text", 1);
    assert!(text.starts_with("NOT INTACT: ") && text.contains("what now") && text.contains("What holds:"), "{text}");
    assert!(!office.path(".bifrost/cloud.sqlite.checkpoint").exists(), "only an intact log is remembered");
    assert_eq!(office.json("report --html report.html --local", 1)[0]["is_intact"], false);
}

#[tokio::test]
async fn rewritten_log_is_noticed_by_the_checkpoint_seen() {
    let office = Office::with_deploys("rewritten").await;
    office.text("verify --local --state seen", 0);
    let policy = office.policy();
    // Another log of the same name.
    let other = Office::with_deploys("rewritten-by").await;
    let seen = office.path("seen").display().to_string();
    let (code, message) = other.error(&format!("verify --local --state {seen}"), 2);
    assert!(code == "audit/last-checkpoint-invalid" && message.contains(&seen), "{code}: {message}");
    // With the policy of the first log, the other log is signed with an unknown key.
    let policy = office.path(policy).display().to_string();
    let [report] = other.json(&format!("verify --local --policy {policy}"), 1).try_into().unwrap();
    assert_eq!(report["findings"][0]["code"], "audit/checkpoint-key-unknown");
}

#[tokio::test]
async fn sample_can_be_drawn_again() {
    let office = Office::with_deploys("sample").await;
    let draw = |line: &str| office.json(&format!("sample --local {line}"), 0).remove(0);
    let sample = draw("--count 2 --seed 7");
    assert_eq!((&sample["population"], sample["deploys"].as_array().unwrap().len()), (&json!(4), 2));
    assert_eq!(draw("--count 2 --seed 7"), sample);
    assert_eq!(draw("--seed 8 --from 2026-03-02")["population"], 0);
    assert_eq!(office.error("sample --local", 2).0, "cli/usage");
    assert_eq!(office.error("sample --local --seed 7 --from 2026-03-02 --to 2026-03-01", 2).0, "audit/empty-period");
}

#[tokio::test]
async fn exports_have_all_deploys() {
    let office = Office::with_deploys("export").await;
    let csv = office.text("export --format csv --local", 0);
    assert!(csv.starts_with("release_id,") && csv.lines().count() == 5, "{csv}");
    assert_eq!(office.json("export --format jsonl --local --outcome success", 0).len(), 2);
    let envelopes = office.json("export --format in-toto --local", 0);
    assert_eq!(envelopes.len(), 4);
    assert_eq!(
        (&envelopes[0]["payloadType"], &envelopes[0]["signatures"]),
        (&json!("application/vnd.in-toto+json"), &json!([]))
    );
    office.json("keygen statements --out statements.key", 0);
    let signed = office.json("export --format in-toto --local --key statements.key", 0);
    assert_eq!(signed[0]["payload"], envelopes[0]["payload"]);
    assert!(signed[0]["signatures"][0]["keyid"].as_str().unwrap().starts_with("statements+"));
    let refused = |line: &str| office.run(&format!("export --local {line}"));
    for line in ["--format in-toto --acts", "--format csv --key statements.key", "--format in-toto --key absent"] {
        assert_eq!(refused(line).status.code(), Some(2), "{line}");
    }
}

#[tokio::test]
async fn report_is_one_file() {
    let office = Office::with_deploys("report").await;
    let written = office.json("report --html report.html --local", 0);
    assert_eq!((&written[0]["deploys"], &written[0]["is_intact"]), (&json!(4), &json!(true)));
    let html = std::fs::read_to_string(office.path("report.html")).unwrap();
    assert!(html.starts_with("<!DOCTYPE html>") && html.trim_end().ends_with("</html>"));
    for release in ["first", "second", "third", "fourth"] {
        assert!(html.contains(&format!("release-1-{release}")), "{release}");
    }
    office.text("report --html small.html --no-timelines --outcome success --local", 0);
    assert!(std::fs::metadata(office.path("small.html")).unwrap().len() < html.len() as u64);
    assert_eq!(office.error("report --html absent/report.html --local", 2).0, "audit/file-unwritable");
    let names = std::fs::read_dir(&office.folder).unwrap().map(|file| file.unwrap().file_name());
    assert!(!names.into_iter().any(|name| name.to_string_lossy().ends_with(".tmp")), "no temporary file is left");
}

#[tokio::test]
async fn act_waits_for_a_review_by_another_person() {
    let office = Office::new("review");
    let client = client(&office.harness);
    office.harness.upload(&release("first"), &[]).await.unwrap();
    office.harness.start(&release("first")).await.unwrap();
    office.harness.run_until(|| true).await.unwrap();
    let ada = client.acting(Motive { by: "ada@laptop".into(), reason: Some("it hangs".into()), ..Motive::default() });
    let address = address(&ada);
    let plan = ada.prepare_unlock(&address, Some("it hangs")).await.unwrap();
    ada.unlock(&address, plan).await.unwrap();

    let waiting = office.json("open --local", 1);
    let id = waiting[0]["id"].as_str().unwrap().to_owned();
    assert_eq!((&waiting[0]["action"], &waiting[0]["break_glass"]), (&json!("forced-unlock"), &json!(true)));
    office.text("copy open-copy --local", 0);
    let copied = office.text("open --copy open-copy --output text", 1);
    assert!(copied.contains("`bifrost audit review ID --note TEXT`, where the log is"), "{copied}");
    let text = office.text("open --local --output text", 1);
    assert!(text.contains("waits for a review") && text.contains("it hangs") && text.contains(&id), "{text}");
    let review = |user: &str, id: &str| {
        let mut command = office.command(&format!("review {id} --local --output json --note looked"));
        let output = command.env("USER", user).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let unknown = review("bob", "20260301T120000Z-0123456789abcdef");
    assert!(unknown.0 == Some(2) && unknown.1.contains("act/unknown"), "{unknown:?}");
    let (code, complaint) = review("bob", &id);
    assert_eq!(code, Some(0), "{complaint}");
    for act in waiting.iter().skip(1) {
        assert_eq!(review("bob", act["id"].as_str().unwrap()).0, Some(0));
    }
    // A copy is read only, and `show` is for deploys.
    office.text("copy copied --local", 0);
    let copied = office.text("open --all --copy copied --output text", 0);
    assert!(!copied.contains("review ID"), "{copied}");
    let (_, message) = office.error(&format!("show {id} --local"), 2);
    assert!(message.contains("it is an act of a person") && message.contains("audit open --all --local"), "{message}");
    assert_eq!(office.json("open --local", 0).len(), 0);
    let all = office.json("open --all --local", 0);
    let reviewed = all.iter().find(|act| act["id"] == json!(id)).unwrap();
    assert_eq!((&reviewed["reviews"][0]["note"], &reviewed["reviews"][0]["counts"]), (&json!("looked"), &json!(true)));
    assert_eq!(office.json("verify --local", 0)[0]["ok"], true);
}

#[tokio::test]
async fn place_without_a_log_is_refused() {
    let office = Office::with_deploys("nowhere").await;
    std::fs::write(office.path("garbage.sqlite"), "this is not a database, and long enough to be read as its header")
        .unwrap();
    std::fs::create_dir(office.path("empty")).unwrap();
    let mut places = vec![
        ("--cloud absent.sqlite", "audit/no-log"),
        ("--cloud garbage.sqlite", "local/not-a-database"),
        ("--copy absent", "audit/no-copy"),
        ("--copy garbage.sqlite", "audit/no-copy"),
        ("--copy empty", "audit/no-log"),
    ];
    if cfg!(not(feature = "aws")) {
        places.push(("", "cli/no-aws"));
    }
    for (place, code) in places {
        for command in ["list", "verify", "open", "show x", "sample --seed 1", "receipt x"] {
            let line = format!("{command} {place}");
            let output = office.run(&line);
            let complaint = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(2), "{line}: {complaint}");
            assert!(complaint.starts_with(&format!("error[{code}]: ")), "{line}: {complaint}");
        }
    }
    assert!(!office.path("absent.sqlite").exists());
    assert_eq!(office.error("review 1 --note x --copy empty", 2).0, "audit/copy-is-read-only");
    assert_eq!(office.error("reconcile --local", 2).0, "audit/reconcile-local");
}

#[test]
fn private_key_is_only_for_its_owner_and_never_overwritten() {
    let office = Office::new("keygen");
    let [made] = office.json("keygen coinbase-audit/000000000000/us-east-1", 0).try_into().unwrap();
    assert!(made["public_key"].as_str().unwrap().starts_with("coinbase-audit/000000000000/us-east-1+"), "{made}");
    let path = office.path("coinbase-audit-000000000000-us-east-1.key");
    let private = std::fs::read_to_string(&path).unwrap();
    assert!(private.starts_with("PRIVATE+KEY+") && !made.to_string().contains(private.trim()));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert_eq!(office.error("keygen coinbase-audit/000000000000/us-east-1", 2).0, "audit/key-exists");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), private);
    let text = office.text("keygen other --out other.key --output text", 0);
    assert!(text.contains("\nlog other+") && !text.contains("PRIVATE+KEY"), "{text}");
    for name in ["a+b", "", "../x"] {
        let refused = office.command("keygen").arg(name).output().unwrap();
        assert_eq!(refused.status.code(), Some(2), "{name}");
    }
    assert_eq!(office.error("keygen third --out absent/third.key", 2).0, "audit/file-unwritable");
}

#[test]
fn schema_is_json() {
    let office = Office::new("schema");
    let schema: Value = serde_json::from_str(&office.text("schema", 0)).unwrap();
    assert!(schema["$schema"].as_str().unwrap().contains("json-schema.org"));
}

#[tokio::test]
async fn local_cloud_is_closed_when_nobody_uses_it() {
    let office = Office::new("closed");
    let store = Arc::downgrade(office.harness.store());
    drop(office);
    assert_eq!(store.strong_count(), 0);
    let office = Office::with_deploys("closed").await;
    let store = Arc::downgrade(office.harness.store());
    drop(office);
    assert_eq!(store.strong_count(), 0);
}
