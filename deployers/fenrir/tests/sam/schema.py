"""Prints the property names that AWS knows for the types in Fenrir's tables, as JSON.

A tree has a key for each property, with the tree of its properties as value; null if it has no properties, or if they
are not known. The trees of SAM's types come from the models of its JSON schema (package aws-sam-translator), those of
CloudFormation's types from the schemas of its registry (package cfn-lint).
"""

import functools
import json
import re
import sys
import typing
import warnings
from pathlib import Path

import cfnlint
from samtranslator.internal.schema_source import (
    aws_serverless_api as api,
    aws_serverless_function as function,
    aws_serverless_httpapi as http_api,
    aws_serverless_layerversion as layer_version,
    aws_serverless_simpletable as simple_table,
    common,
)
from samtranslator.plugins.globals.globals import Globals
from samtranslator.policy_template_processor.processor import PolicyTemplatesProcessor

DATA = Path(cfnlint.__file__).parent / "data"
CLOUDFORMATION = [
    "AWS::SQS::Queue",
    "AWS::CloudWatch::Alarm",
    "AWS::CloudFront::Distribution",
    "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "AWS::ElasticLoadBalancingV2::TargetGroup",
    "AWS::ElasticLoadBalancingV2::Listener",
    "AWS::ElasticLoadBalancingV2::ListenerRule",
    "AWS::Lambda::Permission",
]
SAM = {
    "AWS::Serverless::Function": function,
    "AWS::Serverless::Api": api,
    "AWS::Serverless::HttpApi": http_api,
    "AWS::Serverless::LayerVersion": layer_version,
    "AWS::Serverless::SimpleTable": simple_table,
}
# How the documentation of SAM describes a property that it passes to CloudFormation.
PASSED_ON = re.compile(
    r"passed directly to the \[`(?P<name>\w+)`\]\([^)]*\) property of an? "
    r"\[?`(?P<type>AWS::\w+::\w+)(?:[ .](?P<definition>\w+))?`"
)


@functools.cache
def registry():
    schemas = [json.loads(path.read_text()) for path in (DATA / "schemas" / "resources").glob("*.json")]
    return {schema["typeName"]: schema for schema in schemas}


def cloudformation(kind):
    schema = registry()[kind]
    written = {path.removeprefix("/properties/") for path in schema.get("readOnlyProperties", [])}
    return {name: shape(schema, value) for name, value in schema["properties"].items() if name not in written}


def shape(schema, value):
    """The tree of a value that a schema of the registry describes."""
    while "$ref" in value:
        value = schema["definitions"][value["$ref"].rsplit("/", 1)[-1]]
    if "items" in value:
        return shape(schema, value["items"])
    properties = value.get("properties")
    return {name: shape(schema, inner) for name, inner in properties.items()} if properties else None


def model(of):
    return {name: field(described) for name, described in of.__fields__.items()}


def field(described):
    models = list(models_in(described.outer_type_))
    if models:
        return functools.reduce(united, map(model, models))
    return passed_on(described.field_info.extra)


def united(one, other):
    """A tree with the properties of both: either model may apply."""
    if one is None or other is None:
        return one or other
    return {**one, **{name: united(one.get(name), tree) for name, tree in other.items()}}


def models_in(kind):
    """The models in a type, except those for intrinsic functions and for any value."""
    if typing.get_origin(kind):
        for argument in typing.get_args(kind):
            yield from models_in(argument)
    elif isinstance(kind, type) and hasattr(kind, "__fields__") and kind not in (common.Ref, common.PassThroughProp):
        yield kind


def passed_on(documentation):
    """The tree of a property that SAM passes to CloudFormation."""
    path = documentation.get("__samPassThrough", {}).get("schemaPath")
    if path:
        (kind, _, definition), name = path[1].partition("."), path[-1]
    else:
        found = PASSED_ON.search(documentation.get("markdownDescription", ""))
        if not found:
            return None
        kind, definition, name = found["type"], found["definition"], found["name"]
    schema = registry().get(kind, {})
    holder = schema.get("definitions", {}).get(definition, {}) if definition else schema
    value = holder.get("properties", {}).get(name)
    return shape(schema, value) if value else None


def event(of):
    (properties,) = models_in(of.__fields__["Properties"].outer_type_)
    return model(properties)


def events():
    union = typing.get_args(function.Properties.__fields__["Events"].outer_type_)[1]
    return {typing.get_args(of.__fields__["Type"].outer_type_)[0]: event(of) for of in typing.get_args(union)}


def policies():
    templates = PolicyTemplatesProcessor.get_default_policy_templates_json()["Templates"]
    return {name: {parameter: None for parameter in template["Parameters"]} for name, template in templates.items()}


def deprecations():
    lifecycles = json.loads((DATA / "AdditionalSpecs" / "LmbdRuntimeLifecycle.json").read_text())
    return {name: life["deprecated"] for name, life in lifecycles.items()}


def main():
    warnings.simplefilter("ignore")
    types = {name: model(module.Properties) for name, module in SAM.items()}
    types.update({name: cloudformation(name) for name in CLOUDFORMATION})
    sections = Globals.supported_properties.items()
    json.dump(
        {
            "types": types,
            "events": events(),
            "policies": policies(),
            "globals": {name.removeprefix("AWS::Serverless::"): known for name, known in sections},
            "deprecations": deprecations(),
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()
