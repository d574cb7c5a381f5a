"""Reads templates by name as JSON, and prints by name what AWS's SAM transform says of each: why it refuses it, or the types by
logical id that it makes of it."""

import json
import logging
import os
import sys

os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")  # the library asks boto3 for the partition

from samtranslator.model.exceptions import InvalidDocumentException
from samtranslator.translator.transform import transform


class NoManagedPolicies:
    """Fenrir lets no function have one."""

    def load(self):
        return {}


def said(template):
    try:
        expanded = transform(template, {}, NoManagedPolicies())
    except InvalidDocumentException as error:
        return {"refusal": "; ".join(cause.message for cause in error.causes)}
    return {"types": {name: resource["Type"] for name, resource in expanded["Resources"].items()}}


if __name__ == "__main__":
    logging.disable()
    json.dump({name: said(template) for name, template in json.load(sys.stdin).items()}, sys.stdout)
