"""Prints the attributes that `Fn::GetAtt` takes, as JSON, for each of the types in the arguments: those of the schemas of CloudFormation's
registry, and the exceptions from them, in the package cfn-lint."""

import json
import sys

from cfnlint.schema import PROVIDER_SCHEMA_MANAGER


def attributes(kind):
    return sorted(PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).get_atts)


if __name__ == "__main__":
    json.dump({kind: attributes(kind) for kind in sys.argv[1:]}, sys.stdout)
