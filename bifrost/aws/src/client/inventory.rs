//! The port for the deployer's own resources.

use super::bucket::S3Bucket;
use crate::AwsSession;
use crate::audit::{AuditLocation, AwsAuditStore};
use crate::error::Incomplete;
use crate::session::CallFailure;
use async_trait::async_trait;
use aws_sdk_dynamodb::operation::describe_table::DescribeTableError;
use aws_sdk_dynamodb::types::{TableDescription, TimeToLiveDescription, TimeToLiveStatus};
use aws_sdk_kms::operation::describe_key::DescribeKeyError;
use aws_sdk_kms::types::KeyMetadata;
use aws_sdk_lambda::operation::get_function_configuration::{
    GetFunctionConfigurationError, GetFunctionConfigurationOutput,
};
use aws_sdk_lambda::operation::get_policy::GetPolicyError;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_sfn::operation::describe_state_machine::{DescribeStateMachineError, DescribeStateMachineOutput};
use aws_sdk_sns::operation::get_topic_attributes::GetTopicAttributesError;
use bifrost_core::cloud::{
    AuditStore, BucketSettings, CloudError, FunctionConfiguration, Inventory, Invocation, KeyAttribute, KmsKey,
    MachineConfiguration, Table, TopicSubscriptions,
};
use bifrost_core::json;
use bifrost_core::release::{AccountId, BucketName, Sha256};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// The resources in the session's account and region.
pub(super) struct AwsInventory {
    session: AwsSession,
}

impl AwsInventory {
    pub(super) fn new(session: AwsSession) -> Self {
        Self { session }
    }

    /// The attribute of the table's TTL, if TTL is enabled.
    async fn time_to_live(&self, client: &aws_sdk_dynamodb::Client, table: &str) -> Result<Option<String>, CloudError> {
        let describe = client.describe_time_to_live().table_name(table);
        let output = self.session.call("dynamodb:DescribeTimeToLive", table, describe.send()).await?;
        Ok(output.time_to_live_description.and_then(time_to_live_attribute))
    }
}

#[async_trait]
impl Inventory for AwsInventory {
    async fn caller(&self) -> Result<String, CloudError> {
        const OPERATION: &str = "sts:GetCallerIdentity";
        let client = aws_sdk_sts::Client::new(self.session.config());
        let answer = self.session.call(OPERATION, "", client.get_caller_identity().send()).await?;
        answer.arn.present(OPERATION, "", "Arn")
    }

    async fn function(&self, name: &str) -> Result<Option<FunctionConfiguration>, CloudError> {
        const OPERATION: &str = "lambda:GetFunctionConfiguration";
        let client = aws_sdk_lambda::Client::new(self.session.config());
        let get = client.get_function_configuration().function_name(name);
        match self.session.try_call(OPERATION, name, get.send()).await {
            Ok(output) => function(output).present(OPERATION, name, "State, Timeout, MemorySize and Role").map(Some),
            Err(CallFailure {
                service_error: Some(GetFunctionConfigurationError::ResourceNotFoundException(_)),
                ..
            }) => Ok(None),
            Err(failure) => Err(failure.error),
        }
    }

    async fn function_tags(&self, name: &str) -> Result<BTreeMap<String, String>, CloudError> {
        let client = aws_sdk_lambda::Client::new(self.session.config());
        let arn = self.session.region().arn("lambda", self.session.account(), &format!("function:{name}"));
        match self.session.call("lambda:ListTags", name, client.list_tags().resource(arn).send()).await {
            Ok(output) => Ok(output.tags.unwrap_or_default().into_iter().collect()),
            Err(error) if error.is_not_found() => Ok(BTreeMap::new()),
            Err(error) => Err(error),
        }
    }

    async fn state_machine(&self, arn: &str) -> Result<Option<MachineConfiguration>, CloudError> {
        const OPERATION: &str = "states:DescribeStateMachine";
        let client = aws_sdk_sfn::Client::new(self.session.config());
        let describe = client.describe_state_machine().state_machine_arn(arn);
        match self.session.try_call(OPERATION, arn, describe.send()).await {
            Ok(output) => machine(&output).present(OPERATION, arn, "status").map(Some),
            Err(CallFailure {
                service_error: Some(DescribeStateMachineError::StateMachineDoesNotExist(_)), ..
            }) => Ok(None),
            Err(failure) => Err(failure.error),
        }
    }

