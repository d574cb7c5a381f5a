//! AWS as moto emulates it: one process for all tests, and an account for each.

use super::fixture::{REGION, RegionFixture};
use aws_sdk_ec2::config::Credentials;
use bifrost::aws::{AwsSession, CallScope};
use bifrost::cloud::Principal;
use bifrost_moto::Moto;
use fenrir::cloud::aws::ports;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

static MOTO: LazyLock<Option<Moto>> = LazyLock::new(Moto::start);
static ACCOUNTS: AtomicU64 = AtomicU64::new(400_000_000_000);

/// How long a test waits between polls.
const PAUSE: Duration = Duration::from_millis(50);

/// A new account for one test; `None` if this machine cannot run moto.
pub fn fixture() -> Option<RegionFixture> {
    let moto = MOTO.as_ref()?;
    let account = ACCOUNTS.fetch_add(1, Ordering::Relaxed).to_string();
    let seed = Seed { moto, account: account.clone() };
    seed.role();
    let (subnet, security_group) = seed.network();
    let key = seed.key();
    seed.tables();
    seed.events();
    let bucket = format!("templates-{account}");
    seed.call("s3", "CreateBucket", json!({"Bucket": bucket}));
    let ports = ports(&session(moto, &account));
    Some(RegionFixture {
        ports,
        account,
        key,
        security_group,
        subnet,
        put: Box::new(move |key, text| {
            seed.call("s3", "PutObject", json!({"Bucket": bucket, "Key": key, "Body": text}));
            format!("https://{bucket}.s3.{REGION}.amazonaws.com/{key}")
        }),
        wait: Box::new(|_| std::thread::sleep(PAUSE)),
    })
}

/// Fails if a test used something that moto does not support: its answer to that proves nothing.
pub fn check_gaps() {
    let gaps = MOTO.as_ref().map(Moto::gaps).unwrap_or_default();
    assert!(gaps.is_empty(), "moto does not support: {gaps:#?}");
}

fn session(moto: &Moto, account: &str) -> AwsSession {
    let environment: BTreeMap<_, _> = moto.environment(account).into_iter().collect();
    let value = |name: &str| environment.get(name).cloned();
    let (id, secret) = (value("AWS_ACCESS_KEY_ID").unwrap(), value("AWS_SECRET_ACCESS_KEY").unwrap());
    let credentials = Credentials::new(id, secret, value("AWS_SESSION_TOKEN"), None, "test");
    let config = bifrost::aws::sdk_config(credentials, &REGION.parse().unwrap(), Some(moto.endpoint().to_owned()));
    let (account, region) = (account.parse().unwrap(), REGION.parse().unwrap());
    AwsSession::new(&config, Arc::new(CallScope::default()), Principal::Deployer, account, region)
}

/// Creates the resources of a [`RegionFixture`].
struct Seed {
    moto: &'static Moto,
    account: String,
}

impl Seed {
    fn call(&self, service: &str, operation: &str, parameters: Value) -> Value {
        let answer = self.moto.call(&self.account, REGION, service, operation, parameters);
        answer.unwrap_or_else(|error| panic!("{service}:{operation}: {error}"))
    }

    fn role(&self) {
        let trust = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]});
        let role =
            json!({"RoleName": "hello-role", "AssumeRolePolicyDocument": trust.to_string(), "Tags": [project()]});
        self.call("iam", "CreateRole", role);
    }

    /// A subnet and a security group.
    fn network(&self) -> (String, String) {
        let vpc = text(&self.call("ec2", "CreateVpc", json!({"CidrBlock": "10.0.0.0/16"}))["Vpc"]["VpcId"]);
        let subnet = self.call("ec2", "CreateSubnet", json!({"VpcId": vpc, "CidrBlock": "10.0.1.0/24"}));
        let subnet = text(&subnet["Subnet"]["SubnetId"]);
        let group = json!({"GroupName": "private", "Description": "private", "VpcId": vpc});
        let group = text(&self.call("ec2", "CreateSecurityGroup", group)["GroupId"]);
        let names = json!({"Resources": [subnet, group], "Tags": [{"Key": "Name", "Value": "private"}]});
        self.call("ec2", "CreateTags", names);
        (subnet, group)
    }

    fn key(&self) -> String {
        let tags = json!([{"TagKey": "ProjectName", "TagValue": "coinbase/deploy-test"}]);
        let key = text(&self.call("kms", "CreateKey", json!({"Tags": tags}))["KeyMetadata"]["KeyId"]);
        self.call("kms", "CreateAlias", json!({"AliasName": "alias/hello", "TargetKeyId": key}));
        key
    }

    fn tables(&self) {
        for (name, streams) in [("streaming", true), ("quiet", false)] {
            let mut table = json!({
                "TableName": name,
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                "BillingMode": "PAY_PER_REQUEST",
            });
            if streams {
                table["StreamSpecification"] = json!({"StreamEnabled": true, "StreamViewType": "KEYS_ONLY"});
            }
            self.call("dynamodb", "CreateTable", table);
        }
    }

    fn events(&self) {
        let tags = json!({"ProjectName": "coinbase/deploy-test"});
        self.call("sqs", "CreateQueue", json!({"QueueName": "jobs", "tags": tags}));
        self.call("sns", "CreateTopic", json!({"Name": "news"}));
    }
}

fn project() -> Value {
    json!({"Key": "ProjectName", "Value": "coinbase/deploy-test"})
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is not a string")).to_owned()
}
