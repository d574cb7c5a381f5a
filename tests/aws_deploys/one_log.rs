//! One audit log that three deployers write: what an auditor reads of it, and what it costs.

use crate::application::Application;
use crate::audit::BUCKET;
use crate::fixture::{AccountsFixture, DEPLOYER, FUNCTION, TARGET};
use crate::project::{Deployed, Project};
use crate::shell::text;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// The functions of the other deployers.
const FENRIR: &str = "coinbase-fenrir";
const HELLO: &str = "coinbase-hello";

/// The requests of two entries of the log, if no other writer interferes. A function that has just started also asks for the
/// public key, once.
const TWO_ENTRIES: [(&str, usize); 4] =
    [("dynamodb:BatchGetItem", 2), ("dynamodb:GetItem", 2), ("dynamodb:TransactWriteItems", 2), ("kms:Sign", 2)];

/// Three deployers in the same accounts, and an auditor. No other test writes their log.
struct OneLog {
    odin: AccountsFixture,
    fenrir: AccountsFixture,
    hello: AccountsFixture,
    auditor: AccountsFixture,
}

/// A program of another package, which a build of the whole workspace places beside this one's.
pub(crate) fn program_beside(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_BIN_EXE_odin")).with_file_name(name);
    assert!(path.exists(), "no {}: run `cargo build --workspace --all-features --bins`", path.display());
    path
}

impl OneLog {
    fn set() -> Option<Self> {
        let odin = AccountsFixture::set(env!("CARGO_BIN_EXE_odin"), "one-log-odin", "")?;
        let fenrir = odin.beside(program_beside("fenrir"), "one-log-fenrir");
        fenrir.bootstrap(&format!("--reader {TARGET}"));
        let hello = odin.beside(program_beside("hello"), "one-log-hello");
        hello.bootstrap("");
        let auditor = odin.beside(program_beside("bifrost"), "one-log-auditor");
        odin.moto.pace(&json!({"sfn_scale": 0.01}));
        Some(Self { odin, fenrir, hello, auditor })
    }

    /// Runs a command of the auditor. Returns its exit code and its output.
    fn audit(&self, line: &str) -> (i32, String) {
        let AccountsFixture { moto, shell } = &self.auditor;
        let mut command = shell.command(&format!("audit {line}"));
        // Not in the folders of the user who runs the tests.
        command.env("XDG_CACHE_HOME", &shell.folder).env("XDG_STATE_HOME", &shell.folder);
        let output = command.envs(moto.environment(DEPLOYER)).output().unwrap();
        let code = output.status.code().unwrap();
        assert!(code < 2, "{line}: {}", text(&output.stderr));
        (code, text(&output.stdout))
    }

