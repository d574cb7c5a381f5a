//! Creates, changes and replaces resources.

use super::super::operation::{ResourceOperation, ResourceProgress};
use super::super::region::OperationStage;
use super::super::resolve::{Scope, identify};
use super::super::stack::StoredResource;
use super::super::types::ResourceType;
use super::Run;
use bifrost::local::later;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The properties with the location in S3 of code, a layer or the definition of an API.
pub(in super::super) const CODE: [&str; 3] = ["Code", "Content", "BodyS3Location"];

/// Seconds until a service refuses an invalid request.
const REFUSAL_SECONDS: u32 = 1;

impl Run<'_> {
    /// Starts to create, change or replace the resource. Does nothing if it is as the template says.
    pub(super) fn apply(&mut self, name: &str) {
        let Some(definition) = self.operation.target.resources.get(name).cloned() else { return };
        let properties = match self.properties(&definition) {
            Ok(properties) => properties,
            Err(reason) => return self.refuse(name, definition, json!({}), reason),
        };
        let without_code = self.operation.without_code.get(name).cloned();
        match (self.stack.resources.get_mut(name), without_code) {
            (Some(old), _) if old.properties == properties => old.definition = definition,
            (Some(old), Some(reason)) if !has_the_same_code(&old.properties, &properties) => {
                self.refuse(name, definition, properties, reason);
            }
            (Some(_), _) => self.change(name, definition, properties),
            (None, Some(reason)) => self.refuse(name, definition, properties, reason),
            (None, None) => self.create(name, definition, properties),
        }
    }

    /// Its properties with intrinsic functions evaluated and the stack's tags added.
    fn properties(&self, definition: &Value) -> Result<Value, String> {
        let scope = Scope { stack: self.arn, resources: &self.stack.resources };
        let stated = definition.get("Properties").cloned().unwrap_or_else(|| json!({}));
        let mut properties = scope.resolve(&stated)?;
        let kind = definition.get("Type").and_then(Value::as_str).and_then(ResourceType::of);
        if kind.is_some_and(|kind| kind.takes_tags) {
            self.add_tags(&mut properties);
        }
        Ok(properties)
    }

    /// Adds the stack's tags, except those whose key the resource has itself.
    fn add_tags(&self, properties: &mut Value) {
        let Some(properties) = properties.as_object_mut() else { return };
        match properties.entry("Tags").or_insert_with(|| json!([])) {
            Value::Array(own) => {
                let is_own = |key: &String| own.iter().any(|tag| tag.get("Key").and_then(Value::as_str) == Some(key));
                let others = self.stack.tags.iter().filter(|(key, _)| !is_own(key));
                let others: Vec<_> = others.map(|(key, value)| json!({"Key": key, "Value": value})).collect();
                own.extend(others);
            }
            Value::Object(own) => {
                for (key, value) in &self.stack.tags {
                    own.entry(key).or_insert_with(|| value.clone().into());
                }
            }
            _ => {}
        }
    }

    /// Fails before anything is created or changed.
    fn refuse(&mut self, name: &str, definition: Value, properties: Value, reason: String) {
        let old = self.stack.resources.get(name);
        let operation = if old.is_some() { ResourceOperation::Update } else { ResourceOperation::Create };
        let physical_id = old.map(|old| old.physical_id.clone()).unwrap_or_default();
        let resource = StoredResource { definition, properties, physical_id, attributes: BTreeMap::new(), drift: None };
        self.event(name, &resource, &format!("{}_IN_PROGRESS", operation.verb()), None);
        let due = later(self.now, REFUSAL_SECONDS);
        self.operation.touched.insert(name.into());
        self.operation
            .progress
            .insert(name.into(), ResourceProgress { operation, due, failure: Some(reason), resource });
    }

    fn create(&mut self, name: &str, definition: Value, properties: Value) {
        let resource = self.new_resource(name, definition, properties);
        if let Some(reason) = self.name_conflict(&resource) {
            return self.refuse(name, resource.definition, resource.properties, reason);
        }
        self.event(
            name,
            &StoredResource { physical_id: String::new(), ..resource.clone() },
            "CREATE_IN_PROGRESS",
            None,
        );
        self.event(name, &resource, "CREATE_IN_PROGRESS", Some("Resource creation Initiated".into()));
        self.names.extend(resource.unique_name());
        self.stack.resources.insert(name.into(), resource.clone());
        self.run(name, ResourceOperation::Create, resource, OperationStage::Create, None);
    }

    fn new_resource(&mut self, name: &str, definition: Value, properties: Value) -> StoredResource {
        self.stack.ids = self.stack.ids.saturating_add(1);
        let kind = definition.get("Type").and_then(Value::as_str).and_then(ResourceType::of);
        let identify = |kind| identify(kind, self.arn, name, self.stack.ids, &properties);
        let (physical_id, attributes) = kind.map(identify).unwrap_or_default();
        StoredResource { definition, properties, physical_id, attributes, drift: None }
    }

    /// The service's error if another resource has its name.
    fn name_conflict(&self, resource: &StoredResource) -> Option<String> {
        let taken = resource.unique_name().is_some_and(|name| self.names.contains(&name));
        let (kind, id) = (resource.resource_type(), &resource.physical_id);
        taken.then(|| format!("Resource of type '{kind}' with identifier '{id}' already exists."))
    }

    fn change(&mut self, name: &str, definition: Value, properties: Value) {
        let Some(old) = self.stack.resources.get(name).cloned() else { return };
        let kind = ResourceType::of(old.resource_type());
        let differs = |property: &&&str| old.properties.get(**property) != properties.get(**property);
        if kind.is_some_and(|kind| kind.immutable.iter().any(|property| differs(&property))) {
            return self.replace(name, &old, definition, properties);
        }
        let resource = StoredResource { definition, properties, drift: None, ..old };
        self.event(name, &resource, "UPDATE_IN_PROGRESS", None);
        self.operation.touched.insert(name.into());
        let shift = self.traffic_shift(&resource);
        self.run(name, ResourceOperation::Update, resource, OperationStage::Update, shift.seconds);
        if let (Some(alarm), Some(progress)) = (shift.alarm, self.operation.progress.get_mut(name)) {
            progress.failure = Some(format!(
                "One or more alarms have been activated according to the Amazon CloudWatch metrics you selected, and the affected deployments have been stopped. Activated alarms: <{alarm}>"
            ));
        }
    }

    fn replace(&mut self, name: &str, old: &StoredResource, definition: Value, properties: Value) {
        let resource = self.new_resource(name, definition, properties);
        if resource.unique_name().is_some() && resource.physical_id == old.physical_id {
            let id = resource.attributes.get("QueueName").unwrap_or(&resource.physical_id);
            let reason = format!(
                "CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename {id} and update the stack again."
            );
            return self.refuse(name, resource.definition, resource.properties, reason);
        }
        if let Some(reason) = self.name_conflict(&resource) {
            return self.refuse(name, resource.definition, resource.properties, reason);
        }
        self.event(
            name,
            old,
            "UPDATE_IN_PROGRESS",
            Some("Requested update requires the creation of a new physical resource; hence creating one.".into()),
        );
        self.event(name, &resource, "UPDATE_IN_PROGRESS", Some("Resource creation Initiated".into()));
        self.names.extend(resource.unique_name());
        self.operation.touched.insert(name.into());
        self.run(name, ResourceOperation::Replace, resource, OperationStage::Create, None);
    }

    /// How `CodeDeploy` shifts the traffic of an alias to another version, if it does.
    fn traffic_shift(&self, alias: &StoredResource) -> TrafficShift {
        let update = alias.definition.pointer("/UpdatePolicy/CodeDeployLambdaAliasUpdate/DeploymentGroupName/Ref");
        let group = update.and_then(Value::as_str).and_then(|name| self.stack.resources.get(name));
        let Some(group) = group else { return TrafficShift::default() };
        let configuration = group.properties.get("DeploymentConfigName").and_then(Value::as_str).unwrap_or_default();
        let alarms =
            group.properties.pointer("/AlarmConfiguration/Alarms").and_then(Value::as_array).into_iter().flatten();
        let mut alarms = alarms.filter_map(|alarm| alarm.get("Name").and_then(Value::as_str));
        let alarm = alarms.find(|name| self.alarms_in_alarm.contains(*name)).map(Into::into);
        TrafficShift { seconds: shift_seconds(configuration), alarm }
    }
}

