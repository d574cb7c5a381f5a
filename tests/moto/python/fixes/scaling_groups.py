"""Auto Scaling: errors and answers of calls that change groups, launch configurations and policies."""

from moto.autoscaling.exceptions import AutoscalingClientError, ValidationError
from moto.autoscaling.models import FakeScalingPolicy
from moto.cloudwatch.models import cloudwatch_backends

from fixes.autoscaling import Backend, Group, Response

METRICS = [
    "GroupMinSize",
    "GroupMaxSize",
    "GroupDesiredCapacity",
    "GroupInServiceInstances",
    "GroupPendingInstances",
    "GroupStandbyInstances",
    "GroupTerminatingInstances",
    "GroupTotalInstances",
]


def install():
    groups()
    lifecycle_hooks()
    desired_capacity()
    policies()
    launch_configurations()
    Group.enable_metrics_collection = lambda self, metrics: setattr(self, "metrics", metrics or list(METRICS))


def groups():
    """Refuses a second group of the same name, inconsistent sizes, and missing resources."""
    create = Backend.create_auto_scaling_group

    def create_group(self, **parameters):
        name, configuration = parameters["name"], parameters.get("launch_config_name")
        if name in self.autoscaling_groups:
            message = f"AutoScalingGroup by this name already exists - A group with the name {name} already exists"
            raise AutoscalingClientError("AlreadyExists", message)
        if configuration and configuration not in self.launch_configurations:
            raise _no_launch_configuration(configuration)
        _check_sizes(parameters["min_size"], parameters["max_size"], parameters["desired_capacity"])
        if any(self.elb_backend.get_load_balancer(each) is None for each in parameters.get("load_balancers") or []):
            message = "Provided Load Balancers may not be valid. Please ensure they exist and try again."
            raise ValidationError(message)
        return create(self, **parameters)

    Backend.create_auto_scaling_group = create_group


def _check_sizes(low, high, desired):
    low, high = int(low), int(high)
    if low > high:
        raise ValidationError(f"Max bound, {high}, must be greater than or equal to min bound, {low}")
    if desired is not None and not low <= int(desired) <= high:
        message = f"Desired capacity:{desired} must be between the specified min size:{low} and max size:{high}"
        raise ValidationError(message)


def lifecycle_hooks():
    """Creates a group with its hooks."""
    create = Response.create_auto_scaling_group

    def create_with_hooks(self):
        answer = create(self)
        for hook in self._get_param("LifecycleHookSpecificationList", []):
            self.autoscaling_backend.create_lifecycle_hook(
                name=hook["LifecycleHookName"],
                as_name=self._get_param("AutoScalingGroupName"),
                transition=hook["LifecycleTransition"],
                timeout=hook.get("HeartbeatTimeout"),
                result=hook.get("DefaultResult"),
            )
        return answer

    Response.create_auto_scaling_group = create_with_hooks


def desired_capacity():
    """Refuses a desired capacity outside the group's bounds."""
    set_desired_capacity = Response.set_desired_capacity

    def set_within_bounds(self):
        group = self.autoscaling_backend.autoscaling_groups.get(self._get_param("AutoScalingGroupName"))
        desired = self._get_int_param("DesiredCapacity")
        if group is not None and not group.min_size <= desired <= group.max_size:
            above = desired > group.max_size
            bound = f"above max value {group.max_size}" if above else f"below min value {group.min_size}"
            raise ValidationError(f"New SetDesiredCapacity value {desired} is {bound} for the AutoScalingGroup.")
        return set_desired_capacity(self)

    Response.set_desired_capacity = set_within_bounds


def policies():
    """Refuses a policy for a missing group. The answer spells the ARN as the SDKs read it. A policy has its alarms, and
    both are deleted with the group."""
    put = Response.put_scaling_policy

    def put_scaling_policy(self):
        if self._get_param("AutoScalingGroupName") not in self.autoscaling_backend.autoscaling_groups:
            raise ValidationError("Group not found")
        answer = put(self)
        answer.result["PolicyARN"] = answer.result.pop("PolicyArn", answer.result.get("PolicyARN"))
        return answer

    def alarms(self):
        known = cloudwatch_backends[self.autoscaling_backend.account_id][self.autoscaling_backend.region_name].alarms
        driving = [alarm for alarm in known.values() if self.arn in alarm.alarm_actions]
        return [{"AlarmName": alarm.name, "AlarmARN": alarm.alarm_arn} for alarm in driving]

    delete = Backend.delete_auto_scaling_group

    def delete_with_policies(self, group_name):
        own = [policy for policy in self.policies.values() if policy.auto_scaling_group_name == group_name]
        names = [alarm["AlarmName"] for policy in own for alarm in policy.alarms]
        delete(self, group_name)
        cloudwatch_backends[self.account_id][self.region_name].delete_alarms(names)
        for policy in own:
            del self.policies[policy.name]

    Response.put_scaling_policy = put_scaling_policy
    FakeScalingPolicy.alarms = property(alarms)
    Backend.delete_auto_scaling_group = delete_with_policies


def launch_configurations():
    """Refuses a second one of the same name, and the deletion of a missing or used one."""
    create, delete = Backend.create_launch_configuration, Backend.delete_launch_configuration

    def create_launch_configuration(self, name, *rest, **parameters):
        if name in self.launch_configurations:
            known = "Launch Configuration by this name already exists"
            message = f"{known} - A launch configuration already exists with the name {name}"
            raise AutoscalingClientError("AlreadyExists", message)
        return create(self, name, *rest, **parameters)

    def delete_launch_configuration(self, name):
        found = self.launch_configurations.get(name)
        if found is None:
            raise _no_launch_configuration(name)
        if any(group.launch_config is found for group in self.autoscaling_groups.values()):
            message = f"Cannot delete launch configuration {name} because it is attached to AutoScalingGroup"
            raise AutoscalingClientError("ResourceInUse", message)
        return delete(self, name)

    Backend.create_launch_configuration = create_launch_configuration
    Backend.delete_launch_configuration = delete_launch_configuration


def _no_launch_configuration(name):
    return ValidationError(f"Launch configuration name not found - Launch configuration {name} not found")
