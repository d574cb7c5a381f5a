"""Generates templates, and prints for each how PyYAML with the tags of CloudFormation reads it: an object on a line, with `text`
and either `value` or `refusal`.

    python oracle.py COUNT SEED

What CloudFormation does not support (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html) is a
refusal, too: anchors, aliases, merge keys, and all tags but its own and those of strings, numbers, booleans, null, lists and
mappings. Keys are strings, dates are strings, and a key may occur only once, as in JSON.
"""

import json
import random
import sys

import yaml
from templates import Generator

FUNCTIONS = ["And", "Base64", "Cidr", "Equals", "FindInMap", "GetAZs", "GetAtt", "If", "ImportValue", "Join", "Not", "Or", "Select", "Split", "Sub", "Transform"]
NAMES = {f"!{name}": f"Fn::{name}" for name in FUNCTIONS} | {"!Ref": "Ref", "!Condition": "Condition"}
CORE = "tag:yaml.org,2002:"
STRINGS = [CORE + "timestamp", CORE + "value", CORE + "merge"]


class Refused(Exception):
    """CloudFormation does not support it."""


def value(node):
    """The value of a node, in which short forms are long ones."""
    if node.tag in NAMES:
        return split({NAMES[node.tag]: argument(node)})
    if isinstance(node, yaml.ScalarNode):
        return scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return [value(item) for item in node.value] if node.tag == CORE + "seq" else refuse(node)
    return mapping(node) if node.tag == CORE + "map" else refuse(node)


def argument(node):
    """The argument of a function. A scalar is a string, whatever it looks like."""
    if isinstance(node, yaml.ScalarNode):
        return node.value
    return mapping(node) if isinstance(node, yaml.MappingNode) else [value(item) for item in node.value]


def refuse(node):
    raise Refused(f"tag {node.tag}")


def scalar(node):
    implied = yaml.SafeLoader("").resolve(yaml.ScalarNode, node.value, (True, False))
    if node.tag == CORE + "str" or implied in STRINGS and node.tag == implied and node.is_plain:
        return node.value
    types = [CORE + "int", CORE + "float"] if node.tag == CORE + "float" else [node.tag]
    if implied not in types or implied not in [CORE + name for name in ("bool", "float", "int", "null")]:
        refuse(node)
    if node.value.lower().endswith((".inf", ".nan")):
        return refuse(node) if node.is_tagged else node.value  # JSON has no such number
    try:
        return yaml.SafeLoader("").construct_object(yaml.ScalarNode(implied, node.value))
    except ValueError:
        return node.value  # `0x_` has no digits


def mapping(node):
    entries = {}
    for key, inner in node.value:
        if not isinstance(key, yaml.ScalarNode) or key.tag in NAMES or not key.tag.startswith(CORE):
            refuse(key)
        if key.is_plain and key.tag == CORE + "merge" or key.value in ("", "~", "null", "Null", "NULL") and key.is_plain or key.value in entries:
            raise Refused(f"key {key.value}")
        entries[key.value] = value(inner)
    return split(entries)


def split(call):
    """`Fn::GetAtt: a.b` as `[a, b]`."""
    names = call.get("Fn::GetAtt") if len(call) == 1 else None
    return {"Fn::GetAtt": names.split(".", 1)} if isinstance(names, str) and "." in names else call


def of_json(text):
    """The template if it is JSON, which CloudFormation does not read as YAML: tabs may be anywhere in it."""
    try:
        return json.loads(text, object_pairs_hook=unique, parse_constant=refuse_constant)
    except ValueError:
        return None


def unique(pairs):
    if len(dict(pairs)) < len(pairs):
        raise Refused("duplicate key")
    return split(dict(pairs))


def refuse_constant(name):
    raise ValueError(name)


class Loader(yaml.SafeLoader):
    """Composes nodes that know whether they were plain, and refuses anchors, aliases and keys like `[?a]`."""

    def fetch_key(self):
        if self.flow_level and self.peek(1) not in "\0 \r\n":
            raise Refused("`[?a]` is a mapping with null, and nobody means it")
        super().fetch_key()

    def compose_node(self, parent, index):
        event = self.peek_event()
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            raise Refused("anchor or alias")
        return super().compose_node(parent, index)

    def compose_scalar_node(self, anchor):
        event = self.peek_event()
        node = super().compose_scalar_node(anchor)
        node.is_plain, node.is_tagged = event.style is None, event.tag not in (None, "!")
        return node


def read(text):
    """The template, by PyYAML."""
    try:
        template = of_json(text)
        if template is None:
            template = value(Loader(text).get_single_node() or refuse_empty())
        if not isinstance(template, dict):
            raise Refused("not a mapping")
        template = json.loads(json.dumps(template))  # joins surrogate pairs
        json.dumps(template, ensure_ascii=False).encode()
    except (yaml.YAMLError, Refused, UnicodeEncodeError) as error:
        return {"refusal": " | ".join(str(error).splitlines())}
    return {"value": template}


def refuse_empty():
    raise Refused("empty")


def main(count, seed):
    generator = Generator(random.Random(seed))
    for _ in range(count):
        text = generator.template()
        print(json.dumps({"text": text} | read(text)))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
