//! The port for the deployer's own resources.

use super::bucket::S3Bucket;
use crate::AwsSession;
use crate::error::Incomplete;
use crate::session::CallFailure;
use async_trait::async_trait;
use aws_sdk_dynamodb::operation::describe_table::DescribeTableError;
use aws_sdk_dynamodb::types::TableDescription;
use aws_sdk_lambda::operation::get_function_configuration::{
    GetFunctionConfigurationError, GetFunctionConfigurationOutput,
};
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_sfn::operation::describe_state_machine::{DescribeStateMachineError, DescribeStateMachineOutput};
use bifrost_core::cloud::{
    BucketSettings, CloudError, FunctionConfiguration, Inventory, Invocation, KeyAttribute, MachineConfiguration, Table,
};
use bifrost_core::json;
use bifrost_core::release::BucketName;
use serde_json::Value;

/// The resources in the session's account and region.
pub(super) struct AwsInventory {
    session: AwsSession,
}

impl AwsInventory {
    pub(super) fn new(session: AwsSession) -> Self {
        Self { session }
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
        match self.session.try_call(OPERATION, name, describe.send()).await {
            Ok(output) => output.table.and_then(table).present(OPERATION, name, "TableStatus").map(Some),
            Err(CallFailure { service_error: Some(DescribeTableError::ResourceNotFoundException(_)), .. }) => Ok(None),
            Err(failure) => Err(failure.error),
        }
    }

    async fn bucket(&self, name: &BucketName) -> Result<Option<BucketSettings>, CloudError> {
        S3Bucket::new(&self.session, name).settings().await
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
        timeout_seconds: output.timeout?.try_into().ok()?,
        memory_mib: output.memory_size?.try_into().ok()?,
        role: output.role?,
        variables: variables.into_keys().collect(),
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

fn table(description: TableDescription) -> Option<Table> {
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
    Some(Table { status: description.table_status?.as_str().to_owned(), key: key.collect() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_dynamodb::types::{AttributeDefinition, KeySchemaElement, KeyType, ScalarAttributeType, TableStatus};
    use aws_sdk_lambda::types::{Architecture, EnvironmentResponse, LastUpdateStatus, State};
    use aws_sdk_sfn::types::{LogLevel, LoggingConfiguration, StateMachineStatus, StateMachineType};

    #[test]
    fn function_variables_are_read_without_values() {
        let output = GetFunctionConfigurationOutput::builder()
            .state(State::Active)
            .last_update_status(LastUpdateStatus::InProgress)
            .architectures(Architecture::Arm64)
            .timeout(300)
            .memory_size(256)
            .role("arn:aws:iam::111111111111:role/coinbase-odin")
            .environment(EnvironmentResponse::builder().variables("BIFROST_EXTERNAL_ID", "secret").build())
            .build();
        let function = function(output).unwrap();
        assert_eq!((function.timeout_seconds, function.memory_mib), (300, 256));
        assert_eq!((function.architecture.as_str(), function.last_update_status.as_str()), ("arm64", "InProgress"));
        assert_eq!(function.variables, ["BIFROST_EXTERNAL_ID"]);
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
        assert_eq!(table(description), Some(Table { status: "ACTIVE".into(), key: vec![key] }));
    }
}