    async fn table(&self, name: &str) -> Result<Option<Table>, CloudError> {
        const OPERATION: &str = "dynamodb:DescribeTable";
        let client = aws_sdk_dynamodb::Client::new(self.session.config());
        let describe = client.describe_table().table_name(name);
        let described = self.session.try_call(OPERATION, name, describe.send());
        let (described, time_to_live) = tokio::join!(described, self.time_to_live(&client, name));
        match described {
            Ok(output) => {
                let table = output.table.and_then(|description| table(description, time_to_live));
                table.present(OPERATION, name, "TableStatus").map(Some)
            }
            Err(CallFailure { service_error: Some(DescribeTableError::ResourceNotFoundException(_)), .. }) => Ok(None),
            Err(failure) => Err(failure.error),
        }
    }

    async fn subscriptions(&self, topic_arn: &str) -> Result<Option<TopicSubscriptions>, CloudError> {
        const OPERATION: &str = "sns:GetTopicAttributes";
        let client = aws_sdk_sns::Client::new(self.session.config());
        let get = client.get_topic_attributes().topic_arn(topic_arn);
        match self.session.try_call(OPERATION, topic_arn, get.send()).await {
            Ok(output) => {
                let subscriptions = output.attributes.and_then(|attributes| subscriptions(&attributes));
                let names = "SubscriptionsConfirmed and SubscriptionsPending";
                subscriptions.present(OPERATION, topic_arn, names).map(Some)
            }
            Err(CallFailure { service_error: Some(GetTopicAttributesError::NotFoundException(_)), .. }) => Ok(None),
            Err(failure) => Err(failure.error),
        }
    }

    async fn bucket(&self, name: &BucketName, owner: &AccountId) -> Result<Option<BucketSettings>, CloudError> {
        S3Bucket::new(&self.session, name, owner).settings().await
    }

    async fn key(&self, id: &str) -> Result<Option<KmsKey>, CloudError> {
        const OPERATION: &str = "kms:DescribeKey";
        let describe = aws_sdk_kms::Client::new(self.session.config()).describe_key().key_id(id);
        match self.session.try_call(OPERATION, id, describe.send()).await {
            Ok(output) => {
                let key = output.key_metadata.and_then(key);
                key.present(OPERATION, id, "Arn, KeyState, KeySpec and KeyUsage").map(Some)
            }
            Err(CallFailure { service_error: Some(DescribeKeyError::NotFoundException(_)), .. }) => Ok(None),
            Err(failure) => Err(failure.error),
        }
    }

    async fn function_policy(&self, name: &str) -> Result<Option<Value>, CloudError> {
        const OPERATION: &str = "lambda:GetPolicy";
        let get = aws_sdk_lambda::Client::new(self.session.config()).get_policy().function_name(name);
        match self.session.try_call(OPERATION, name, get.send()).await {
            // A policy that our parser refuses is still a policy.
            Ok(output) => Ok(output.policy.map(|text| json::parse(text.as_bytes()).unwrap_or(Value::String(text)))),
            Err(CallFailure { service_error: Some(GetPolicyError::ResourceNotFoundException(_)), .. }) => Ok(None),
            Err(failure) => Err(failure.error),
        }
    }

    fn audit_store(&self, bucket: &BucketName, owner: &AccountId, table: &str) -> Arc<dyn AuditStore> {
        let (bucket, owner, table) = (bucket.to_string(), owner.clone(), table.to_owned());
        Arc::new(AwsAuditStore::new(&self.session, &AuditLocation { bucket, owner, has_object_lock: true, table }))
    }

    async fn invoke(&self, function: &str, payload: &Value) -> Result<Invocation, CloudError> {
        const OPERATION: &str = "lambda:Invoke";
        let client = aws_sdk_lambda::Client::new(self.session.config());
        let invoke = client.invoke().function_name(function).payload(Blob::new(payload.to_string()));
        let output = self.session.call(OPERATION, function, invoke.send()).await?;
        let answer = output.payload.and_then(|payload| json::parse(payload.as_ref()).ok());
        let answer = answer.present(OPERATION, function, "Payload")?;
        Ok(if output.function_error.is_some() { Invocation::Failed(answer) } else { Invocation::Returned(answer) })
    }
}

