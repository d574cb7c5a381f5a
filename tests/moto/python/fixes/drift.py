"""CloudFormation: drift of a few properties. The table has the attributes in which moto stores them."""

import json
import uuid

from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.responses import CloudFormationResponse
from moto.core.responses import ActionResult

ATTRIBUTES = {
    "AWS::Lambda::Function": {"MemorySize": "memory_size", "Timeout": "timeout"},
    "AWS::SQS::Queue": {"VisibilityTimeout": "visibility_timeout"},
}
# The stack of each detection.
_detections = {}


def install():
    CloudFormationResponse.detect_stack_drift = _detect
    CloudFormationResponse.describe_stack_drift_detection_status = _status
    CloudFormationResponse.describe_stack_resource_drifts = _resources


def _detect(response):
    stack = response.cloudformation_backend.get_stack(response._get_param("StackName"))
    ident = str(uuid.uuid4())
    stack.drifts, _detections[ident] = _drifts(stack), stack
    return ActionResult({"StackDriftDetectionId": ident})


def _status(response):
    ident = response._get_param("StackDriftDetectionId")
    if ident not in _detections:
        raise ValidationError(message=f"Drift detection [{ident}] does not exist")
    stack = _detections[ident]
    status = "DRIFTED" if stack.drifts else "IN_SYNC"
    return ActionResult(
        {
            "StackId": stack.stack_id,
            "StackDriftDetectionId": ident,
            "StackDriftStatus": status,
            "DetectionStatus": "DETECTION_COMPLETE",
            "DriftedStackResourceCount": len(stack.drifts),
            "Timestamp": stack.creation_time,
        }
    )


def _resources(response):
    stack = response.cloudformation_backend.get_stack(response._get_param("StackName"))
    return ActionResult({"StackResourceDrifts": getattr(stack, "drifts", [])})


def _drifts(stack):
    found = [_drift(stack, name, resource) for name, resource in stack.resource_map._resource_json_map.items()]
    return [each for each in found if each]


def _drift(stack, name, resource):
    """A resource with its differences, or None. Properties that the template computes are ignored."""
    kind, resource_object = resource["Type"], stack.resource_map._parsed_resources.get(name)
    expected = resource.get("Properties", {})
    known = ATTRIBUTES.get(kind, {})
    compared = {each: attribute for each, attribute in known.items() if isinstance(expected.get(each), int)}
    actual = {each: int(getattr(resource_object, attribute)) for each, attribute in compared.items()}
    differing = [each for each in compared if actual[each] != expected[each]]
    if not differing:
        return None
    return {
        "StackId": stack.stack_id,
        "LogicalResourceId": name,
        "PhysicalResourceId": getattr(resource_object, "physical_resource_id", None),
        "ResourceType": kind,
        "ExpectedProperties": json.dumps({each: expected[each] for each in compared}),
        "ActualProperties": json.dumps(actual),
        "PropertyDifferences": [_difference(each, expected[each], actual[each]) for each in differing],
        "StackResourceDriftStatus": "MODIFIED",
        "Timestamp": stack.creation_time,
    }


def _difference(name, expected, actual):
    return {
        "PropertyPath": f"/{name}",
        "ExpectedValue": str(expected),
        "ActualValue": str(actual),
        "DifferenceType": "NOT_EQUAL",
    }
