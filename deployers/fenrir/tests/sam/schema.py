"""Prints what AWS knows of the values in Fenrir's tables, as JSON.

A node describes a value: its `types` in JSON (none: any), whether it is `required`, its `properties` by name (none: they are not
known), the node of `each` item of a list or value of a mapping, the limits of the `keys` of a mapping, and the limits `enum`,
`pattern`, `strictly` (the only type, without conversion), `length` (characters), `range`, `items` (how many), `unique`, and of properties: `excludes`, `needs` and
`exactly_one`. The nodes of SAM's types come from the models of its JSON
schema (package aws-sam-translator), those of CloudFormation's types from the schemas of its registry (package cfn-lint).
"""

import functools
import importlib.metadata
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
from samtranslator.model.architecture import ARM64, X86_64
from samtranslator.model.sam_resources import SamApi, SamFunction, SamHttpApi, SamLayerVersion, SamSimpleTable
from samtranslator.model.types import IS_BOOL, IS_INT, IS_STR
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
    "AWS::Serverless::Function": (function, SamFunction),
    "AWS::Serverless::Api": (api, SamApi),
    "AWS::Serverless::HttpApi": (http_api, SamHttpApi),
    "AWS::Serverless::LayerVersion": (layer_version, SamLayerVersion),
    "AWS::Serverless::SimpleTable": (simple_table, SamSimpleTable),
}
# How the documentation of SAM describes a property that it passes to CloudFormation.
PASSED_ON = re.compile(
    r"passed directly to the \[`(?P<name>\w+)`\]\([^)]*\) property of an? "
    r"\[?`(?P<type>AWS::\w+::\w+)(?:[ .](?P<definition>\w+))?`"
)
# What SAM passes to CloudFormation without saying so in its documentation: the type, its definition, and the property.
PASSED_ON_SILENTLY = {
    "AWS::Serverless::Function.AutoPublishAlias": ("AWS::Lambda::Alias", None, "Name"),
    "AWS::Serverless::Function.DeploymentPreference.Type": ("AWS::CodeDeploy::DeploymentGroup", None, "DeploymentConfigName"),
    "AWS::Serverless::Function.VersionDescription": ("AWS::Lambda::Version", None, "Description"),
    "AWS::Serverless::Function.Environment": ("AWS::Lambda::Function", None, "Environment"),
    "AWS::Serverless::Api.StageName": ("AWS::ApiGateway::Stage", None, "StageName"),
    "AWS::Serverless::HttpApi.StageName": ("AWS::ApiGatewayV2::Stage", None, "StageName"),
}
# What the documentation of SAM says and SAM does not do: it has its own values, and translates them.
TRANSLATED = {
    "AWS::Serverless::SimpleTable.PrimaryKey.Type": {"types": ["string"], "enum": list(SamSimpleTable.attribute_type_conversions)},
    "AWS::Serverless::LayerVersion.CompatibleArchitectures": {
        "types": ["array"],
        "each": {"types": ["string"], "enum": [X86_64, ARM64]},
    },
}
# The types of which SAM takes no other type that CloudFormation would convert, such as a number for a string.
STRICT = {IS_STR: "string", IS_BOOL: "boolean", IS_INT: "integer"}
# The same, where its code checks.
STRICT_IN_CODE = {
    "AWS::Serverless::Api.Auth.DefaultAuthorizer": "string",
    "AWS::Serverless::Api.StageName": "string",
    "AWS::Serverless::Function.AutoPublishAlias": "string",
    "AWS::Serverless::HttpApi.Auth.DefaultAuthorizer": "string",
    "AWS::Serverless::SimpleTable.PrimaryKey.Name": "string",
}
JSON_TYPES = {str: "string", int: "integer", float: "number", bool: "boolean", dict: "object", list: "array"}


@functools.cache
def registry():
    schemas = [json.loads(path.read_text()) for path in (DATA / "schemas" / "resources").glob("*.json")]
    return {schema["typeName"]: schema for schema in schemas}