    fn audit_json(&self, line: &str) -> Vec<Value> {
        let (_, output) = self.audit(line);
        output.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Verifies the log, or a copy of it, with the policy that the auditor keeps. Returns the report.
    fn verify(&self, arguments: &str) -> Value {
        let (code, report) = self.audit(&format!("verify --policy log.policy {arguments}"));
        let report: Value = serde_json::from_str(&report).unwrap();
        assert_eq!(report["ok"], code == 0, "{report:#}");
        report
    }

    /// Checks that verification finds one fault, with this code and in this object.
    fn assert_fault(&self, arguments: &str, code: &str, key: &str) {
        let report = self.verify(arguments);
        let [fault] = report["findings"].as_array().unwrap().as_slice() else { panic!("{report:#}") };
        assert_eq!((&fault["code"], &fault["key"]), (&json!(code), &json!(key)), "{report:#}");
    }

    /// Alters an object of a deploy, in the copy and then in the bucket.
    fn assert_alteration_is_named(&self, (deployer, end): &(&str, Value)) {
        let key = format!("records/{deployer}/{}/000002", end["execution"].as_str().unwrap());
        let object = self.odin.aws(DEPLOYER, "s3", "GetObject", json!({"Bucket": BUCKET, "Key": key}));
        let altered = object["Body"].as_str().unwrap().replacen("tests/together", "tests/elsewhere", 1);
        self.auditor.shell.write(&format!("copied/{key}"), &altered);
        self.assert_fault("--copy copied", "audit/record-altered", &key);
        self.odin.aws(DEPLOYER, "s3", "PutObject", json!({"Bucket": BUCKET, "Key": key, "Body": altered}));
        self.assert_fault("", "audit/object-overwritten", &key);
    }

    /// Checks what the log added to the last deploy: requests to S3 beside those of its two entries, and bytes of records.
    /// `docs/auditors.md` says what a deploy costs; change it when these numbers change.
    fn assert_cost(&self, deployer: &str, end: &Value, of_s3: [(&str, usize); 3], bytes: Range<u64>) {
        let expected = TWO_ENTRIES.into_iter().chain(of_s3).map(|(operation, count)| (operation.to_owned(), count));
        assert_eq!(self.requests(deployer), expected.collect(), "{end:#}");
        let records: u64 =
            self.sizes(&format!("records/{deployer}/{}/", end["execution"].as_str().unwrap())).iter().sum();
        assert!(bytes.contains(&records), "{records} bytes: {end:#}");
    }

    /// The calls that the log added to the last deploy, by operation. The deployer's function made all of them, but for those with
    /// which the client looks for the end of its deploy.
    fn requests(&self, deployer: &str) -> BTreeMap<String, usize> {
        let mut requests = BTreeMap::new();
        for call in self.odin.moto.calls() {
            let is_of_log = |resource: &String| resource.contains("coinbase-audit");
            if call.service == "kms" || call.resource.as_ref().is_some_and(is_of_log) {
                if call.function.is_none() {
                    assert!(call.action.starts_with("Get") || call.action.starts_with("List"), "{call:#?}");
                    continue;
                }
                assert_eq!(call.function.as_deref(), Some(deployer), "{call:#?}");
                *requests.entry(format!("{}:{}", call.service, call.action)).or_default() += 1;
            }
        }
        requests
    }

    /// The sizes of the objects below a prefix, in bytes.
    fn sizes(&self, prefix: &str) -> Vec<u64> {
        let list = json!({"Bucket": BUCKET, "Prefix": prefix});
        let objects = self.odin.aws(DEPLOYER, "s3", "ListObjectsV2", list);
        objects["Contents"].as_array().unwrap().iter().map(|object| object["Size"].as_u64().unwrap()).collect()
    }

    /// Deploys with both deployers by turns. Returns what the auditor must find, the newest first: the deployer, and the end that its
    /// client saw.
    fn deploy_all(&self) -> Vec<(&'static str, Value)> {
        let project = Project::create(&self.odin, "together");
        let mut application = Application::create(&self.fenrir, "together");
        let deployed = project.deploy().end().clone();
        let created = application.deploy().end().clone();

        // Eight attempts of tasks, one of which waits for a lifecycle hook, write twelve objects of records; each entry writes a tile, a
        // bundle and the checkpoint.
        let replaced = project.deploy().end().clone();
        let of_s3 = [("s3:GetObject", 15), ("s3:ListObjectsV2", 8), ("s3:PutObject", 12 + 2 * 3)];
        self.assert_cost(FUNCTION, &replaced, of_s3, 34_000..39_000);

        application.template["Resources"]["hello"]["Properties"]["Timeout"] = json!(20);
        self.odin.moto.clear_calls();
        let updated = application.deploy().end().clone();
        let of_s3 = [("s3:GetObject", 13), ("s3:ListObjectsV2", 7), ("s3:PutObject", 9 + 2 * 3)];
        self.assert_cost(FENRIR, &updated, of_s3, 11_000..13_000);
        let [bundle] = self.sizes("log/tile/entries/000.p/8")[..] else { panic!("no bundle of eight entries") };
        assert!((8 * 660..8 * 740).contains(&bundle), "{bundle} bytes");

        for end in [&deployed, &created, &replaced, &updated] {
            assert_eq!(end["status"], "Success", "{end:#}");
        }
        let halted = halted(&self.odin, &project).end().clone();
        let [off, on, back] = self.set_flag();
        vec![
            (HELLO, back),
            (HELLO, on),
            (HELLO, off),
            (FUNCTION, halted),
            (FENRIR, updated),
            (FUNCTION, replaced),
            (FENRIR, created),
            (FUNCTION, deployed),
        ]
    }

    /// Sets a flag with the smallest deployer twice, and rolls back. Returns the three ends.
    fn set_flag(&self) -> [Value; 3] {
        let table = json!({
            "TableName": "flags",
            "AttributeDefinitions": [
                {"AttributeName": "flag", "AttributeType": "S"},
                {"AttributeName": "number", "AttributeType": "N"},
            ],
            "KeySchema": [
                {"AttributeName": "flag", "KeyType": "HASH"},
                {"AttributeName": "number", "KeyType": "RANGE"},
            ],
            "BillingMode": "PAY_PER_REQUEST",
        });
        self.hello.target("dynamodb", "CreateTable", table);
        let project = format!("tests/together development --account {TARGET}");
        let [off, on] = ["off", "on"].map(|value| {
            let release = json!({
                "project_name": "tests/together", "config_name": "development", "aws_account_id": TARGET, "flag": "beta",
                "value": value,
            });
            self.hello.shell.write("flag.json", release.to_string());
            end(&self.hello, "deploy flag.json")
        });
        let back = end(&self.hello, &format!("rollback {project}"));
        let items = self.hello.target("dynamodb", "Scan", json!({"TableName": "flags"}));
        let mut versions: Vec<_> =
            items["Items"].as_array().unwrap().iter().map(|item| (&item["number"]["N"], &item["value"]["S"])).collect();
        versions.sort_by_key(|(number, _)| number.as_str());
        assert_eq!(
            format!("{versions:?}"),
            r#"[(String("1"), String("off")), (String("2"), String("on")), (String("3"), String("off"))]"#
        );
        [off, on, back]
    }
}

/// The end of a deploy that a command follows.
fn end(fixture: &AccountsFixture, line: &str) -> Value {
    let output = fixture.run(line);
    let shown = text(&output.stdout);
    let last = shown.lines().last().unwrap_or_else(|| panic!("{line}: {}", text(&output.stderr)));
    let end: Value = serde_json::from_str(last).unwrap();
    assert_eq!(end["status"], "Success", "{end:#}");
    end
}

/// A deploy that is halted while its instances are not healthy.
fn halted(odin: &AccountsFixture, project: &Project<'_>) -> Deployed {
    odin.never_healthy();
    let mut deploy = project.start();
    deploy.wait_for("state", "WaitForDeploy");
    let halt = odin.run(&format!("halt {} --reason wrong", project.write()));
    assert_eq!(halt.status.code(), Some(0), "{halt:?}");
    let halted = deploy.finish();
    odin.healthy_at_once();
    assert_eq!((halted.code, &halted.end()["status"]), (1, &json!("FailureClean")), "{halted:#?}");
    halted
}

#[test]
fn three_deployers_write_one_log() {
    let Some(log) = OneLog::set() else { return };
    let deploys = log.deploy_all();

    let (_, policy) = log.audit("policy");
    log.auditor.shell.write("log.policy", policy);
    log.audit("copy copied");
    for arguments in ["", "--copy copied"] {
        let report = log.verify(arguments);
        assert_eq!(report["findings"], json!([]), "{report:#}");
        // A start and an end of each deploy; the halt and its result.
        let checked = ["executions", "acts", "open", "uncommitted", "entries", "size"].map(|field| &report[field]);
        assert_eq!(checked, [8, 1, 0, 0, 18, 18].map(|count| json!(count)).each_ref(), "{report:#}");
    }
    let listed = log.audit_json("list");
    let listed: Vec<_> = listed.iter().map(|one| (&one["deployer"], &one["release_id"], &one["outcome"])).collect();
    let deployers: Vec<_> = deploys.iter().map(|(deployer, _)| json!(deployer)).collect();
    let expected =
        deployers.iter().zip(&deploys).map(|(deployer, (_, end))| (deployer, &end["release_id"], &end["status"]));
    assert_eq!(listed, expected.collect::<Vec<_>>());
    for (deployer, end) in &deploys {
        let shown = log.audit_json(&format!("show {}", end["release_id"].as_str().unwrap()));
        assert_eq!((shown.len(), &shown[0]["deployer"]["name"]), (1, &json!(deployer)), "{shown:#?}");
        let steps = shown[0]["steps"].as_array().unwrap();
        assert!(steps.iter().all(|step| step["is_committed"] == true), "{steps:#?}");
    }
    log.assert_alteration_is_named(&deploys[4]);
}
