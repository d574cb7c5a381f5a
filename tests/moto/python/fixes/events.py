"""EventBridge: CloudFormation accepts the pattern of a rule as text, which may contain `null`."""

import json

from moto.events.models import Rule

from fixes.resources import on_change


def install():
    on_change(Rule, before=_parse)


def _parse(properties):
    if isinstance(pattern := properties.get("EventPattern"), str):
        properties["EventPattern"] = json.loads(pattern)
