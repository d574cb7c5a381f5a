//! Step's ports on the AWS SDK.

use super::{
    AwsFunctions, AwsStateMachines, CodeUpdate, Diagnostic, Function, FunctionVersion, NewVersion, StateMachine,
    StepPorts, Tags,
};
use crate::machine::Step;
use aws_sdk_lambda::operation::get_function_configuration::GetFunctionConfigurationOutput;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::FunctionConfiguration;
use aws_sdk_sfn::types::{StateMachineType, ValidateStateMachineDefinitionSeverity};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bifrost::asl::MachineType;
use bifrost::aws::{AwsCall, AwsChange, AwsClient, AwsDeployer, AwsSession, Request};
use bifrost::cloud::CloudError;
use bifrost::release::Sha256;
use chrono::{DateTime, Utc};
use std::sync::Arc;

impl AwsDeployer for Step {
    fn aws_ports(session: AwsSession) -> StepPorts {
        StepPorts {
            functions: Arc::new(AwsClient::new(&session, aws_sdk_lambda::Client::new)),
            state_machines: Arc::new(AwsClient::new(&session, aws_sdk_sfn::Client::new)),
        }
    }
}

impl AwsFunctions for aws_sdk_lambda::Client {
    async fn function(
        &self,
        call: AwsCall<'_>,
        name: &str,
        version: Option<&str>,
    ) -> Result<Option<Function>, CloudError> {
        let get = self.get_function_configuration().function_name(name).set_qualifier(version.map(ToOwned::to_owned));
        match call.send(get.send()).await {
            Ok(answer) => Ok(Some(function(answer, *call)?)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn tags(&self, call: AwsCall<'_>, name: &str) -> Result<Tags, CloudError> {
        let arn = call.arn("lambda", &format!("function:{name}"));
        let answer = call.send(self.list_tags().resource(arn).send()).await?;
        Ok(answer.tags.unwrap_or_default().into_iter().collect())
    }

    async fn versions(&self, call: AwsCall<'_>, name: &str) -> Result<Vec<FunctionVersion>, CloudError> {
        let pages = self.list_versions_by_function().function_name(name).into_paginator().items().send();
        let all = call.send(pages.collect::<Result<Vec<FunctionConfiguration>, _>>()).await?;
        let published = all.into_iter().filter(|version| version.version.as_deref() != Some("$LATEST"));
        published.map(|version| function_version(version, *call)).collect()
    }

    async fn update_code(&self, call: AwsChange<'_>, update: &CodeUpdate) -> Result<(), CloudError> {
        let CodeUpdate { function, zip, revision_id } = update;
        let request = self.update_function_code().function_name(function).zip_file(Blob::new(zip.clone()));
        call.send(request.revision_id(revision_id).send()).await.map(drop)
    }

    async fn publish_version(&self, call: AwsChange<'_>, version: &NewVersion) -> Result<String, CloudError> {
        let code = BASE64_STANDARD.encode(version.code_sha256.as_bytes());
        let request = self.publish_version().function_name(&version.function).code_sha256(code);
        let answer = call.send(request.description(version.release_id.as_str()).send()).await?;
        call.field("number in Version", answer.version.filter(|version| is_number(version)))
    }

    async fn delete_version(&self, call: AwsChange<'_>, name: &str, version: &str) -> Result<(), CloudError> {
        match call.send(self.delete_function().function_name(name).qualifier(version).send()).await {
            Err(error) if !error.is_not_found() => Err(error),
            _ => Ok(()),
        }
    }
}

fn function(answer: GetFunctionConfigurationOutput, request: Request<'_>) -> Result<Function, CloudError> {
    let architecture = answer.architectures.unwrap_or_default().pop();
    let size = answer.code_size;
    Ok(Function {
        runtime: answer.runtime.map(|runtime| runtime.as_str().to_owned()),
        handler: answer.handler,
        // What functions have that were created before there was a choice.
        architecture: architecture.map_or_else(|| "x86_64".into(), |it| it.as_str().to_owned()),
        package_type: answer.package_type.map_or_else(|| "Zip".into(), |it| it.as_str().to_owned()),
        layers: answer.layers.unwrap_or_default().len(),
        code_sha256: answer.code_sha256.as_deref().and_then(code_sha256),
        code_size_bytes: u64::try_from(size).unwrap_or_default(),
        state: answer.state.map_or_else(|| "Active".into(), |state| state.as_str().to_owned()),
        last_update_status: answer.last_update_status.map_or_else(|| "Successful".into(), |it| it.as_str().to_owned()),
        last_update_reason: answer.last_update_status_reason,
        revision_id: request.field("RevisionId", answer.revision_id)?,
    })
}

/// Lambda has the SHA-256 of a zip file in base64.
fn code_sha256(base64: &str) -> Option<Sha256> {
    let bytes = BASE64_STANDARD.decode(base64).ok()?;
    Some(Sha256::from_bytes(bytes.try_into().ok()?))
}

/// Lambda deletes the whole function if a request to delete a version has none.
fn is_number(version: &str) -> bool {
    version.parse::<u64>().is_ok()
}

fn function_version(version: FunctionConfiguration, request: Request<'_>) -> Result<FunctionVersion, CloudError> {
    let published = request.field("LastModified", version.last_modified)?;
    // `2026-11-21T12:00:00.000+0000`, without the colon of RFC 3339; emulations of AWS have one of RFC 3339.
    let published = DateTime::parse_from_str(&published, "%Y-%m-%dT%H:%M:%S%.f%z")
        .or_else(|_| DateTime::parse_from_rfc3339(&published))
        .ok();
    Ok(FunctionVersion {
        version: request.field("number in Version", version.version.filter(|version| is_number(version)))?,
        description: version.description.unwrap_or_default(),
        published: request.field("time in LastModified", published)?.with_timezone(&Utc),
    })
}

impl AwsStateMachines for aws_sdk_sfn::Client {
    async fn state_machine(&self, call: AwsCall<'_>, name: &str) -> Result<Option<StateMachine>, CloudError> {
        let describe = self.describe_state_machine().state_machine_arn(machine_arn(call, name));
        let answer = match call.send(describe.send()).await {
            Err(error) if error.is_not_found() => return Ok(None),
            answer => answer?,
        };
        Ok(Some(StateMachine {
            definition: answer.definition,
            role_arn: answer.role_arn,
            machine_type: match answer.r#type {
                StateMachineType::Express => MachineType::Express,
                _ => MachineType::Standard,
            },
            status: answer.status.map_or_else(|| "ACTIVE".into(), |status| status.as_str().to_owned()),
        }))
    }

    async fn tags(&self, call: AwsCall<'_>, name: &str) -> Result<Tags, CloudError> {
        let list = self.list_tags_for_resource().resource_arn(machine_arn(call, name));
        let tags = call.send(list.send()).await?.tags.unwrap_or_default();
        Ok(tags.into_iter().filter_map(|tag| Some((tag.key?, tag.value?))).collect())
    }

    async fn validate(
        &self,
        call: AwsCall<'_>,
        definition: &str,
        machine_type: MachineType,
    ) -> Result<Vec<Diagnostic>, CloudError> {
        let machine_type = match machine_type {
            MachineType::Standard => StateMachineType::Standard,
            MachineType::Express => StateMachineType::Express,
        };
        let request = self.validate_state_machine_definition().definition(definition).r#type(machine_type);
        // Without it, Step Functions answers with errors only.
        let request = request.severity(ValidateStateMachineDefinitionSeverity::Warning).max_results(100);
        let answer = call.send(request.send()).await?;
        let diagnostics = answer.diagnostics.into_iter().map(|diagnostic| Diagnostic {
            is_error: diagnostic.severity == ValidateStateMachineDefinitionSeverity::Error,
            code: diagnostic.code,
            message: diagnostic.message,
            location: diagnostic.location.unwrap_or_default(),
        });
        Ok(diagnostics.collect())
    }

    async fn update(&self, call: AwsChange<'_>, name: &str, definition: &str) -> Result<(), CloudError> {
        let update = self.update_state_machine().state_machine_arn(call.arn("states", &format!("stateMachine:{name}")));
        call.send(update.definition(definition).send()).await.map(drop)
    }
}

fn machine_arn(call: AwsCall<'_>, name: &str) -> String {
    call.arn("states", &format!("stateMachine:{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_without_a_number_is_refused() {
        let request = Request::new("lambda:ListVersionsByFunction", "greeter");
        let version = |number: &str| {
            let published = "2026-11-21T12:00:00.000+0000";
            function_version(FunctionConfiguration::builder().version(number).last_modified(published).build(), request)
        };
        assert_eq!(version("7").unwrap().published.to_rfc3339(), "2026-11-21T12:00:00+00:00");
        for other in ["", "$LATEST", "live"] {
            assert!(version(other).is_err(), "{other:?}");
        }
    }
}
