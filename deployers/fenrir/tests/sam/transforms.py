"""Reads templates by name as JSON, and prints the result of AWS's SAM transform for each: the reason for a refusal, or the
expanded template."""

import json
import logging
import os
import sys

os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")  # the library asks boto3 for the partition

from samtranslator.model.exceptions import InvalidDocumentException
from samtranslator.translator.transform import transform


class NoManagedPolicies:
    """Fenrir allows no managed policies."""

    def load(self):
        return {}


def result(template):
    try:
        expanded = transform(template, {}, NoManagedPolicies())
    except InvalidDocumentException as error:
        return {"refusal": "; ".join(cause.message for cause in error.causes)}
    return {"expanded": expanded}


if __name__ == "__main__":
    logging.disable()
    json.dump({name: result(template) for name, template in json.load(sys.stdin).items()}, sys.stdout)
