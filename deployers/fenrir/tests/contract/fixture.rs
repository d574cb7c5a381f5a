//! Where a story takes place.

use bifrost::cloud::CloudError;
use fenrir::cloud::{ChangeSet, ChangeSetType, FenrirPorts, NewChangeSet, Stack, TemplateSource};
use fenrir::rules::Tags;
use serde_json::{Value, json};

pub const REGION: &str = "us-east-1";
/// The stack that stories make.
pub const STACK: &str = "sam-coinbase-deploy-test-development";

/// How often a story looks until what must come has come.
const MAX_POLLS: usize = 100;

/// Puts an object of a key and text somewhere; gives its URL.
type Put = dyn Fn(&str, &str) -> String;

/// An account and region with what templates refer to, made by hand beforehand:
///
/// - a role `hello-role` with the tag `ProjectName=coinbase/deploy-test`
/// - a security group and a subnet, both with the tag `Name=private`
/// - a KMS key with the alias `alias/hello` and the tag `ProjectName=coinbase/deploy-test`
/// - a DynamoDB table `streaming` with a stream, and one, `quiet`, without
/// - an SQS queue `jobs` with the tag `ProjectName=coinbase/deploy-test`, and a topic `news` without tags
/// - a bucket, into which `put` puts
pub struct RegionFixture {
    pub ports: FenrirPorts,
    pub account: String,
    /// Id of the key.
    pub key: String,
    pub security_group: String,
    pub subnet: String,
    /// Puts an object of that key and text into the bucket; gives its `https://` URL.
    pub put: Box<Put>,
    /// Lets so many seconds pass.
    pub pass: Box<dyn Fn(u32)>,
}

impl RegionFixture {
    /// Looks until there is something; `what` is for the message of a test that waits in vain.
    pub async fn until<T>(&self, what: &str, look: impl AsyncFn(&FenrirPorts) -> Option<T>) -> T {
        for _ in 0..MAX_POLLS {
            if let Some(found) = look(&self.ports).await {
                return found;
            }
            (self.pass)(5);
        }
        panic!("it never came about that {what}");
    }

    /// The stack, once its status is that.
    pub async fn stack(&self, status: &str) -> Stack {
        self.until(&format!("the stack is {status}"), async |ports| {
            ports.stacks.stack(STACK).await.unwrap().filter(|stack| stack.status.as_str() == status)
        })
        .await
    }

    /// The change set, once it is complete or has failed.
    pub async fn change_set(&self, name: &str) -> ChangeSet {
        self.until(&format!("change set {name} is made"), async |ports| {
            let change_set = ports.stacks.change_set(STACK, name).await.unwrap();
            change_set.filter(|found| ["CREATE_COMPLETE", "FAILED"].contains(&found.status.as_str()))
        })
        .await
    }

    /// Makes the change set and executes it.
    pub async fn deploy(&self, new: &NewChangeSet) {
        self.ports.stacks.create_change_set(new).await.unwrap();
        let made = self.change_set(&new.name).await;
        assert_eq!((made.status.as_str(), made.execution_status.as_str()), ("CREATE_COMPLETE", "AVAILABLE"));
        self.ports.stacks.execute_change_set(STACK, &new.name, &new.token).await.unwrap();
    }

    /// The stack, made of [`template`].
    pub async fn made(&self) -> Stack {
        self.deploy(&create("first", &template())).await;
        self.stack("CREATE_COMPLETE").await
    }
}

/// A change set that makes the stack.
pub fn create(name: &str, template: &Value) -> NewChangeSet {
    NewChangeSet {
        stack_name: STACK.into(),
        name: name.into(),
        change_set_type: ChangeSetType::Create,
        template: TemplateSource::Body(template.to_string()),
        tags: tags(&[("ProjectName", "coinbase/deploy-test"), ("ConfigName", "development")]),
        token: name.into(),
        description: "what a story tells of".into(),
    }
}

/// A change set that changes the stack.
pub fn update(name: &str, template: &Value) -> NewChangeSet {
    NewChangeSet { change_set_type: ChangeSetType::Update, ..create(name, template) }
}

/// A table and a queue that needs it, and what they are called.
pub fn template() -> Value {
    json!({
        "Resources": {
            "table": {"Type": "AWS::DynamoDB::Table", "Properties": {
                "TableName": "story-table",
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                "BillingMode": "PAY_PER_REQUEST",
            }},
            "queue": {"Type": "AWS::SQS::Queue", "DependsOn": "table", "Properties": {
                "QueueName": "story-queue",
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

pub fn code<T: std::fmt::Debug>(answer: Result<T, CloudError>) -> String {
    answer.unwrap_err().code
}
