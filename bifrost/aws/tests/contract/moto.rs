//! AWS as moto emulates it: one process for all tests, and two accounts for each test. A test runs in a process of its
//! own. Its environment variables have the endpoint and the credentials, as those of a command have.

use crate::fixture::{AccountFixture, FOREIGN_ROLE, GO_LOCK_TIME, REGION};
use crate::idler::Idler;
use crate::locks::go_lock_key;
use bifrost::client::Client;
use bifrost::deployer::{Connect, Connection, definition};
use bifrost_aws::Aws;
use bifrost_moto::{Fault, Moto};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::env;
use std::process::Command;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// A role that requires an external id.
pub const EXTERNAL_ID_ROLE: &str = "requires-external-id";
/// The audit log: its table, its key's alias, and the first part of its bucket's name.
pub const AUDIT_LOG: &str = "coinbase-audit";
/// A state machine whose executions have many events.
pub const MANY_EVENTS: &str = "coinbase-many";

static MOTO: LazyLock<Option<Moto>> = LazyLock::new(start);
static ACCOUNTS: AtomicU64 = AtomicU64::new(300_000_000_000);

/// The environment variable with the target account, for the process that runs a test.
const TARGET: &str = "BIFROST_CONTRACT_TARGET";

fn start() -> Option<Moto> {
    let moto = Moto::start()?;
    moto.enforce_iam(true);
    moto.pace(&json!({"sfn_scale": 0.01}));
    Some(moto)
}

/// Runs a test in new accounts, in a process of its own. `name` is the name of the test function. Returns the accounts
/// for further checks; `None` in that process, and on a machine that cannot run moto.
pub async fn run_test(name: &str, test: impl AsyncFnOnce(AccountFixture)) -> Option<Accounts> {
    run_faulty_test(name, &[], test).await
}

/// As [`run_test`], with faults that are injected into the calls of the test.
pub async fn run_faulty_test(name: &str, faults: &[Fault], test: impl AsyncFnOnce(AccountFixture)) -> Option<Accounts> {
    if let Ok(target) = env::var(TARGET) {
        test(AccountFixture { client: connect("coinbase-idler").await, target, harness: None }).await;
        return None;
    }
    let accounts = Accounts::create(MOTO.as_ref()?);
    let faults: Vec<_> = faults.iter().map(|fault| fault.clone().account(&accounts.deployer)).collect();
    accounts.moto.faults(&faults);
    let mut process = Command::new(env::current_exe().unwrap());
    process.args([name, "--exact", "--nocapture"]).env(TARGET, &accounts.target);
    let output = process.envs(accounts.moto.environment(&accounts.deployer)).output().unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(stdout.contains("1 passed"), "{name}: {stdout}{}", String::from_utf8_lossy(&output.stderr));
    let gaps = accounts.moto.gaps();
    assert!(gaps.is_empty(), "moto does not implement: {gaps:#?}");
    Some(accounts)
}

/// Connects to the deployer of this name, as a command does.
pub async fn connect(name: &str) -> Client<Idler> {
    Client::from(&connection(name).await)
}

/// The connection of a command to the deployer of this name.
pub async fn connection(name: &str) -> Connection<Idler> {
    let (name, allowed_buckets) = (name.into(), BTreeSet::new());
    let options = bifrost::deployer::ConnectOptions { name, account: None, region: None, allowed_buckets };
    Connect::<Idler>::connect(&Aws, &options).await.unwrap()
}

/// The two accounts of a test.
pub struct Accounts {
    pub moto: &'static Moto,
    pub deployer: String,
    pub target: String,
}

impl Accounts {
    /// Creates the resources that [`AccountFixture`] describes.
    fn create(moto: &'static Moto) -> Self {
        let number = ACCOUNTS.fetch_add(2, Ordering::Relaxed);
        let accounts = Self { moto, deployer: number.to_string(), target: (number + 1).to_string() };
        accounts.create_buckets();
        accounts.create_table();
        accounts.create_machines();
        accounts.create_roles();
        accounts.create_audit_log();
        accounts
    }

    /// Calls AWS in the deployer account.
    pub fn deployer(&self, service: &str, operation: &str, parameters: Value) -> Value {
        self.call(&self.deployer, service, operation, parameters)
    }

    fn call(&self, account: &str, service: &str, operation: &str, parameters: Value) -> Value {
        let answer = self.moto.call(account, REGION, service, operation, parameters);
        answer.unwrap_or_else(|error| panic!("{service}:{operation}: {error}"))
    }