fn function(output: GetFunctionConfigurationOutput) -> Option<FunctionConfiguration> {
    let variables = output.environment.and_then(|environment| environment.variables).unwrap_or_default();
    Some(FunctionConfiguration {
        state: output.state?.as_str().to_owned(),
        state_reason: output.state_reason,
        // For a function that was never updated, older answers of Lambda have no status.
        last_update_status: output.last_update_status.map_or_else(|| "Successful".into(), |it| it.as_str().to_owned()),
        last_update_reason: output.last_update_status_reason,
        architecture: output.architectures?.first()?.as_str().to_owned(),
        code_sha256: output.code_sha256.as_deref().and_then(code_sha256),
        timeout_seconds: output.timeout?.try_into().ok()?,
        memory_mib: output.memory_size?.try_into().ok()?,
        role: output.role?,
        settings: settings(&variables),
        variables: variables.into_keys().collect(),
    })
}

/// Lambda has the SHA-256 of a zip file in base64.
fn code_sha256(base64: &str) -> Option<Sha256> {
    let bytes = aws_smithy_types::base64::decode(base64).ok()?;
    Some(Sha256::from_bytes(bytes.try_into().ok()?))
}

/// The values of the variables that are no secrets.
fn settings(variables: &HashMap<String, String>) -> BTreeMap<String, String> {
    let known = FunctionConfiguration::SETTINGS.into_iter();
    known.filter_map(|name| Some((name.to_owned(), variables.get(name)?.clone()))).collect()
}

fn key(metadata: KeyMetadata) -> Option<KmsKey> {
    Some(KmsKey {
        arn: metadata.arn?,
        state: metadata.key_state?.as_str().to_owned(),
        spec: metadata.key_spec?.as_str().to_owned(),
        usage: metadata.key_usage?.as_str().to_owned(),
    })
}

fn machine(output: &DescribeStateMachineOutput) -> Option<MachineConfiguration> {
    let log_level = output.logging_configuration.as_ref().and_then(|logging| logging.level.as_ref());
    let definition = json::parse(output.definition.as_bytes());
    Some(MachineConfiguration {
        status: output.status.as_ref()?.as_str().to_owned(),
        // Step Functions accepts duplicate keys, our parser does not.
        definition: definition.unwrap_or_else(|_| Value::String(output.definition.clone())),
        log_level: log_level.map_or("OFF", |level| level.as_str()).to_owned(),
        is_traced: output.tracing_configuration.as_ref().is_some_and(|tracing| tracing.enabled),
    })
}

fn subscriptions(attributes: &HashMap<String, String>) -> Option<TopicSubscriptions> {
    let count = |name: &str| attributes.get(name)?.parse().ok();
    Some(TopicSubscriptions { confirmed: count("SubscriptionsConfirmed")?, pending: count("SubscriptionsPending")? })
}

/// TTL that AWS is still enabling counts as enabled; that takes up to an hour.
fn time_to_live_attribute(description: TimeToLiveDescription) -> Option<String> {
    match description.time_to_live_status? {
        TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling => description.attribute_name,
        _ => None,
    }
}

