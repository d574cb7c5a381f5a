//! The resources of a project in the target account.

use crate::project::{Project, tag};
use serde_json::{Value, json};

/// All resources that releases of a project create and delete, as AWS describes them.
#[derive(Debug, PartialEq)]
pub(crate) struct ProjectResources {
    pub(crate) groups: Vec<Value>,
    pub(crate) templates: Vec<Value>,
    pub(crate) alarms: Vec<Value>,
    pub(crate) placement_groups: Vec<Value>,
}

impl Project<'_> {
    /// The current resources of the project.
    pub(crate) fn resources(&self) -> ProjectResources {
        let alarms = json!({"AlarmNamePrefix": format!("{}-development-", self.name)});
        let mut placement_groups = self.list("ec2", "DescribePlacementGroups", json!({}), "PlacementGroups");
        let prefix = format!("odin/{}/development/", self.name);
        placement_groups.retain(|group| group["GroupName"].as_str().unwrap().starts_with(&prefix));
        ProjectResources {
            groups: self.groups(),
            templates: self.list("ec2", "DescribeLaunchTemplates", self.by_tag(), "LaunchTemplates"),
            alarms: self.list("cloudwatch", "DescribeAlarms", alarms, "MetricAlarms"),
            placement_groups,
        }
    }

    /// Those that a release created.
    pub(crate) fn resources_of(&self, release_id: &str) -> ProjectResources {
        let ProjectResources { mut groups, mut templates, mut alarms, .. } = self.resources();
        let is_of = |found: &Value| tag(found, "ReleaseID") == Some(release_id);
        groups.retain(is_of);
        templates.retain(is_of);
        alarms.retain(|alarm| {
            groups.iter().any(|group| starts_with(&alarm["AlarmName"], &group["AutoScalingGroupName"]))
        });
        ProjectResources { groups, templates, alarms, placement_groups: Vec::new() }
    }

    /// Deletes what all other releases created, as a person does who cleans up. Two services of the release run.
    pub(crate) fn delete_other_releases(&self, release_id: &str) {
        let (fixture, found, kept) = (self.fixture, self.resources(), self.resources_of(release_id));
        assert_eq!(kept.groups.len(), 2, "the release does not run");
        for group in found.groups.iter().filter(|group| !kept.groups.contains(group)) {
            let group = json!({"AutoScalingGroupName": group["AutoScalingGroupName"], "ForceDelete": true});
            fixture.target("autoscaling", "DeleteAutoScalingGroup", group);
        }
        for template in found.templates.iter().filter(|template| !kept.templates.contains(template)) {
            let template = json!({"LaunchTemplateId": template["LaunchTemplateId"]});
            fixture.target("ec2", "DeleteLaunchTemplate", template);
        }
        let orphans = found.alarms.iter().filter(|alarm| !kept.alarms.contains(alarm)).map(|alarm| &alarm["AlarmName"]);
        fixture.target("cloudwatch", "DeleteAlarms", json!({"AlarmNames": orphans.collect::<Vec<_>>()}));
    }

    /// Its auto-scaling groups.
    pub(crate) fn groups(&self) -> Vec<Value> {
        self.list("autoscaling", "DescribeAutoScalingGroups", self.by_tag(), "AutoScalingGroups")
    }

    fn by_tag(&self) -> Value {
        json!({"Filters": [{"Name": "tag:ProjectName", "Values": [self.name]}]})
    }

    fn list(&self, service: &str, operation: &str, parameters: Value, field: &str) -> Vec<Value> {
        let found = self.fixture.target(service, operation, parameters);
        found[field].as_array().unwrap().clone()
    }

    /// The instances that each balancer of the project reports healthy.
    pub(crate) fn healthy_in_balancers(&self, balancers: &Value, target_groups: &Value) -> Vec<Vec<String>> {
        let names = |list: &Value| list.as_array().cloned().unwrap_or_default();
        let classic = names(balancers).into_iter().map(|name| self.healthy_in_balancer(&name));
        classic.chain(names(target_groups).into_iter().map(|name| self.healthy_in_target_group(&name))).collect()
    }

    fn healthy_in_balancer(&self, name: &Value) -> Vec<String> {
        let described = self.fixture.target("elb", "DescribeInstanceHealth", json!({"LoadBalancerName": name}));
        let states = described["InstanceStates"].as_array().unwrap().iter();
        ids(states.filter(|state| state["State"] == "InService").map(|state| &state["InstanceId"]))
    }

    fn healthy_in_target_group(&self, name: &Value) -> Vec<String> {
        let found = self.fixture.target("elbv2", "DescribeTargetGroups", json!({"Names": [name]}));
        let arn = &found["TargetGroups"][0]["TargetGroupArn"];
        let described = self.fixture.target("elbv2", "DescribeTargetHealth", json!({"TargetGroupArn": arn}));
        let targets = described["TargetHealthDescriptions"].as_array().unwrap().iter();
        ids(targets.filter(|target| target["TargetHealth"]["State"] == "healthy").map(|target| &target["Target"]["Id"]))
    }
}

fn starts_with(text: &Value, prefix: &Value) -> bool {
    text.as_str().unwrap().starts_with(prefix.as_str().unwrap())
}

/// The instances of a group that the group itself reports healthy.
pub(crate) fn healthy(group: &Value) -> Vec<String> {
    let instances = group["Instances"].as_array().unwrap().iter();
    let healthy = instances.filter(|instance| {
        (&instance["HealthStatus"], &instance["LifecycleState"]) == (&json!("Healthy"), &json!("InService"))
    });
    ids(healthy.map(|instance| &instance["InstanceId"]))
}

fn ids<'v>(values: impl Iterator<Item = &'v Value>) -> Vec<String> {
    let mut ids: Vec<_> = values.map(|id| id.as_str().unwrap().to_owned()).collect();
    ids.sort();
    ids
}