    fn create_buckets(&self) {
        self.deployer("s3", "CreateBucket", json!({"Bucket": format!("coinbase-idler-{}", self.deployer)}));
        self.call(&self.target, "s3", "CreateBucket", json!({"Bucket": format!("theirs-{}", self.target)}));
    }

    fn create_audit_log(&self) {
        let bucket =
            json!({"Bucket": format!("{AUDIT_LOG}-{}-{REGION}", self.deployer), "ObjectLockEnabledForBucket": true});
        self.deployer("s3", "CreateBucket", bucket);
        self.create_table_of(AUDIT_LOG);
        let key =
            self.deployer("kms", "CreateKey", json!({"KeySpec": "ECC_NIST_EDWARDS25519", "KeyUsage": "SIGN_VERIFY"}));
        let alias = json!({"AliasName": format!("alias/{AUDIT_LOG}"), "TargetKeyId": key["KeyMetadata"]["KeyId"]});
        self.deployer("kms", "CreateAlias", alias);
    }

    fn create_table_of(&self, name: &str) {
        let table = json!({
            "TableName": name,
            "AttributeDefinitions": [{"AttributeName": "key", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "key", "KeyType": "HASH"}],
            "BillingMode": "PAY_PER_REQUEST",
        });
        self.deployer("dynamodb", "CreateTable", table);
    }

    fn create_table(&self) {
        self.create_table_of("coinbase-idler-locks");
        let time_to_live = json!({"Enabled": true, "AttributeName": "expires_at"});
        let time_to_live = json!({"TableName": "coinbase-idler-locks", "TimeToLiveSpecification": time_to_live});
        self.deployer("dynamodb", "UpdateTimeToLive", time_to_live);
        let item = json!({"key": {"S": go_lock_key().as_str()}, "id": {"S": "go"}, "time": {"S": GO_LOCK_TIME}});
        self.deployer("dynamodb", "PutItem", json!({"TableName": "coinbase-idler-locks", "Item": item}));
    }

    fn create_machines(&self) {
        let role = self.create_role(&self.deployer, "machine", &json!({"Service": "states.amazonaws.com"}), &json!({}));
        let each = json!({"StartAt": "One", "States": {"One": {"Type": "Pass", "End": true}}});
        let all = json!({"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": each, "End": true});
        let many = json!({"StartAt": "All", "States": {"All": all}});
        for (name, definition) in [("coinbase-idler", definition::<Idler>("")), (MANY_EVENTS, many)] {
            let machine = json!({"name": name, "definition": definition.to_string(), "roleArn": role});
            self.deployer("stepfunctions", "CreateStateMachine", machine);
        }
    }

    fn create_roles(&self) {
        let root = |account: &str| json!({"AWS": format!("arn:aws:iam::{account}:root")});
        let deployer = root(&self.deployer);
        self.create_role(&self.target, "coinbase-idler-assumed", &deployer, &json!({}));
        self.allow_objects("coinbase-idler-assumed");
        self.create_role(&self.target, FOREIGN_ROLE, &root("999999999999"), &json!({}));
        self.create_role(
            &self.target,
            EXTERNAL_ID_ROLE,
            &deployer,
            &json!({"StringEquals": {"sts:ExternalId": "a secret"}}),
        );
    }

    /// Lets a role of the target account use objects, as the permissions of a deployer do. That the bucket is in this account is
    /// for `ExpectedBucketOwner` to check.
    fn allow_objects(&self, role: &str) {
        let actions = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket"];
        let statement = json!({"Effect": "Allow", "Action": actions, "Resource": "*"});
        let policy = json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
        let request = json!({"RoleName": role, "PolicyName": "objects", "PolicyDocument": policy});
        self.call(&self.target, "iam", "PutRolePolicy", request);
    }

    /// Creates a role that the principal may assume under a condition, and returns its ARN.
    fn create_role(&self, account: &str, name: &str, principal: &Value, condition: &Value) -> Value {
        let statement =
            json!({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", "Condition": condition});
        let trust = json!({"Version": "2012-10-17", "Statement": [statement]});
        let role = json!({"RoleName": name, "AssumeRolePolicyDocument": trust.to_string()});
        self.call(account, "iam", "CreateRole", role)["Role"]["Arn"].clone()
    }
}
