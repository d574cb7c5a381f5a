"""Auto Scaling: refused calls, and the durations of launches, target group changes and deletion."""

import threading
import time

from moto.autoscaling import models, responses
from moto.autoscaling.exceptions import AutoscalingClientError, ValidationError
from moto.core.responses import ActionResult, EmptyResult
from moto.elbv2.exceptions import InvalidTargetError

import test_settings

Backend, Group, Response = models.AutoScalingBackend, models.FakeAutoScalingGroup, responses.AutoScalingResponse


def install():
    pending_instances()
    shared_load_balancers()
    target_groups()
    replaced_instances()
    other_sizes()
    deletion()


def pending_instances():
    """Instances are `Pending` for a while, but count as active."""

    def get_state(self):
        state = self.__dict__["_state"]
        is_new = time.time() - self.__dict__["_created_at"] < test_settings.PACE["asg_pending"]
        return "Pending" if state == "InService" and is_new else state

    def set_state(self, state):
        self.__dict__.setdefault("_created_at", time.time())
        self.__dict__["_state"] = state

    def active_instances(self):
        return [each for each in self.instance_states if each.__dict__["_state"] == "InService"]

    models.InstanceState.lifecycle_state = property(get_state, set_state)
    Group.active_instances = active_instances


def shared_load_balancers():
    """Groups may share a classic load balancer: each registers and deregisters only its own instances."""

    def update_attached_elbs(self, group_name):
        group = self.autoscaling_groups[group_name]
        own = {state.instance.id for state in group.active_instances()}
        before = getattr(group, "_registered", set())
        for name in group.load_balancer_names:
            balancer = self.elb_backend.get_load_balancer(name)
            if balancer is not None:
                registered = set(balancer.instance_ids)
                self.elb_backend.register_instances(name, own - registered, from_autoscaling=True)
                self.elb_backend.deregister_instances(name, (before - own) & registered, from_autoscaling=True)
        group._registered = own

    Backend.update_attached_elbs = update_attached_elbs


def target_groups():
    """An attachment has a state. Detaching takes a while and ignores missing targets."""

    def detach(self, group_name, arns):
        group = self.autoscaling_groups[group_name]
        if not set(arns) <= set(group.target_group_arns):
            raise ValidationError("Trying to remove Target Groups that are not part of the group")
        group.target_group_arns = [arn for arn in group.target_group_arns if arn not in arns]
        group.__dict__.setdefault("_removing", {}).update(dict.fromkeys(arns, time.time()))
        for arn in arns:
            _deregister(self.elbv2_backend, arn, group.instance_states)

    def describe(self):
        backend = self.autoscaling_backend
        group = backend.autoscaling_groups[self._get_param("AutoScalingGroupName")]
        states = [(arn, _attachment(backend, group, arn)) for arn in group.target_group_arns]
        states += [(arn, "Removing") for arn in _removing(group)]
        found = [{"LoadBalancerTargetGroupARN": arn, "State": state} for arn, state in states]
        return ActionResult({"LoadBalancerTargetGroups": found})

    Backend.detach_load_balancer_target_groups = detach
    Response.describe_load_balancer_target_groups = describe


def _deregister(elbv2, arn, states):
    for state in states:
        try:
            elbv2.deregister_targets(arn, [{"Id": state.instance.id}])
        except InvalidTargetError:
            continue


def _attachment(backend, group, arn):
    own = {state.instance.id for state in group.instance_states}
    health = backend.elbv2_backend.describe_target_health(arn, [])
    return "InService" if any(h.instance_id in own and h.status == "healthy" for h in health) else "Added"


def _removing(group):
    detached = group.__dict__.setdefault("_removing", {})
    for arn in [arn for arn, since in detached.items() if time.time() - since >= test_settings.PACE["tg_draining"]]:
        del detached[arn]
    return list(detached)


def replaced_instances():
    """Instances that replace others are registered with the target groups: running ones that are not registered yet."""

    def update_attached_target_groups(self, group_name):
        group = self.autoscaling_groups[group_name]
        running = [state.instance.id for state in group.instance_states if state.instance.state == "running"]
        for arn in group.target_group_arns:
            found = self.elbv2_backend.describe_target_groups(
                target_group_arns=[arn], load_balancer_arn=None, names=None
            )
            new = [{"Id": each, "Port": found[0].port} for each in running if each not in found[0].targets]
            self.elbv2_backend.register_targets(arn, new)

    replace = Group.replace_autoscaling_group_instances

    def replace_and_register(self, count, tags):
        replace(self, count, tags)
        if self.autoscaling_backend.autoscaling_groups.get(self.name) is self:
            self.autoscaling_backend.update_attached_target_groups(self.name)

    Backend.update_attached_target_groups = update_attached_target_groups
    Group.replace_autoscaling_group_instances = replace_and_register


def other_sizes():
    """A resized group registers new instances with its balancers and deregisters removed ones."""
    resize = Group.set_desired_capacity

    def resize_and_register(self, new_capacity):
        before = list(self.instance_states)
        resize(self, new_capacity)
        backend = self.autoscaling_backend
        if backend.autoscaling_groups.get(self.name) is not self:
            return
        backend.update_attached_elbs(self.name)
        removed = [state for state in before if state not in self.instance_states]
        for arn in self.target_group_arns:
            _deregister(backend.elbv2_backend, arn, removed)

    Group.set_desired_capacity = resize_and_register


def deletion():
    """Refuses the deletion of a group with instances, except with `ForceDelete`. It takes a while."""

    def delete_group(self):
        backend, name = self.autoscaling_backend, self._get_param("AutoScalingGroupName")
        group = backend.autoscaling_groups.get(name)
        if group is not None:
            _check_deletable(group, self._get_bool_param("ForceDelete", False))
        if group is None or not test_settings.PACE["asg_deleting"]:
            backend.delete_auto_scaling_group(name)
        else:
            _delete_slowly(group, lambda: backend.delete_auto_scaling_group(name))
        return EmptyResult()

    Response.delete_auto_scaling_group = delete_group


def _check_deletable(group, force):
    if group.active_instances() and not force:
        message = "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s) "
        raise AutoscalingClientError("ResourceInUse", message + "still in the group.")
    if getattr(group, "status", None):
        message = "You cannot delete an AutoScalingGroup while there are scaling activities in progress."
        raise AutoscalingClientError("ScalingActivityInProgress", message)


def _delete_slowly(group, delete):
    group.status = "Delete in progress"
    for state in group.instance_states:
        state.lifecycle_state = "Terminating"

    def finish():
        for state in group.instance_states:
            state.lifecycle_state = "InService"
        delete()

    threading.Timer(test_settings.PACE["asg_deleting"], finish).start()