def cloudformation(kind):
    schema = registry()[kind]
    written = {path.removeprefix("/properties/") for path in schema.get("readOnlyProperties", [])}
    properties = {name: value for name, value in schema["properties"].items() if name not in written}
    return {**limits(schema), "properties": members(schema, {**schema, "properties": properties})}


def members(schema, value):
    """The nodes of the properties of an object."""
    nodes = {name: node(schema, inner) for name, inner in value["properties"].items()}
    for name in set(value.get("required", [])) & set(nodes):
        nodes[name]["required"] = True
    return nodes


def node(schema, value):
    """The node of a value that a schema of the registry describes."""
    while "$ref" in value:
        value = schema["definitions"][value["$ref"].rsplit("/", 1)[-1]]
    types = value.get("type", [])
    found = limits(value)
    found["types"] = [types] if isinstance(types, str) else types
    if "items" in value:
        found["each"] = node(schema, value["items"])
    if value.get("properties"):
        found["properties"] = members(schema, value)
    for pattern, inner in value.get("patternProperties", {}).items():
        found["keys"] = {"pattern": pattern}
        found["each"] = node(schema, inner)
    return {key: entry for key, entry in found.items() if entry}


def limits(value):
    """The limits that a JSON schema sets for a value itself."""
    found = {key: value[key] for key in ("enum", "pattern") if key in value}
    for name, low, high in (("length", "minLength", "maxLength"), ("range", "minimum", "maximum"), ("items", "minItems", "maxItems")):
        if value.get(low) is not None and (value[low] or name == "range") or high in value:
            found[name] = [value.get(low), value.get(high)]
    if value.get("uniqueItems"):
        found["unique"] = True
    combinations = {
        "excludes": value.get("dependentExcluded"),
        "needs": {**value.get("dependentRequired", {}), **value.get("dependencies", {})},
        "exactly_one": value.get("requiredXor"),
    }
    return {**found, **{name: names for name, names in combinations.items() if names}}


def model(of, path="", sam_class=None):
    properties = {name: field(described, f"{path}.{name}") for name, described in of.__fields__.items()}
    for name, property_type in getattr(sam_class, "property_types", {}).items():
        if name in properties and property_type.validate in STRICT:
            properties[name]["strictly"] = STRICT[property_type.validate]
    return {"types": ["object"], "properties": properties}


def field(described, path):
    kind = described.outer_type_
    models = list(models_in(kind))
    if path in TRANSLATED:
        found = TRANSLATED[path]
    elif path in PASSED_ON_SILENTLY:
        found = property_of(*PASSED_ON_SILENTLY[path])
    elif models:
        found = functools.reduce(united, (model(one, path) for one in models))
        if is_collection(kind):
            found = {"each": found}
    else:
        found = passed_on(described.field_info.extra) or {"types": types_in(kind), **literals_in(kind)}
    found = {**found, "required": bool(described.required), "strictly": STRICT_IN_CODE.get(path)}
    return {key: entry for key, entry in found.items() if entry}


def united(one, other):
    """A node with the properties of both: either model may apply."""
    properties = {**other["properties"], **one["properties"]}
    shared = one["properties"].keys() & other["properties"].keys()
    for name in shared:
        mine, theirs = one["properties"][name], other["properties"][name]
        if "properties" in mine and "properties" in theirs:
            properties[name] = united(mine, theirs)
        elif mine != theirs:
            properties[name] = {"types": sorted({*mine.get("types", []), *theirs.get("types", [])})}
    for name, entry in properties.items():
        if not all(side["properties"].get(name, {}).get("required") for side in (one, other)):
            properties[name] = {key: value for key, value in entry.items() if key != "required"}
    return {"types": ["object"], "properties": properties}


def is_collection(kind):
    """Whether the models in a type are those of the items of a list, or of the values of a mapping."""
    choices = typing.get_args(kind) if typing.get_origin(kind) is typing.Union else (kind,)
    return any(typing.get_origin(choice) in (dict, list) and any(models_in(choice)) for choice in choices)


