"""EC2: placement groups, and launch templates with tokens, names and user data in Base64."""

import copy
import uuid

from moto.core.responses import ActionResult
from moto.core.types import Base64EncodedString
from moto.ec2.exceptions import EC2ClientError, InvalidLaunchTemplateNameNotFoundWithNameError
from moto.ec2.models.core import TaggedEC2Resource
from moto.ec2.models.launch_templates import LaunchTemplateVersion
from moto.ec2.responses import EC2Response


class PlacementGroupError(EC2ClientError):
    __module__ = "moto.ec2.exceptions"  # moto finds the service by it


class LaunchTemplateError(EC2ClientError):
    __module__ = "moto.ec2.exceptions"


def install():
    LaunchTemplateVersion.user_data = property(_user_data)
    quick_tags()
    launch_templates()
    EC2Response.create_placement_group = _create
    EC2Response.describe_placement_groups = _describe
    EC2Response.delete_placement_group = _delete


def quick_tags():
    """Skips the search for resources without tags. moto searches all tags of the account for each of hundreds of public
    images: on a busy machine `DescribeImages` took so long that the SDK timed out, and its retries queued behind it."""
    search = TaggedEC2Resource.get_tags

    def get_tags(resource):
        return search(resource) if resource.ec2_backend.tags.get(resource.id) else []

    TaggedEC2Resource.get_tags = get_tags


def _user_data(version):
    data = version.data.get("UserData")
    return Base64EncodedString(data) if isinstance(data, str) else data


def launch_templates():
    """A repeated request with the same token returns the first answer. Deleting a missing name is an error."""
    create, delete = EC2Response.create_launch_template, EC2Response.delete_launch_template

    def create_launch_template(response):
        backend, parameters = response.ec2_backend, copy.deepcopy(response._get_params())
        answers, token = backend.__dict__.setdefault("_answers_by_token", {}), parameters.get("ClientToken")
        if token in answers:
            before, answer = answers[token]
            if before != parameters:
                raise LaunchTemplateError("IdempotentParameterMismatch", "The token was used for another request")
            return answer
        answer = create(response)
        answers[token] = parameters, answer
        return answer

    def delete_launch_template(response):
        name = response._get_param("LaunchTemplateName")
        if name and name not in response.ec2_backend.launch_template_name_to_ids:
            raise InvalidLaunchTemplateNameNotFoundWithNameError(name)
        return delete(response)

    EC2Response.create_launch_template = create_launch_template
    EC2Response.delete_launch_template = delete_launch_template


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
    groups[name]["Tags"] = [tag for each in response._get_param("TagSpecifications", []) for tag in each["Tags"]]
    return ActionResult({"PlacementGroup": groups[name]})


def _describe(response):
    names, groups = response._get_param("GroupNames", []), _groups(response)
    if missing := [name for name in names if name not in groups]:
        raise _unknown(missing[0])
    for wanted in (each["Values"] for each in response._get_param("Filters", []) if each["Name"] == "group-name"):
        groups = {name: group for name, group in groups.items() if name in wanted}
    return ActionResult({"PlacementGroups": [group for name, group in groups.items() if not names or name in names]})


def _delete(response):
    name = response._get_param("GroupName")
    if _groups(response).pop(name, None) is None:
        raise _unknown(name)
    return ActionResult({})


def _unknown(name):
    return PlacementGroupError("InvalidPlacementGroup.Unknown", f"The Placement Group '{name}' is unknown.")
