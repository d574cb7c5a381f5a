"""CloudFormation: a change set has the changed properties of a resource, and whether they replace it."""

# Properties whose change replaces the resource.
REPLACING_PROPERTIES = {
    "AWS::DynamoDB::Table": {"TableName", "KeySchema"},
    "AWS::IAM::Role": {"RoleName", "Path"},
    "AWS::Lambda::Function": {"FunctionName", "PackageType"},
    "AWS::Lambda::LayerVersion": {"Content", "LayerName", "CompatibleRuntimes"},
    "AWS::SQS::Queue": {"QueueName", "FifoQueue"},
}
ATTRIBUTES = ("CreationPolicy", "DeletionPolicy", "Metadata", "UpdatePolicy", "UpdateReplacePolicy")


def describe(change_set):
    """Replaces moto's description of the changes by AWS's."""
    resources = change_set.stack.resource_map
    old, new = resources._resource_json_map, change_set.template_dict["Resources"]
    change_set.changes = [_described(each, resources, old, new) for each in change_set.changes]


def _described(change, resources, old, new):
    name, kind = change.logical_resource_id, change.resource_type
    described = {"Action": change.action, "LogicalResourceId": name, "ResourceType": kind}
    if change.action != "Add":
        resource = resources._parsed_resources.get(name)
        described["PhysicalResourceId"] = getattr(resource, "physical_resource_id", None)
    if change.action == "Modify":
        described |= _modification(kind, old[name], new[name])
    return described


def _modification(kind, old, new):
    properties = _differing(old.get("Properties", {}), new.get("Properties", {}))
    attributes = [each for each in ATTRIBUTES if old.get(each) != new.get(each)]
    replacing = REPLACING_PROPERTIES.get(kind, set())
    details = [_detail("Properties", each, each in replacing) for each in properties]
    return {
        "Replacement": "True" if replacing & set(properties) else "False",
        "Scope": [*(["Properties"] if properties else []), *attributes],
        "Details": [*details, *(_detail(each, None, False) for each in attributes)],
    }


def _differing(old, new):
    return sorted(each for each in {*old, *new} if old.get(each) != new.get(each))


def _detail(attribute, name, replacing):
    target = {"Attribute": attribute, "RequiresRecreation": "Always" if replacing else "Never"}
    if name:
        target["Name"] = name
    return {"Target": target, "Evaluation": "Static", "ChangeSource": "DirectModification"}
