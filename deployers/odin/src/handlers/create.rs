//! Creates the resources of a release: placement groups, and for each service a launch template, a group and its
//! policies.

use super::eventually::Eventually;
use crate::capacity::Target;
use crate::cloud::{
    AutoScalingGroup, Capacity, Comparison, HealthCheckType, LaunchTemplate, LifecycleHook, NewAlarm,
    NewAutoScalingGroup, NewLaunchTemplate, NewPlacementGroup, NewScalingPolicy, OdinPorts, PlacementGroup, Tags,
};
use crate::concurrently::each;
use crate::errors::{CreateError, ServiceError};
use crate::groups::{Groups, find_templates, is_own, release_id};
use crate::names::{PLACEMENT_GROUP, group_name, group_tags, own_tags, policy_name, template_name};
use crate::release::{
    OdinRelease, Policy, PolicyType, ResourceName, Service, ServiceName, ServiceResources, render_user_data,
};
use bifrost::cloud::{Attempt, CloudError, ErrorKind};
use bifrost::lifecycle::Proof;
use std::collections::{BTreeMap, BTreeSet};
use tokio::{join, try_join};

/// The resources that an earlier attempt of this execution created, and the placement groups that the release names.
pub(super) struct ExistingResources {
    groups: Vec<AutoScalingGroup>,
    templates: Vec<LaunchTemplate>,
    placement_groups: BTreeMap<ResourceName, Option<PlacementGroup>>,
}

impl ExistingResources {
    /// Finds them by their tags.
    ///
    /// The first attempt of an execution has created nothing, so it only asks for the placement groups.
    pub(super) async fn find(ports: &OdinPorts, release: &OdinRelease, attempt: &Attempt) -> Result<Self, CloudError> {
        if is_first(attempt) {
            let placement_groups = find_placement_groups(ports, release).await?;
            return Ok(Self { groups: Vec::new(), templates: Vec::new(), placement_groups });
        }
        Self::find_all(ports, release).await
    }

    /// Whether anything was created for the release so far.
    pub(super) async fn any(ports: &OdinPorts, release: &OdinRelease) -> Result<bool, CloudError> {
        let Self { groups, templates, placement_groups } = Self::find_all(ports, release).await?;
        let placed = placement_groups.values().flatten().any(|group| is_own(&group.tags, &release.envelope));
        Ok(placed || !(groups.is_empty() && templates.is_empty()))
    }

    async fn find_all(ports: &OdinPorts, release: &OdinRelease) -> Result<Self, CloudError> {
        let envelope = &release.envelope;
        let (groups, templates, placement_groups) = try_join!(
            Groups::find(ports, envelope),
            find_templates(ports, envelope),
            find_placement_groups(ports, release),
        )?;
        Ok(Self {
            groups: groups.own().cloned().collect(),
            templates: templates.into_iter().filter(|template| is_own(&template.tags, envelope)).collect(),
            placement_groups,
        })
    }
}

/// Whether this is the first attempt of the execution's task. Go's definition sends neither the execution nor the retries.
fn is_first(attempt: &Attempt) -> bool {
    attempt.execution.is_some() && attempt.retry_count == 0
}

/// The placement groups that the release names; `None` for those that do not exist.
pub(super) async fn find_placement_groups(
    ports: &OdinPorts,
    release: &OdinRelease,
) -> Result<BTreeMap<ResourceName, Option<PlacementGroup>>, CloudError> {
    let names: BTreeSet<_> = named_placement_groups(release).map(|(name, _, _)| name).collect();
    let found = each(names, async |name: &ResourceName| {
        Ok((name.clone(), ports.compute.placement_group(name.as_str()).await?))
    });
    found.await.into_iter().collect()
}

/// Every placement group that the release names, with the service that names it.
fn named_placement_groups(release: &OdinRelease) -> impl Iterator<Item = (&ResourceName, &ServiceName, &Service)> {
    let services = release.fields.services.iter();
    services.filter_map(|(name, service)| Some((service.placement_group_name.as_ref()?, name, service)))
}

/// Creates what does not exist yet.
pub(super) struct ServiceBuilder<'a> {
    pub(super) ports: &'a OdinPorts,
    pub(super) proof: &'a Proof,
    pub(super) release: &'a OdinRelease,
    pub(super) existing: &'a ExistingResources,
    /// The user data, with placeholders.
    pub(super) user_data: &'a [u8],
    /// Repeats calls that AWS refuses because it does not know yet what was just created.
    pub(super) eventually: Eventually<'a>,
}

