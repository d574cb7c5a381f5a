"""Lambda: an update of a function takes a moment and changes its revision, versions are published as AWS does, and stacks tag functions
and leave code that was deployed without them."""

import copy
import time
import uuid

from moto.awslambda import models
from moto.awslambda.exceptions import (
    InvalidParameterValueException,
    LambdaClientError,
    PreconditionFailedException,
)
from moto.awslambda.responses import LambdaResponse

from fixes.resources import on_change

# How long an update of a function is in progress, in seconds.
UPDATE_SECONDS = 0.3
# The code of a conflict, in HTTP.
CONFLICT = 409


class ResourceConflict(LambdaClientError):
    code = CONFLICT

    def __init__(self):
        super().__init__(
            "ResourceConflictException",
            "The operation cannot be performed at this time. An update is in progress for resource",
        )


def install():
    describe_updates()
    update_once()
    publish_versions()
    follow_stacks()


def describe_updates():
    stock = models.LambdaFunction.get_configuration

    def get_configuration(self, *arguments, **more):
        configuration = stock(self, *arguments, **more)
        configuration["RevisionId"] = _revision(self)
        if _is_busy(self):
            configuration["LastUpdateStatus"] = "InProgress"
        return configuration

    models.LambdaFunction.get_configuration = get_configuration


def update_once():
    """moto applies an update twice, and knows neither revisions nor updates that are in progress."""

    def update_function_code(self, function_name, qualifier, body):
        function = self.get_function(function_name, qualifier)
        if _is_busy(function):
            raise ResourceConflict()
        if body.get("RevisionId") not in (None, _revision(function)):
            raise PreconditionFailedException("The Revision Id provided does not match the latest Revision Id")
        function.update_function_code(body)
        if not body.get("DryRun"):
            function.revision_id, function.updated_at = str(uuid.uuid4()), time.monotonic()
        if body.get("Publish"):
            function = self.publish_version(function_name)
        return function.get_configuration()

    models.LambdaBackend.update_function_code = update_function_code


def publish_versions():
    """moto publishes a second version of code that has not changed, and uses the number of a deleted version again."""

    def publish_version(self, function_name, description="", code_sha256=None):
        function = self.get_function(function_name)
        if _is_busy(function):
            raise ResourceConflict()
        if code_sha256 not in (None, function.code_sha_256):
            raise InvalidParameterValueException("CodeSHA256 is different from current CodeSHA256 in $LATEST")
        versions = self._lambdas._functions[function.function_name]["versions"]
        if versions and not function.code_or_config_updated:
            return versions[-1]
        function.code_or_config_updated = False
        function.published = getattr(function, "published", 0) + 1
        version = copy.copy(function)
        version.set_version(function.published)
        version.updated_at = None
        if description:
            version.description = description
        versions.append(version)
        self._lambdas._arns[version.function_arn] = version
        return version

    def publish(self):
        name = self.path.split("/")[-2]
        version = self.backend.publish_version(name, self._get_param("Description"), self._get_param("CodeSha256"))
        return 201, {"status": 201}, models.json.dumps(version.get_configuration())

    models.LambdaBackend.publish_version = publish_version
    LambdaResponse.publish_version = publish


def follow_stacks():
    """moto ignores tags of a template, and replaces the code with every update of the function. CloudFormation replaces it if its place
    changes."""

    def update(cls, original_resource, new_resource_name, cloudformation_json, account_id, region_name):
        properties = cloudformation_json["Properties"]
        original_resource.update_configuration(properties)
        if properties["Code"] != original_resource.place:
            original_resource.update_function_code(properties["Code"])
        original_resource.revision_id = str(uuid.uuid4())
        return original_resource

    models.LambdaFunction.update_from_cloudformation_json = classmethod(update)
    on_change(models.LambdaFunction, after=_remember)


def _remember(function, properties):
    tags = {tag["Key"]: tag["Value"] for tag in properties.get("Tags", [])}
    others = {key: value for key, value in function.tags.items() if key not in getattr(function, "stack_tags", {})}
    function.tags = others | tags
    function.stack_tags, function.place = tags, dict(properties["Code"])


def _revision(function):
    if not getattr(function, "revision_id", None):
        function.revision_id = str(uuid.uuid4())
    return function.revision_id


def _is_busy(function):
    updated_at = getattr(function, "updated_at", None)
    return updated_at is not None and time.monotonic() - updated_at < UPDATE_SECONDS
