"""An independent validator (Python's jsonschema) agrees with the published schemas.

Usage: schema.py, with jsonschema[format] installed. Golden records and entries of all kinds must be valid against
schema/record-v1.json, and each of them that is spoiled must not be. The example of docs/deployment-predicate.md must be valid
against the schema there.
"""

import copy
import json
import pathlib
import re
import sys

from jsonschema import Draft202012Validator, FormatChecker

audit = pathlib.Path(__file__).resolve().parent.parent


def validator(schema):
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema, format_checker=FormatChecker())


def lines(name):
    text = (audit / "tests" / "fixtures" / name).read_text()
    return [json.loads(line) for line in text.splitlines()]


def spoiled(value):
    """The value with a foreign field, and with each field missing or of another type."""
    yield {**value, "secret": "x"}
    yield {**value, "kind": "foreign"}
    yield {**value, "schema": 2}
    yield {**value, "time": "yesterday"}
    for field in value:
        wrong = copy.deepcopy(value)
        wrong[field] = ["x"] if isinstance(value[field], (str, int, dict)) else "x"
        yield wrong


def main():
    schema = json.loads((audit / "schema" / "record-v1.json").read_text())
    checks = 0
    for name, definition in [("records-v1.jsonl", "record"), ("entries-v1.jsonl", "entry")]:
        whole = validator(schema)
        part = validator({**schema, "oneOf": [{"$ref": f"#/$defs/{definition}"}]})
        for value in lines(name):
            for check in (whole, part):
                check.validate(value)
            for wrong in spoiled(value):
                assert not whole.is_valid(wrong), f"valid, and must not be: {json.dumps(wrong)}"
                checks += 1
    text = (audit.parent.parent / "docs" / "deployment-predicate.md").read_text()
    predicate, example = (json.loads(block) for block in re.findall(r"```json\n(.*?)```", text, re.S))
    assert example["predicateType"] == predicate["$id"]
    validator(predicate).validate(example["predicate"])
    del example["predicate"]["log"]
    assert not validator(predicate).is_valid(example["predicate"])
    print(f"golden records and entries are valid, {checks} spoiled ones are not; so is the example of the predicate")


if __name__ == "__main__":
    sys.exit(main())
