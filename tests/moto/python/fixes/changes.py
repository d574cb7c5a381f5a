"""CloudFormation: a change set tells which properties of a resource change, and whether it is made anew for that."""

# Properties of which another value makes a resource anew.
IDENTITY = {
    "AWS::DynamoDB::Table": {"TableName", "KeySchema"},
    "AWS::IAM::Role": {"RoleName", "Path"},
    "AWS::Lambda::Function": {"FunctionName", "PackageType"},
    "AWS::Lambda::LayerVersion": {"Content", "LayerName", "CompatibleRuntimes"},
    "AWS::SQS::Queue": {"QueueName", "FifoQueue"},
}
ATTRIBUTES = ("CreationPolicy", "DeletionPolicy", "Metadata", "UpdatePolicy", "UpdateReplacePolicy")


def describe(change_set):
    """Puts AWS's description of its changes in the place of moto's."""
    resources = change_set.stack.resource_map
    old, new = resources._resource_json_map, change_set.template_dict["Resources"]
    change_set.changes = [_described(each, resources, old, new) for each in change_set.changes]


def _described(change, resources, old, new):
    name, kind = change.logical_resource_id, change.resource_type
    described = {"Action": change.action, "LogicalResourceId": name, "ResourceType": kind}
    if change.action != "Add":
        made = resources._parsed_resources.get(name)
        described["PhysicalResourceId"] = getattr(made, "physical_resource_id", None)
    if change.action == "Modify":
        described |= _modification(kind, old[name], new[name])
    return described


def _modification(kind, old, new):
    properties = _differing(old.get("Properties", {}), new.get("Properties", {}))
    attributes = [each for each in ATTRIBUTES if old.get(each) != new.get(each)]
    anew = IDENTITY.get(kind, set())
    details = [_detail("Properties", each, each in anew) for each in properties]
    return {
        "Replacement": "True" if anew & set(properties) else "False",
        "Scope": [*(["Properties"] if properties else []), *attributes],
        "Details": [*details, *(_detail(each, None, False) for each in attributes)],
    }


def _differing(old, new):
    return sorted(each for each in {*old, *new} if old.get(each) != new.get(each))


def _detail(attribute, name, anew):
    target = {"Attribute": attribute, "RequiresRecreation": "Always" if anew else "Never"}
    if name:
        target["Name"] = name
    return {"Target": target, "Evaluation": "Static", "ChangeSource": "DirectModification"}
