//! Parses the `Resource` and the `Credentials` of a `Task`.

use super::fields::Fields;
use crate::model::MachineType;
use crate::resource::{Pattern, Resource, ResourceKind};

pub(super) fn resource(fields: &Fields<'_>) -> Option<Resource> {
    let resource = Resource::parse(fields.required_text("Resource")?);
    if let Some(fault) = resource.fault() {
        fields.report("Resource", fault);
    }
    if fields.context().machine_type == MachineType::Express
        && let Some(unsupported) = unsupported_in_express(&resource)
    {
        let message = format!(
            "an express state machine does not support {unsupported}; use a standard one, or call the service directly"
        );
        fields.report("Resource", message);
    }
    Some(resource)
}

fn unsupported_in_express(resource: &Resource) -> Option<&'static str> {
    match resource.kind() {
        ResourceKind::Activity => Some("activities"),
        ResourceKind::Service { pattern: Pattern::WaitForTaskToken, .. } => Some("`.waitForTaskToken`"),
        ResourceKind::Service { pattern: Pattern::Sync, .. } => Some("`.sync`"),
        ResourceKind::Service { pattern: Pattern::RequestResponse, .. } | ResourceKind::LambdaFunction => None,
    }
}

/// Reports `Credentials` without a role. `names` are the fields that it sets.
pub(super) fn check_credentials<'n>(fields: &Fields<'_>, mut names: impl Iterator<Item = &'n str>) {
    if !names.any(|name| name == "RoleArn") {
        let path = if fields.is_jsonata() { "an expression" } else { "a path to it as `RoleArn.$`" };
        fields.report("Credentials", format!("RoleArn is missing; write the ARN of the role to assume, or {path}"));
    }
}
