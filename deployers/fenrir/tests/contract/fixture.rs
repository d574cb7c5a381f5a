//! The region that a contract test runs in.

use bifrost::cloud::CloudError;
use bifrost::lifecycle::Proof;
use bifrost::testing::PortContract;
use fenrir::cloud::{ChangeSet, ChangeSetType, FenrirPorts, NewChangeSet, Stack, TemplateSource};
use fenrir::rules::Tags;
use serde_json::{Value, json};
use std::ops::Deref;

pub const REGION: &str = "us-east-1";
/// The stack that the tests create.
pub const STACK: &str = "sam-coinbase-deploy-test-development";

/// Puts an object with this key and text. Returns its URL.
type Put = dyn Fn(&str, &str) -> String;

/// An account and region with these resources:
///
/// - a role `hello-role` with the tag `ProjectName=coinbase/deploy-test`
/// - a security group and a subnet, both with the tag `Name=private`
/// - a KMS key with the alias `alias/hello` and the tag `ProjectName=coinbase/deploy-test`
/// - a DynamoDB table `streaming` with a stream, and a table `quiet` without one
/// - an SQS queue `jobs` with the tag `ProjectName=coinbase/deploy-test`, and a topic `news` without tags
/// - a bucket for `put`
pub struct RegionFixture {
    cloud: PortContract<FenrirPorts, Resources>,
    pub account: String,
}

/// The ids of these resources, which AWS generates.
pub struct Resources {
    /// The id of the KMS key.
    pub key: String,
    pub security_group: String,
    pub subnet: String,
    /// Puts an object with this key and text into the bucket. Returns its `https://` URL.
    pub put: Box<Put>,
}

impl From<PortContract<FenrirPorts, Resources>> for RegionFixture {
    fn from(cloud: PortContract<FenrirPorts, Resources>) -> Self {
        Self { account: cloud.account.to_string(), cloud }
    }
}

impl Deref for RegionFixture {
    type Target = PortContract<FenrirPorts, Resources>;

    fn deref(&self) -> &Self::Target {
        &self.cloud
    }
}

impl RegionFixture {
    /// The stack, once its status is that.
    pub async fn stack(&self, status: &str) -> Stack {
        self.until(&format!("the stack is {status}"), async |ports| {
            ports.stacks.stack(STACK).await.unwrap().filter(|stack| stack.status.as_str() == status)
        })
        .await
    }

    /// The change set, once it is complete or has failed.
    pub async fn change_set(&self, name: &str) -> ChangeSet {
        self.until(&format!("change set {name} is complete"), async |ports| {
            let change_set = ports.stacks.change_set(STACK, name).await.unwrap();
            change_set.filter(|found| ["CREATE_COMPLETE", "FAILED"].contains(&found.status.as_str()))
        })
        .await
    }

    /// Creates the change set and executes it, by its ARN.
    pub async fn deploy(&self, new: &NewChangeSet) {
        self.ports.stacks.create_change_set(&proof(), new).await.unwrap();
        let change_set = self.change_set(&new.name).await;
        assert_eq!(
            (change_set.status.as_str(), change_set.execution_status.as_str()),
            ("CREATE_COMPLETE", "AVAILABLE")
        );
        self.ports.stacks.execute_change_set(&proof(), STACK, &change_set.id, &new.token).await.unwrap();
    }

    /// Creates the stack from [`template`].
    pub async fn created(&self) -> Stack {
        self.deploy(&create("first", &template())).await;
        self.stack("CREATE_COMPLETE").await
    }
}

/// A change set that creates the stack.
pub fn create(name: &str, template: &Value) -> NewChangeSet {
    NewChangeSet {
        stack_name: STACK.into(),
        name: name.into(),
        change_set_type: ChangeSetType::Create,
        template: TemplateSource::Body(template.to_string()),
        tags: tags(&[("ProjectName", "coinbase/deploy-test"), ("ConfigName", "development")]),
        token: name.into(),
        description: "a contract test".into(),
    }
}

/// A change set that updates the stack.
pub fn update(name: &str, template: &Value) -> NewChangeSet {
    NewChangeSet { change_set_type: ChangeSetType::Update, ..create(name, template) }
}

/// A table, a queue that depends on it, and outputs with their names.
pub fn template() -> Value {
    json!({
        "Resources": {
            "table": {"Type": "AWS::DynamoDB::Table", "Properties": {
                "TableName": "contract-table",
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                "BillingMode": "PAY_PER_REQUEST",
            }},
            "queue": {"Type": "AWS::SQS::Queue", "DependsOn": "table", "Properties": {
                "QueueName": "contract-queue",
                "VisibilityTimeout": 30,
            }},
        },
        "Outputs": {
            "Table": {"Value": {"Ref": "table"}},
            "Queue": {"Value": {"Fn::GetAtt": ["queue", "Arn"]}},
        },
    })
}

/// [`template`] with another visibility timeout of the queue.
pub fn changed_template() -> Value {
    let mut template = template();
    template["Resources"]["queue"]["Properties"]["VisibilityTimeout"] = json!(60);
    template
}

pub fn tags(tags: &[(&str, &str)]) -> Tags {
    tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// No execution runs the ports.
pub fn proof() -> Proof {
    Proof::unchecked_for_tests()
}

pub fn code<T: std::fmt::Debug>(answer: Result<T, CloudError>) -> String {
    answer.unwrap_err().code
}