/// Whether the service does not have to fetch code again.
fn has_the_same_code(old: &Value, new: &Value) -> bool {
    CODE.into_iter().all(|property| old.get(property) == new.get(property))
}

#[derive(Default)]
struct TrafficShift {
    /// How long it takes, if `CodeDeploy` shifts step by step.
    seconds: Option<u32>,
    /// The alarm that stops it, if it is in `ALARM`.
    alarm: Option<String>,
}

/// Seconds from the first step to the last of `CodeDeployDefault.LambdaCanary10Percent5Minutes`, or of
/// `…LambdaLinear10PercentEvery1Minute`, whose last of ten steps comes nine minutes after the first.
fn shift_seconds(configuration: &str) -> Option<u32> {
    let name = configuration.strip_prefix("CodeDeployDefault.Lambda")?;
    let minutes = name.strip_suffix("Minutes").or_else(|| name.strip_suffix("Minute"))?;
    if let Some(minutes) = minutes.strip_prefix("Canary10Percent") {
        return minutes.parse().ok().map(|minutes: u32| minutes.saturating_mul(60));
    }
    let minutes: u32 = minutes.strip_prefix("Linear10PercentEvery")?.parse().ok()?;
    Some(minutes.saturating_mul(9 * 60))
}

#[cfg(test)]
mod tests {
    use super::shift_seconds;

    #[test]
    fn duration_of_a_traffic_shift() {
        for (name, seconds) in [
            ("Canary10Percent5Minutes", Some(300)),
            ("Canary10Percent30Minutes", Some(1800)),
            ("Linear10PercentEvery1Minute", Some(540)),
            ("Linear10PercentEvery10Minutes", Some(5400)),
            ("AllAtOnce", None),
        ] {
            assert_eq!(shift_seconds(&format!("CodeDeployDefault.Lambda{name}")), seconds, "{name}");
        }
    }
}
