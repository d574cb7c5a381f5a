//! AWS as moto emulates it: one process for all stories, and two accounts for each. A story is told by a process of its
//! own, whose environment says where AWS is and who asks, as a command's does.

use crate::fixture::{AccountFixture, REGION, STRANGER, TAKEN};
use crate::idler::{Chart, Idler};
use crate::locks::original_key;
use bifrost::client::Client;
use bifrost::deployer::Connect;
use bifrost::machine::Machine;
use bifrost_aws::Aws;
use bifrost_moto::Moto;
use serde_json::{Value, json};
use std::env;
use std::process::Command;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// A role that asks for an external id.
pub const CAUTIOUS: &str = "cautious";
/// A state machine whose executions have many events.
pub const CROWD: &str = "coinbase-crowd";

static MOTO: LazyLock<Option<Moto>> = LazyLock::new(start);
static ACCOUNTS: AtomicU64 = AtomicU64::new(300_000_000_000);

/// Names the target account to the process that tells a story.
const TARGET: &str = "BIFROST_CONTRACT_TARGET";

fn start() -> Option<Moto> {
    let moto = Moto::start()?;
    moto.enforce_iam(true);
    moto.pace(&json!({"sfn_scale": 0.01}));
    Some(moto)
}

/// Tells a story in new accounts; `test` is the name of the test that tells it. What it left is for the test to look at;
/// there is none for the process that tells it, nor on a machine that cannot run moto.
pub async fn tell(test: &str, story: impl AsyncFnOnce(AccountFixture)) -> Option<Accounts> {
    if let Ok(target) = env::var(TARGET) {
        story(AccountFixture { client: connect("coinbase-idler").await, target, harness: None }).await;
        return None;
    }
    let accounts = Accounts::make(MOTO.as_ref()?);
    let mut teller = Command::new(env::current_exe().unwrap());
    teller.args([test, "--exact", "--nocapture"]).env(TARGET, &accounts.target);
    let told = teller.envs(accounts.moto.environment(&accounts.deployer)).output().unwrap();
    let said = String::from_utf8_lossy(&told.stdout);
    assert!(said.contains("1 passed"), "{test}: {said}{}", String::from_utf8_lossy(&told.stderr));
    let gaps = accounts.moto.gaps();
    assert!(gaps.is_empty(), "the emulated AWS does not know: {gaps:#?}");
    Some(accounts)
}

/// A client of the deployer of that name, as a command has one.
pub async fn connect(name: &str) -> Client<Idler> {
    let fixture = bifrost::deployer::ConnectOptions { name: name.into(), account: None, region: None };
    Client::from(&Connect::<Idler>::connect(&Aws, &fixture).await.unwrap())
}

/// The two accounts of a story.
pub struct Accounts {
    pub moto: &'static Moto,
    pub deployer: String,
    pub target: String,
}

impl Accounts {
    /// Makes by hand what a [`AccountFixture`] promises.
    fn make(moto: &'static Moto) -> Self {
        let number = ACCOUNTS.fetch_add(2, Ordering::Relaxed);
        let accounts = Self { moto, deployer: number.to_string(), target: (number + 1).to_string() };
        accounts.make_buckets();
        accounts.make_table();
        accounts.make_machines();
        accounts.make_roles();
        accounts
    }

    /// Asks AWS about the deployer account.
    pub fn deployer(&self, service: &str, operation: &str, parameters: Value) -> Value {
        self.call(&self.deployer, service, operation, parameters)
    }

    fn call(&self, account: &str, service: &str, operation: &str, parameters: Value) -> Value {
        let answer = self.moto.call(account, REGION, service, operation, parameters);
        answer.unwrap_or_else(|error| panic!("{service}:{operation}: {error}"))
    }

    fn make_buckets(&self) {
        self.deployer("s3", "CreateBucket", json!({"Bucket": format!("coinbase-idler-{}", self.deployer)}));
        self.call(&self.target, "s3", "CreateBucket", json!({"Bucket": format!("theirs-{}", self.target)}));
    }

    fn make_table(&self) {
        let table = json!({
            "TableName": "coinbase-idler-locks",
            "AttributeDefinitions": [{"AttributeName": "key", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "key", "KeyType": "HASH"}],
            "BillingMode": "PAY_PER_REQUEST",
        });
        self.deployer("dynamodb", "CreateTable", table);
        let item = json!({"key": {"S": original_key().as_str()}, "id": {"S": "original"}, "time": {"S": TAKEN}});
        self.deployer("dynamodb", "PutItem", json!({"TableName": "coinbase-idler-locks", "Item": item}));
    }

    fn make_machines(&self) {
        let role = self.make_role(&self.deployer, "machine", &json!({"Service": "states.amazonaws.com"}), &json!({}));
        let each = json!({"StartAt": "One", "States": {"One": {"Type": "Pass", "End": true}}});
        let all = json!({"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": each, "End": true});
        let crowd = json!({"StartAt": "All", "States": {"All": all}});
        for (name, definition) in [("coinbase-idler", Chart::definition("")), (CROWD, crowd)] {
            let machine = json!({"name": name, "definition": definition.to_string(), "roleArn": role});
            self.deployer("stepfunctions", "CreateStateMachine", machine);
        }
    }

    fn make_roles(&self) {
        let root = |account: &str| json!({"AWS": format!("arn:aws:iam::{account}:root")});
        let deployer = root(&self.deployer);
        self.make_role(&self.target, "coinbase-idler-assumed", &deployer, &json!({}));
        self.make_role(&self.target, STRANGER, &root("999999999999"), &json!({}));
        self.make_role(&self.target, CAUTIOUS, &deployer, &json!({"StringEquals": {"sts:ExternalId": "a secret"}}));
    }

    /// A role that the principal may assume on a condition; its ARN.
    fn make_role(&self, account: &str, name: &str, principal: &Value, condition: &Value) -> Value {
        let statement =
            json!({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", "Condition": condition});
        let trust = json!({"Version": "2012-10-17", "Statement": [statement]});
        let role = json!({"RoleName": name, "AssumeRolePolicyDocument": trust.to_string()});
        self.call(account, "iam", "CreateRole", role)["Role"]["Arn"].clone()
    }
}