def models_in(kind):
    """The models in a type, except those for intrinsic functions and for any value."""
    if typing.get_origin(kind):
        for argument in typing.get_args(kind):
            yield from models_in(argument)
    elif isinstance(kind, type) and hasattr(kind, "__fields__") and kind not in (common.Ref, common.PassThroughProp):
        yield kind


def types_in(kind):
    """The JSON types of a type without models. A mapping in a choice is an intrinsic function."""
    choices = typing.get_args(kind) if typing.get_origin(kind) is typing.Union else (kind,)
    origins = [typing.get_origin(choice) or choice for choice in choices]
    names = [("string" if choice is typing.Literal else JSON_TYPES.get(choice)) for choice in origins]
    if None in names:
        return []
    return sorted({name for name in names if name != "object"} or {*names})


def literals_in(kind):
    choices = typing.get_args(kind) if typing.get_origin(kind) is typing.Union else (kind,)
    if any(choice is str for choice in choices):
        return {}
    enum = [text for choice in choices if typing.get_origin(choice) is typing.Literal for text in typing.get_args(choice)]
    return {"enum": enum} if enum else {}


def passed_on(documentation):
    """The node of a property that SAM passes to CloudFormation."""
    path = documentation.get("__samPassThrough", {}).get("schemaPath")
    if path:
        (kind, _, definition), name = path[1].partition("."), path[-1]
        return property_of(kind, definition, name)
    found = PASSED_ON.search(documentation.get("markdownDescription", ""))
    return property_of(found["type"], found["definition"], found["name"]) if found else None


def property_of(kind, definition, name):
    schema = registry().get(kind, {})
    holder = schema.get("definitions", {}).get(definition, {}) if definition else schema
    value = holder.get("properties", {}).get(name)
    return node(schema, value) if value else None


def event(of, path, sam_class):
    (properties,) = models_in(of.__fields__["Properties"].outer_type_)
    return model(properties, path, sam_class)


def events():
    union = typing.get_args(function.Properties.__fields__["Events"].outer_type_)[1]
    named = {typing.get_args(of.__fields__["Type"].outer_type_)[0]: of for of in typing.get_args(union)}
    return {name: event(of, f"Events.{name}", SamFunction.event_resolver.resolve_resource_type({"Type": name})) for name, of in named.items()}


def policies():
    templates = PolicyTemplatesProcessor.get_default_policy_templates_json()["Templates"]
    return {name: {"properties": {parameter: {} for parameter in template["Parameters"]}} for name, template in templates.items()}


def reserved_variables():
    """The names that Lambda sets itself."""
    extension = DATA / "schemas" / "extensions" / "aws_lambda_function" / "environment_variable_keys.json"
    return json.loads(extension.read_text())["propertyNames"]["not"]["enum"]


def runtimes():
    """The dates of each runtime: the deprecation, the end of creation and the end of updates; and its successor."""
    lifecycles = json.loads((DATA / "AdditionalSpecs" / "LmbdRuntimeLifecycle.json").read_text())
    columns = ["deprecated", "create-block", "update-block"]
    dates = {name: [life[column] for column in columns] for name, life in lifecycles.items()}
    rows = {name: {"dates": dates[name], "successor": life["successor"]} for name, life in lifecycles.items()}
    return {"source": f"cfn-lint {importlib.metadata.version('cfn-lint')}", "rows": rows}


def main():
    warnings.simplefilter("ignore")
    types = {name: model(module.Properties, name, sam_class) for name, (module, sam_class) in SAM.items()}
    types.update({name: cloudformation(name) for name in CLOUDFORMATION})
    sections = Globals.supported_properties.items()
    json.dump(
        {
            "types": types,
            "events": events(),
            "policies": policies(),
            "globals": {name.removeprefix("AWS::Serverless::"): known for name, known in sections},
            "runtimes": runtimes(),
            "reserved_variables": reserved_variables(),
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()