impl ServiceBuilder<'_> {
    /// Creates the placement groups that do not exist. `ValidateResources` checked their names.
    pub(super) async fn create_placement_groups(&self) -> Result<(), CloudError> {
        let absent = |name: &ResourceName| matches!(self.existing.placement_groups.get(name), Some(None));
        let wanted: BTreeMap<_, _> = named_placement_groups(self.release)
            .filter(|(name, ..)| absent(name))
            .map(|(name, by, service)| (name, (by, service)))
            .collect();
        let created = each(wanted, async |(name, (by, service)): (&ResourceName, (&ServiceName, &Service))| {
            let group = NewPlacementGroup {
                name: name.to_string(),
                strategy: service.placement_group_strategy.map_or("", |strategy| strategy.as_str()).to_owned(),
                partition_count: service.placement_group_partition_count,
                tags: own_tags(self.release, by, name.as_str()),
            };
            self.create_placement_group(&group).await
        });
        created.await.into_iter().collect()
    }

    /// Creates a placement group once: if the answer to a request was lost, the request is repeated, and the placement
    /// group that exists then is our own.
    async fn create_placement_group(&self, group: &NewPlacementGroup) -> Result<(), CloudError> {
        let create = async || self.ports.compute.create_placement_group(self.proof, group).await;
        match self.eventually.call(create).await {
            Err(error) if error.kind == ErrorKind::AlreadyExists => {
                let found = self.ports.compute.placement_group(&group.name).await?;
                let is_ours = found.is_some_and(|found| is_own(&found.tags, &self.release.envelope));
                if is_ours { Ok(()) } else { Err(error) }
            }
            created => created,
        }
    }

    /// Creates a service's launch template, then its group, then its policies with their alarms, and enables its
    /// metrics.
    pub(super) async fn create_service(
        &self,
        name: &ServiceName,
        service: &Service,
    ) -> Result<(), ServiceError<CreateError>> {
        let failed = |error: CreateError| ServiceError::new(name, error);
        let resources = service.resources.as_ref().ok_or_else(|| failed(CreateError::NotResolved))?;
        let template =
            self.launch_template(name, service, resources).ok_or_else(|| failed(CreateError::NotResolved))?;
        let group = self.group(name, service, resources, &template.name);
        self.create(service, template, group).await.map_err(|error| failed(error.into()))
    }

    async fn create(
        &self,
        service: &Service,
        template: NewLaunchTemplate,
        group: NewAutoScalingGroup,
    ) -> Result<(), CloudError> {
        if !self.existing.templates.iter().any(|existing| existing.name == template.name) {
            let create = async || self.ports.templates.create_launch_template(self.proof, &template).await;
            self.eventually.call(create).await?;
        }
        if !self.existing.groups.iter().any(|existing| existing.name == group.name) {
            self.create_group(&group).await?;
        }
        let policies =
            each(&service.autoscaling.policies, async |policy| self.create_policy(&group.name, policy).await);
        let metrics = async || self.ports.groups.enable_metrics(self.proof, &group.name).await;
        // While groups of two releases serve, no healthy instance may be terminated for the balance of zones.
        let suspend = async || self.ports.groups.suspend_az_rebalance(self.proof, &group.name).await;
        let (policies, metrics, suspended) =
            join!(policies, self.eventually.call(metrics), self.eventually.call(suspend));
        policies.into_iter().collect::<Result<(), _>>().and(metrics).and(suspended)
    }

    /// Creates a group once: if the answer to a request was lost, the request is repeated, and the group that exists
    /// then is our own.
    async fn create_group(&self, group: &NewAutoScalingGroup) -> Result<(), CloudError> {
        let create = async || self.ports.groups.create_group(self.proof, group).await;
        match self.eventually.call(create).await {
            Err(error) if error.kind == ErrorKind::AlreadyExists => {
                let groups = Groups::find(self.ports, &self.release.envelope).await?;
                if groups.own_named(&group.name).is_some() { Ok(()) } else { Err(error) }
            }
            created => created,
        }
    }

    async fn create_policy(&self, group: &str, policy: &Policy) -> Result<(), CloudError> {
        let name = policy_name(group, policy);
        let scaling_policy = scaling_policy(group, policy, !policy.scales_in());
        let put_policy = async || self.ports.groups.put_scaling_policy(self.proof, &scaling_policy).await;
        let alarm = alarm(&name, group, policy, self.eventually.call(put_policy).await?);
        self.eventually.call(async || self.ports.alarms.put(self.proof, &alarm).await).await
    }

    /// `None` if the release was not resolved.
    fn launch_template(
        &self,
        service_name: &ServiceName,
        service: &Service,
        resources: &ServiceResources,
    ) -> Option<NewLaunchTemplate> {
        let name = template_name(&group_name(&self.release.envelope, service_name));
        let uuid = self.release.envelope.uuid.as_ref()?;
        Some(NewLaunchTemplate {
            // A repeated request creates no second template. EC2 accepts 128 characters; this has at most 36 + 1 + 64.
            client_token: format!("{uuid}-{service_name}"),
            image_id: resources.image.clone()?,
            instance_type: service.instance_type.to_string(),
            security_group_ids: resources.security_groups.clone(),
            instance_profile_arn: resources.profile_arn.clone(),
            user_data: render_user_data(self.user_data, self.release, service_name),
            ebs_volume: service.ebs_volume(),
            // AWS optimises every type that can be for free, and refuses it for many others: its default is right.
            ebs_optimized: None,
            spot_price: service.spot_price.as_ref().map(ToString::to_string),
            associate_public_ip_address: service.associate_public_ip_address,
            placement_group: service.placement_group_name.as_ref().map(ToString::to_string),
            tenancy: service.placement_tenancy.map(|tenancy| tenancy.as_str().to_owned()),
            metadata_hop_limit: Some(service.metadata_hop_limit.unwrap_or(Service::DEFAULT_METADATA_HOP_LIMIT)),
            detailed_monitoring: service.detailed_monitoring,
            tags: self.template_tags(service_name, service, &name),
            volume_tags: group_tags(self.release, service_name, service),
            name,
        })
    }

    /// A placement group that is left over is found by the template of its service.
    fn template_tags(&self, service_name: &ServiceName, service: &Service, name: &str) -> Tags {
        let mut tags = own_tags(self.release, service_name, name);
        // A placement group that somebody else created is not Odin's to delete.
        let is_odins = |name: &&ResourceName| {
            let existing = self.existing.placement_groups.get(*name).and_then(Option::as_ref);
            existing.is_none_or(|group| release_id(&group.tags).is_some())
        };
        let placement_group = service.placement_group_name.as_ref().filter(is_odins);
        tags.extend(placement_group.map(|group| (PLACEMENT_GROUP.to_owned(), group.to_string())));
        tags
    }

    fn group(
        &self,
        name: &ServiceName,
        service: &Service,
        resources: &ServiceResources,
        launch_template: &str,
    ) -> NewAutoScalingGroup {
        let autoscaling = &service.autoscaling;
        let target = Target::new(autoscaling, service.previous_desired_capacity);
        let first = autoscaling.strategy.creation(&target);
        let by_balancer = service.has_balancer();
        NewAutoScalingGroup {
            name: group_name(&self.release.envelope, name),
            launch_template: launch_template.to_owned(),
            capacity: Capacity { min_size: first.min, desired: first.desired, max_size: target.max_size },
            subnet_ids: resources.subnets.clone(),
            load_balancers: resources.elbs.clone(),
            target_group_arns: resources.target_group_arns.clone(),
            health_check_type: if by_balancer { HealthCheckType::Elb } else { HealthCheckType::Ec2 },
            health_check_grace_period_seconds: autoscaling.grace_period_seconds(self.release.envelope.timeout),
            default_cooldown_seconds: autoscaling.default_cooldown,
            termination_policies: vec!["ClosestToNextInstanceHour".to_owned()],
            lifecycle_hooks: self.hooks(),
            tags: group_tags(self.release, name, service),
        }
    }

    fn hooks(&self) -> Vec<LifecycleHook> {
        let hooks = self.release.fields.lifecycle.iter();
        let hooks = hooks.map(|(name, hook)| LifecycleHook {
            name: name.to_string(),
            transition: hook.transition.as_str().to_owned(),
            role_arn: hook.role_arn.clone().unwrap_or_default(),
            notification_target_arn: hook.notification_target_arn.clone().unwrap_or_default(),
            heartbeat_timeout_seconds: hook.heartbeat_timeout,
        });
        hooks.collect()
    }
}

