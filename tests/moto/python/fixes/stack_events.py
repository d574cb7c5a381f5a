"""CloudFormation: each resource has events of its own, and an event the token of the request that it came by."""

import threading
from contextlib import contextmanager

from moto.cloudformation import parsing
from moto.cloudformation.models import Event, Stack
from moto.cloudformation.responses import CloudFormationResponse
from moto.core.responses import ActionResult

# AWS gives about a hundred; fewer here, so that whoever reads on does so in tests, too.
PAGE = 8
_here = threading.local()


def install():
    parsing.parse_and_create_resource = _told("CREATE", parsing.parse_and_create_resource)
    parsing.parse_and_update_resource = _told("UPDATE", parsing.parse_and_update_resource)
    delete = parsing.ResourceMap._delete_resource

    def delete_and_tell(self, resource, resource_json):
        name = getattr(resource, "logical_resource_id", None)
        physical = getattr(resource, "physical_resource_id", None)
        _run("DELETE", name, resource_json["Type"], lambda: delete(self, resource, resource_json), physical)

    parsing.ResourceMap._delete_resource = delete_and_tell
    add = Stack._add_stack_event

    def add_with_token(self, *arguments, **more):
        add(self, *arguments, **more)
        self.events[-1].client_request_token = getattr(self, "token", None)

    Stack._add_stack_event = add_with_token
    CloudFormationResponse.describe_stack_events = _describe


@contextmanager
def told(stack):
    """What happens to resources meanwhile, on this thread, becomes events of the stack."""
    _here.stack = stack
    try:
        yield
    finally:
        _here.stack = None


def _told(action, function):
    def wrapped(logical_id, resource_json, *arguments, **more):
        make = lambda: function(logical_id, resource_json, *arguments, **more)  # noqa: E731
        return _run(action, logical_id, resource_json["Type"], make)

    return wrapped


def _run(action, name, kind, change, physical=None):
    stack = getattr(_here, "stack", None)
    if stack is None or name is None:
        return change()
    # What fails is tried again by moto: AWS tells of the first time alone.
    failed = f"{action}_FAILED"
    again = any(each.logical_resource_id == name and each.resource_status == failed for each in stack.events)
    if not again:
        _add(stack, name, kind, f"{action}_IN_PROGRESS", physical)
    try:
        made = change()
    except Exception as error:  # whatever a resource of moto's raises
        if not again:
            _add(stack, name, kind, failed, physical, getattr(error, "message", None) or repr(error))
        raise
    _add(stack, name, kind, f"{action}_COMPLETE", physical or getattr(made, "physical_resource_id", None))
    return made


def _add(stack, name, kind, status, physical, reason=None):
    event = Event(stack.stack_id, stack.name, name, physical or "", kind, status, reason, None)
    event.client_request_token = getattr(stack, "token", None)
    stack.events.append(event)


def _describe(response):
    events = response.cloudformation_backend.describe_stack_events(response._get_param("StackName"))[::-1]
    start = int(response._get_param("NextToken") or 0)
    more = str(start + PAGE) if start + PAGE < len(events) else None
    return ActionResult({"StackEvents": events[start : start + PAGE], "NextToken": more})
