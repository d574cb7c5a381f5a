"""Load balancing: targets are `initial` for a while, and unhealthy ones never become healthy."""

import time

from moto.ec2.models import ec2_backends
from moto.elb.models import ELBBackend
from moto.elbv2.models import FakeHealthStatus, FakeTargetGroup

import test_settings


def install():
    target_health()
    instance_health()


def target_health():
    register, health_for = FakeTargetGroup.register, FakeTargetGroup.health_for

    def register_and_record(self, targets):
        registered_at = self.__dict__.setdefault("_registered_at", {})
        registered_at.update({target["Id"]: time.time() for target in targets if target["Id"] not in self.targets})
        register(self, targets)

    def health(self, target, ec2_backend):
        found, name = health_for(self, target, ec2_backend), target["Id"]
        if found.status != "healthy":
            return found
        reason = None
        if time.time() - self.__dict__.get("_registered_at", {}).get(name, 0) < test_settings.PACE["tg_initial"]:
            reason = ("initial", "Elb.InitialHealthChecking", "Initial health checks in progress")
        elif _is_unhealthy(ec2_backend, name):
            reason = ("unhealthy", "Target.FailedHealthChecks", "Health checks failed")
        port = self.targets[name]["Port"]
        return FakeHealthStatus(name, port, self.health_check_port, *reason) if reason else found

    FakeTargetGroup.register, FakeTargetGroup.health_for = register_and_record, health


def instance_health():
    describe = ELBBackend.describe_instance_health

    def describe_instance_health(self, lb_name, instances):
        ec2 = ec2_backends[self.account_id][self.region_name]
        found = describe(self, lb_name, instances)
        for each in found:
            is_new = time.time() - _launched(ec2, each["InstanceId"]) < test_settings.PACE["tg_initial"]
            if each["State"] == "InService" and (is_new or _is_unhealthy(ec2, each["InstanceId"])):
                each["State"] = "OutOfService"
        return found

    ELBBackend.describe_instance_health = describe_instance_health


def _launched(ec2, name):
    instance = ec2.get_instance_by_id(name)
    return instance.launch_time.timestamp() if hasattr(getattr(instance, "launch_time", None), "timestamp") else 0


def _is_unhealthy(ec2, name):
    instance = ec2.get_instance_by_id(name) if name.startswith("i-") else None
    return name in test_settings.UNHEALTHY or (instance is not None and instance.image_id in test_settings.UNHEALTHY)