/// A scaling policy of a group. Those that remove instances are disabled while the release is deployed.
pub(super) fn scaling_policy(group: &str, policy: &Policy, enabled: bool) -> NewScalingPolicy {
    NewScalingPolicy {
        name: policy_name(group, policy),
        group_name: group.to_owned(),
        scaling_adjustment: policy.adjustment(),
        cooldown_seconds: policy.cooldown,
        enabled,
    }
}

fn alarm(name: &str, group: &str, policy: &Policy, policy_arn: String) -> NewAlarm {
    let comparison = match policy.kind {
        PolicyType::CpuScaleUp => Comparison::GreaterThanThreshold,
        PolicyType::CpuScaleDown => Comparison::LessThanThreshold,
    };
    NewAlarm {
        name: name.to_owned(),
        description: alarm_description(name, comparison, policy),
        group_name: group.to_owned(),
        comparison,
        threshold: policy.threshold_percent(),
        period_seconds: policy.period,
        evaluation_periods: policy.evaluation_periods,
        policy_arn,
    }
}

/// The same description as Go Odin's, line by line: dashboards and runbooks may show it.
fn alarm_description(name: &str, comparison: Comparison, policy: &Policy) -> String {
    format!(
        "Scale-{name}\n if Average CPUUtilization\n is {} {}%\n for {} seconds {} times in a row",
        comparison.as_str(),
        policy.threshold_percent(),
        policy.period,
        policy.evaluation_periods
    )
}
