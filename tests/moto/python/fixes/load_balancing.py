"""Load balancing: targets are `initial` for a while, and what is sick never gets healthy."""

import time

from moto.ec2.models import ec2_backends
from moto.elb.models import ELBBackend
from moto.elbv2.models import FakeHealthStatus, FakeTargetGroup

import world


def install():
    target_health()
    instance_health()


def target_health():
    register, health_for = FakeTargetGroup.register, FakeTargetGroup.health_for

    def register_and_remember(self, targets):
        born = self.__dict__.setdefault("_born", {})
        born.update({target["Id"]: time.time() for target in targets if target["Id"] not in self.targets})
        register(self, targets)

    def health(self, target, ec2_backend):
        found, name = health_for(self, target, ec2_backend), target["Id"]
        if found.status != "healthy":
            return found
        why = None
        if time.time() - self.__dict__.get("_born", {}).get(name, 0) < world.PACE["tg_initial"]:
            why = ("initial", "Elb.InitialHealthChecking", "Initial health checks in progress")
        elif _sick(ec2_backend, name):
            why = ("unhealthy", "Target.FailedHealthChecks", "Health checks failed")
        port = self.targets[name]["Port"]
        return FakeHealthStatus(name, port, self.health_check_port, *why) if why else found

    FakeTargetGroup.register, FakeTargetGroup.health_for = register_and_remember, health


def instance_health():
    describe = ELBBackend.describe_instance_health

    def describe_instance_health(self, lb_name, instances):
        ec2 = ec2_backends[self.account_id][self.region_name]
        found = describe(self, lb_name, instances)
        for each in found:
            young = time.time() - _launched(ec2, each["InstanceId"]) < world.PACE["tg_initial"]
            if each["State"] == "InService" and (young or _sick(ec2, each["InstanceId"])):
                each["State"] = "OutOfService"
        return found

    ELBBackend.describe_instance_health = describe_instance_health


def _launched(ec2, name):
    instance = ec2.get_instance_by_id(name)
    return instance.launch_time.timestamp() if hasattr(getattr(instance, "launch_time", None), "timestamp") else 0


def _sick(ec2, name):
    instance = ec2.get_instance_by_id(name) if name.startswith("i-") else None
    return name in world.SICK or (instance is not None and instance.image_id in world.SICK)
