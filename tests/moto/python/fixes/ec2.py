"""EC2: placement groups, and user data of launch templates in Base64."""

import uuid

from moto.core.responses import ActionResult
from moto.core.types import Base64EncodedString
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.launch_templates import LaunchTemplateVersion
from moto.ec2.responses import EC2Response


class PlacementGroupError(EC2ClientError):
    __module__ = "moto.ec2.exceptions"  # by which moto finds the service


def install():
    LaunchTemplateVersion.user_data = property(_user_data)
    EC2Response.create_placement_group = _create
    EC2Response.describe_placement_groups = _describe
    EC2Response.delete_placement_group = _delete


def _user_data(version):
    data = version.data.get("UserData")
    return Base64EncodedString(data) if isinstance(data, str) else data


def _groups(response):
    return response.ec2_backend.__dict__.setdefault("_placement_groups", {})


def _create(response):
    name, groups = response._get_param("GroupName"), _groups(response)
    if name in groups:
        raise PlacementGroupError("InvalidPlacementGroup.Duplicate", f"The placement group '{name}' already exists.")
    groups[name] = {
        "GroupName": name,
        "State": "available",
        "Strategy": response._get_param("Strategy") or "cluster",
        "GroupId": f"pg-{uuid.uuid4().hex[:17]}",
    }
    if partitions := response._get_int_param("PartitionCount"):
        groups[name]["PartitionCount"] = partitions
    return ActionResult({"PlacementGroup": groups[name]})


def _describe(response):
    names, groups = response._get_param("GroupNames", []) or [], _groups(response)
    if lost := [name for name in names if name not in groups]:
        raise PlacementGroupError("InvalidPlacementGroup.Unknown", f"The Placement Group '{lost[0]}' is unknown.")
    return ActionResult({"PlacementGroups": [group for name, group in groups.items() if not names or name in names]})


def _delete(response):
    _groups(response).pop(response._get_param("GroupName"), None)
    return ActionResult({})