fn table(description: TableDescription, time_to_live: Result<Option<String>, CloudError>) -> Option<Table> {
    let types = description.attribute_definitions.unwrap_or_default();
    let attribute_type = |name: &str| {
        let found = types.iter().find(|attribute| attribute.attribute_name == name);
        found.map(|attribute| attribute.attribute_type.as_str().to_owned()).unwrap_or_default()
    };
    let key = description.key_schema.unwrap_or_default().into_iter().map(|element| KeyAttribute {
        attribute_type: attribute_type(&element.attribute_name),
        key_type: element.key_type.as_str().to_owned(),
        name: element.attribute_name,
    });
    Some(Table { status: description.table_status?.as_str().to_owned(), key: key.collect(), time_to_live })
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_dynamodb::types::{AttributeDefinition, KeySchemaElement, KeyType, ScalarAttributeType, TableStatus};
    use aws_sdk_lambda::types::{Architecture, EnvironmentResponse, LastUpdateStatus, State};
    use aws_sdk_sfn::types::{LogLevel, LoggingConfiguration, StateMachineStatus, StateMachineType};

    #[test]
    fn function_variables_are_read_without_secrets() {
        let output = GetFunctionConfigurationOutput::builder()
            .state(State::Active)
            .last_update_status(LastUpdateStatus::InProgress)
            .architectures(Architecture::Arm64)
            .timeout(300)
            .memory_size(256)
            .role("arn:aws:iam::111111111111:role/coinbase-odin")
            .code_sha256("dpLDrTVAu4A8Ags67mbNiIcSMjTqDG5xQ8Ct1z/0Me0=")
            .environment(
                EnvironmentResponse::builder()
                    .variables("BIFROST_EXTERNAL_ID", "secret")
                    .variables("BIFROST_AUDIT", "required")
                    .build(),
            )
            .build();
        let function = function(output).unwrap();
        assert_eq!(function.code_sha256, Some(Sha256::of(b"one")));
        assert_eq!((function.timeout_seconds, function.memory_mib), (300, 256));
        assert_eq!((function.architecture.as_str(), function.last_update_status.as_str()), ("arm64", "InProgress"));
        assert!(function.variables.contains(&"BIFROST_EXTERNAL_ID".into()));
        assert_eq!(function.settings, [("BIFROST_AUDIT".to_owned(), "required".to_owned())].into());
    }

    #[test]
    fn state_machine_without_logging_has_level_off() {
        let output = |definition: &str| {
            DescribeStateMachineOutput::builder()
                .state_machine_arn("arn")
                .name("coinbase-odin")
                .definition(definition)
                .role_arn("role")
                .r#type(StateMachineType::Standard)
                .creation_date(aws_sdk_sfn::primitives::DateTime::from_secs(0))
                .status(StateMachineStatus::Active)
        };
        let read = machine(&output(r#"{"a": 1, "a": 2}"#).build().unwrap()).unwrap();
        assert_eq!((read.log_level.as_str(), read.is_traced), ("OFF", false));
        assert!(read.definition.is_string());
        let logging = LoggingConfiguration::builder().level(LogLevel::All).build();
        let read = machine(&output("{}").logging_configuration(logging).build().unwrap()).unwrap();
        assert_eq!((read.log_level.as_str(), read.definition), ("ALL", serde_json::json!({})));
    }

    #[test]
    fn table_key_has_the_types_of_its_attributes() {
        let attribute = |name: &str, kind| {
            AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build().unwrap()
        };
        let hash = KeySchemaElement::builder().attribute_name("key").key_type(KeyType::Hash).build().unwrap();
        let description = TableDescription::builder()
            .table_status(TableStatus::Active)
            .attribute_definitions(attribute("id", ScalarAttributeType::N))
            .attribute_definitions(attribute("key", ScalarAttributeType::S))
            .key_schema(hash)
            .build();
        let key = KeyAttribute { name: "key".into(), key_type: "HASH".into(), attribute_type: "S".into() };
        let expected = Table { status: "ACTIVE".into(), key: vec![key], time_to_live: Ok(None) };
        assert_eq!(table(description, Ok(None)), Some(expected));
    }

    #[test]
    fn subscriptions_are_counted_by_state() {
        let attributes = |counts: &[(&str, &str)]| {
            subscriptions(&counts.iter().map(|(name, count)| ((*name).to_owned(), (*count).to_owned())).collect())
        };
        let counted = attributes(&[("SubscriptionsConfirmed", "2"), ("SubscriptionsPending", "1")]);
        assert_eq!(counted, Some(TopicSubscriptions { confirmed: 2, pending: 1 }));
        assert_eq!(attributes(&[("SubscriptionsConfirmed", "2")]), None);
    }

    #[test]
    fn time_to_live_has_an_attribute_while_it_is_enabled() {
        let attribute = |status| {
            let description = TimeToLiveDescription::builder().attribute_name("expires_at");
            time_to_live_attribute(description.time_to_live_status(status).build())
        };
        assert_eq!(attribute(TimeToLiveStatus::Enabled), Some("expires_at".into()));
        assert_eq!(attribute(TimeToLiveStatus::Enabling), Some("expires_at".into()));
        assert_eq!(attribute(TimeToLiveStatus::Disabling), None);
        assert_eq!(attribute(TimeToLiveStatus::Disabled), None);
    }
}
