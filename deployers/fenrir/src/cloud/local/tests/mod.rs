//! Tests of the local CloudFormation through its port.

mod change_sets;
mod cloud_file;
mod creating;
mod equivalence;
mod sam;
mod updating;

use super::{FenrirAccount, FenrirRegion, StoredStack, ports};
use crate::cloud::{ChangeSet, ChangeSetType, FenrirPorts, NewChangeSet, Stack, TemplateSource};
use bifrost::cloud::CloudError;
use bifrost::json;
use bifrost::lifecycle::Proof;
use bifrost::local::{Account, Bucket, LocalSession, LocalState, Resources, Store, StoredObject};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

const DEPLOYER: &str = "000000000000";
const ACCOUNT: &str = "111111111111";
const REGION: &str = "us-east-1";
const STACK: &str = "sam-coinbase-deploy-test-development";

/// A local cloud with one account and region, and its ports.
struct PortsFixture {
    store: Arc<Store<FenrirAccount>>,
    ports: FenrirPorts,
}

/// No execution runs the ports.
fn proof() -> Proof {
    Proof::unchecked_for_tests()
}

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(second, 0).unwrap()
}

impl PortsFixture {
    /// A region with this content. The bucket `releases`, of another account, has `one.zip` and `two.zip`.
    fn of(region: &Value) -> Self {
        let resources: FenrirAccount = json::read(&json!({"regions": {REGION: region}})).unwrap();
        let object = StoredObject { body: b"zip".to_vec().into(), last_modified: at(0), kms_key: None };
        let objects = ["one.zip", "two.zip"].map(|key| (key.to_owned(), object.clone())).into();
        let buckets = BTreeMap::from([("releases".parse().unwrap(), Bucket { objects })]);
        let state = LocalState {
            clock: at(0),
            deployer_account: DEPLOYER.parse().unwrap(),
            deployer_region: REGION.parse().unwrap(),
            accounts: BTreeMap::from([
                (DEPLOYER.parse().unwrap(), Account { buckets, ..Account::default() }.into()),
                (ACCOUNT.parse().unwrap(), Account { resources, ..Account::default() }.into()),
            ]),
            audit: BTreeMap::new(),
            faults: Vec::new(),
            ids: 0,
        };
        let store = Store::in_memory(state);
        let session = LocalSession::new(Arc::clone(&store), ACCOUNT.parse().unwrap(), REGION.parse().unwrap());
        Self { store, ports: ports(session) }
    }

    fn empty() -> Self {
        Self::of(&json!({}))
    }

    /// Advances the clock by so many seconds.
    fn advance(&self, seconds: i64) {
        let advance = |state: &mut LocalState<FenrirAccount>| {
            state.clock += chrono::TimeDelta::seconds(seconds);
            state.accounts.values_mut().for_each(|account| account.resources.advance(state.clock));
        };
        self.store.transact(advance).unwrap();
    }

    fn region(&self) -> FenrirRegion {
        let account = |state: &LocalState<FenrirAccount>| state.accounts[&ACCOUNT.parse().unwrap()].resources.clone();
        self.store.read(account).unwrap().regions.remove(&REGION.parse().unwrap()).unwrap()
    }

    fn change_region(&self, change: impl FnOnce(&mut FenrirRegion)) {
        let account = |state: &mut LocalState<FenrirAccount>| {
            let account = state.accounts.get_mut(&ACCOUNT.parse().unwrap()).unwrap();
            change(account.resources.regions.entry(REGION.parse().unwrap()).or_default());
        };
        self.store.transact(account).unwrap();
    }

    async fn create_change_set(&self, new: &NewChangeSet) -> Result<(), CloudError> {
        self.ports.stacks.create_change_set(&proof(), new).await.map(drop)
    }

    async fn execute(&self, name: &str) -> Result<(), CloudError> {
        self.ports.stacks.execute_change_set(&proof(), STACK, name, &format!("{name}-token")).await
    }

    /// Creates the change set and waits until it is complete.
    async fn completed(&self, new: &NewChangeSet) -> ChangeSet {
        self.create_change_set(new).await.unwrap();
        self.advance(10);
        self.ports.stacks.change_set(STACK, &new.name).await.unwrap().unwrap()
    }

    /// Creates the change set and starts its execution.
    async fn start(&self, new: &NewChangeSet) {
        let change_set = self.completed(new).await;
        assert_eq!(change_set.status.as_str(), "CREATE_COMPLETE", "{change_set:?}");
        self.execute(&new.name).await.unwrap();
    }

    /// The stack, some hours after the execution of the change set started.
    async fn deployed(&self, new: &NewChangeSet) -> Stack {
        self.start(new).await;
        self.advance(10_000);
        self.stack().await
    }

    async fn stack(&self) -> Stack {
        self.ports.stacks.stack(STACK).await.unwrap().unwrap()
    }

    fn stored(&self) -> StoredStack {
        let name = format!(":stack/{STACK}/");
        let stacks = self.region().stacks;
        stacks.into_iter().find(|(arn, stack)| arn.contains(&name) && !stack.is_deleted()).unwrap().1
    }

    /// One line for each event: second, status, logical id, reason.
    async fn event_lines(&self) -> String {
        self.event_lines_of(STACK).await
    }

    async fn event_lines_of(&self, stack: &str) -> String {
        let events = self.ports.stacks.events(stack, at(0)).await.unwrap();
        let line = |event: crate::cloud::StackEvent| {
            let second = event.timestamp.timestamp();
            format!("{second:>5} {} {} {}", event.status, event.logical_id, event.reason.unwrap_or_default())
        };
        events.into_iter().map(line).map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
    }
}

fn create(name: &str, template: &Value) -> NewChangeSet {
    NewChangeSet {
        stack_name: STACK.into(),
        name: name.into(),
        change_set_type: ChangeSetType::Create,
        template: TemplateSource::Body(template.to_string()),
        tags: [("ProjectName".to_owned(), "coinbase/deploy-test".to_owned())].into(),
        token: name.into(),
        description: "a test".into(),
    }
}

fn update(name: &str, template: &Value) -> NewChangeSet {
    NewChangeSet { change_set_type: ChangeSetType::Update, ..create(name, template) }
}

/// A function that depends on its role and a table, as Fenrir sends it.
fn hello() -> Value {
    json!({
        "Transform": "AWS::Serverless-2016-10-31",
        "Resources": {
            "hello": {"Type": "AWS::Serverless::Function", "Properties": {
                "FunctionName": "fenrir-hello",
                "CodeUri": "s3://releases/one.zip",
                "Handler": "hello.handler",
                "Runtime": "python3.13",
                "Environment": {"Variables": {"TABLE": {"Ref": "table"}}},
                "Policies": [{"DynamoDBCrudPolicy": {"TableName": {"Ref": "table"}}}],
            }},
            "table": {"Type": "AWS::Serverless::SimpleTable", "DeletionPolicy": "Retain", "Properties": {
                "TableName": "fenrir-table",
            }},
        },
        "Outputs": {"Function": {"Value": {"Fn::Sub": "${hello.Arn} in ${AWS::Region}"}}},
    })
}

/// [`hello`] with another property of the function.
fn hello_with(property: &str, value: Value) -> Value {
    let mut template = hello();
    template["Resources"]["hello"]["Properties"][property] = value;
    template
}

fn new_code() -> Value {
    hello_with("CodeUri", "s3://releases/two.zip".into())
}
