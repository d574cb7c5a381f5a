"""CloudFormation templates: the SAM transform, by AWS's own library, and the check of references."""

import json
import os
import re

from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.models import Stack

SAM = "AWS::Serverless-2016-10-31"
REFERENCES = re.compile(r'\{"Ref": "([^"]+)"\}|\{"Fn::GetAtt": \["([^"]+)"')


def processed(text, parameters):
    """The text and the document of the template after the transform."""
    document = _parsed(text)
    transform = document.get("Transform")
    if transform == SAM or (isinstance(transform, list) and SAM in transform):
        document = _transformed(document, parameters)
        text = json.dumps(document)
    _check_references(document)
    return text, document


def _parsed(text):
    try:
        document = Stack.parse_template(text)
    except Exception as error:  # of the JSON or YAML parser
        message = f"Template format error: JSON not well-formed. ({str(error)[:80]})"
        raise ValidationError(message=message) from error
    if not isinstance(document, dict) or not document.get("Resources"):
        message = "Template format error: At least one Resources member must be defined."
        raise ValidationError(message=message)
    return document


def _transformed(document, parameters):
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")  # the library gets the partition from boto3
    from samtranslator.model.exceptions import InvalidDocumentException
    from samtranslator.translator.transform import transform

    try:
        result = transform(json.loads(json.dumps(document)), dict(parameters), ManagedPolicies())
    except InvalidDocumentException as error:
        causes = "; ".join([error.message, *(cause.message for cause in error.causes)])
        raise ValidationError(message=f"Transform {SAM} failed with: {causes}") from error
    result.pop("Transform", None)
    return result


class ManagedPolicies(dict):
    """Treats every name as that of a managed policy."""

    def load(self):
        return self

    def __contains__(self, name):
        return True

    def __missing__(self, name):
        return name if name.startswith("arn:") else f"arn:aws:iam::aws:policy/{name}"

    def get(self, name, default=None):
        return self[name]


def sort(document):
    """Sorts the resources: each comes after those that it needs."""
    resources, ordered = document["Resources"], {}

    def put(name):
        if name in ordered or name not in resources:
            return
        needed = resources[name].get("DependsOn", [])
        found = [ref or attribute.split(".")[0] for ref, attribute in REFERENCES.findall(json.dumps(resources[name]))]
        for each in [*([needed] if isinstance(needed, str) else needed), *found]:
            if each != name:
                put(each)
        ordered[name] = resources[name]

    for name in resources:
        put(name)
    document["Resources"] = ordered


def _check_references(document):
    known = set(document["Resources"]) | set(document.get("Parameters") or {})
    found = REFERENCES.findall(json.dumps(document["Resources"]))
    names = {ref or attribute.split(".")[0] for ref, attribute in found}
    unknown = sorted(name for name in names - known if not name.startswith("AWS::"))
    if unknown:
        where = f"[{', '.join(unknown)}] in the Resources block of the template"
        raise ValidationError(message=f"Template format error: Unresolved resource dependencies {where}")
