//! The audit log of deploys: records, requests, and what happens when it cannot be written.

use crate::fixture::{AccountsFixture, DEPLOYER, FUNCTION};
use crate::project::{Deployed, Project};
use bifrost::release::Sha256;
use bifrost_moto::Fault;
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(crate) const BUCKET: &str = "coinbase-audit-000000000000-us-east-1";
const TABLE: &str = "coinbase-audit";

impl AccountsFixture {
    /// An object of the audit log, as text.
    fn log_object(&self, key: &str) -> String {
        let object = self.aws(DEPLOYER, "s3", "GetObject", json!({"Bucket": BUCKET, "Key": key}));
        object["Body"].as_str().unwrap().to_owned()
    }

    /// The records of an execution, in order. Checks that they are a chain.
    fn records(&self, execution: &str) -> Vec<Value> {
        let list = json!({"Bucket": BUCKET, "Prefix": format!("records/{FUNCTION}/{execution}/")});
        let listed = self.aws(DEPLOYER, "s3", "ListObjectsV2", list);
        let keys = listed["Contents"].as_array().cloned().unwrap_or_default();
        let (mut records, mut previous) = (Vec::new(), None);
        for object in keys {
            for line in self.log_object(object["Key"].as_str().unwrap()).lines() {
                let record: Value = serde_json::from_str(line).unwrap();
                assert_eq!(record["number"], records.len() + 1, "{record:#}");
                assert_eq!(record.get("previous").and_then(Value::as_str), previous.as_deref(), "{record:#}");
                previous = Some(Sha256::of(line.as_bytes()).to_string());
                records.push(record);
            }
        }
        records
    }

    /// How many entries the table has, and how many the checkpoint covers.
    fn sizes_of_log(&self) -> (u64, u64) {
        let head = json!({"TableName": TABLE, "Key": {"key": {"S": "head"}}, "ConsistentRead": true});
        let head = self.aws(DEPLOYER, "dynamodb", "GetItem", head);
        let checkpoint = self.log_object("log/checkpoint");
        let published = checkpoint.lines().nth(1).unwrap().parse().unwrap();
        (head["Item"]["size"]["N"].as_str().unwrap().parse().unwrap(), published)
    }
}

fn of_kind<'r>(records: &'r [Value], kind: &str) -> Vec<&'r Value> {
    records.iter().filter(|record| record["kind"] == kind).collect()
}

/// The operations of the changes in a target account, as the records and as AWS's log of calls has them.
fn changes(fixture: &AccountsFixture, deployed: &Deployed) -> (BTreeMap<String, usize>, BTreeMap<String, usize>) {
    let count = |operations: &mut dyn Iterator<Item = String>| {
        let mut counts = BTreeMap::new();
        operations.for_each(|operation| *counts.entry(operation).or_insert(0) += 1);
        counts
    };
    let records = fixture.records(deployed.execution());
    let mut recorded =
        of_kind(&records, "change").into_iter().map(|change| change["operation"].as_str().unwrap().to_owned());
    let calls = fixture.moto.calls();
    let reads = ["Describe", "Get", "Head", "List", "Assume"];
    let is_change = |action: &str| !reads.iter().any(|verb| action.starts_with(verb));
    let made = calls.iter().filter(|call| call.account != DEPLOYER && is_change(&call.action));
    (count(&mut recorded), count(&mut made.map(|call| call.permission.clone())))
}

#[test]
fn every_change_is_recorded_with_its_request() {
    let Some(fixture) = AccountsFixture::shared() else { return };
    let project = Project::create(&fixture, "recorded");
    for _ in 0..2 {
        let deployed = project.deploy();
        assert_eq!(deployed.code, 0, "{deployed:#?}");
        let (recorded, made) = changes(&fixture, &deployed);
        assert_eq!(recorded, made);
        let records = fixture.records(deployed.execution());
        let (first, last) = (records.first().unwrap(), records.last().unwrap());
        assert_eq!((&first["kind"], &first["deployer"]["name"]), (&json!("start"), &json!(FUNCTION)));
        assert!(first["deployer"]["code_sha256"].is_string() && first["definition_sha256"].is_string(), "{first:#}");
        assert_eq!((&last["kind"], &last["outcome"]), (&json!("end"), &json!("Success")), "{last:#}");
        for change in of_kind(&records, "change") {
            assert!(change["request_id"].as_str().is_some_and(|id| id.len() > 10), "{change:#}");
            assert_eq!((&change["outcome"], change.get("untagged")), (&json!("done"), None), "{change:#}");
        }
        let announced = of_kind(&records, "may_change");
        assert!(!announced.is_empty() && announced.iter().all(|may| may["operations"].as_array().unwrap().len() > 5));
        assert_eq!((of_kind(&records, "lock_taken").len(), of_kind(&records, "lock_freed").len()), (1, 1));
    }
    let (sequenced, published) = fixture.sizes_of_log();
    assert_eq!(sequenced, published);
}

#[test]
fn release_is_refused_if_the_log_cannot_be_written() {
    let Some(fixture) = AccountsFixture::shared() else { return };
    let project = Project::create(&fixture, "unrecorded");
    let policy = fixture.aws(DEPLOYER, "s3", "GetBucketPolicy", json!({"Bucket": BUCKET}));
    let put = |policy: &Value| {
        let policy = json!({"Bucket": BUCKET, "Policy": policy.as_str().unwrap()});
        fixture.aws(DEPLOYER, "s3", "PutBucketPolicy", policy);
    };
    let deny = json!({"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": format!("arn:aws:s3:::{BUCKET}/*")});
    put(&json!(json!({"Version": "2012-10-17", "Statement": [deny]}).to_string()));
    let refused = project.deploy();
    put(&policy["Policy"]);

    assert_eq!((refused.code, &refused.end()["status"]), (2, &json!("FailureClean")), "{refused:#?}");
    let failure = refused.events.iter().find(|event| event["event"] == "failure").unwrap();
    assert_eq!((&failure["state"], &failure["error"]), (&json!("Validate"), &json!("BadReleaseError")), "{failure:#}");
    assert!(failure.to_string().contains("audit/unavailable"), "{failure:#}");
    assert_eq!(fixture.records(refused.execution()), [] as [Value; 0]);
    assert_eq!(project.deploy().code, 0);
}

/// The processes of the function are killed between any two steps of the log; retries complete it.
#[test]
fn killed_writer_leaves_a_complete_log() {
    let Some(fixture) = AccountsFixture::shared() else { return };
    let project = Project::create(&fixture, "killed-writer");
    for kill in [Fault::kill("kms", "Sign"), Fault::kill("kms", "Sign").after_the_effect()] {
        fixture.moto.faults(&[kill.function(FUNCTION)]);
        let deployed = project.deploy();
        fixture.moto.clear_faults();
        assert_eq!((deployed.code, &deployed.end()["status"]), (0, &json!("Success")), "{deployed:#?}");
        let records = fixture.records(deployed.execution());
        assert_eq!((of_kind(&records, "start").len(), of_kind(&records, "end").len()), (1, 1), "{records:#?}");
        let (sequenced, published) = fixture.sizes_of_log();
        assert_eq!(sequenced, published);
    }
}
