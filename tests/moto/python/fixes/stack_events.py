"""CloudFormation: resources have events, and each event has the token of its request."""

import threading
from contextlib import contextmanager

from moto.cloudformation import parsing
from moto.cloudformation.models import Event, Stack
from moto.cloudformation.responses import CloudFormationResponse
from moto.core.responses import ActionResult

# AWS has about a hundred events per page. With fewer, tests need several pages, too.
PAGE_SIZE = 8
_current = threading.local()


def install():
    parsing.parse_and_create_resource = _recorded("CREATE", parsing.parse_and_create_resource)
    parsing.parse_and_update_resource = _recorded("UPDATE", parsing.parse_and_update_resource)
    delete = parsing.ResourceMap._delete_resource

    def delete_and_record(self, resource, resource_json):
        name = getattr(resource, "logical_resource_id", None)
        physical = getattr(resource, "physical_resource_id", None)
        _run("DELETE", name, resource_json["Type"], lambda: delete(self, resource, resource_json), physical)

    parsing.ResourceMap._delete_resource = delete_and_record
    add = Stack._add_stack_event

    def add_with_token(self, *arguments, **more):
        add(self, *arguments, **more)
        self.events[-1].client_request_token = getattr(self, "token", None)

    Stack._add_stack_event = add_with_token
    CloudFormationResponse.describe_stack_events = _describe


@contextmanager
def recorded(stack):
    """Records changes of resources on this thread as events of the stack."""
    _current.stack = stack
    try:
        yield
    finally:
        _current.stack = None


def _recorded(action, function):
    def wrapped(logical_id, resource_json, *arguments, **more):
        change = lambda: function(logical_id, resource_json, *arguments, **more)  # noqa: E731
        return _run(action, logical_id, resource_json["Type"], change)

    return wrapped


def _run(action, name, kind, change, physical=None):
    stack = getattr(_current, "stack", None)
    if stack is None or name is None:
        return change()
    # moto repeats a failed change: AWS has events of the first attempt only.
    failed = f"{action}_FAILED"
    is_repeated = any(each.logical_resource_id == name and each.resource_status == failed for each in stack.events)
    if not is_repeated:
        _add(stack, name, kind, f"{action}_IN_PROGRESS", physical)
    try:
        resource = change()
    except Exception as error:  # any error of a resource in moto
        if not is_repeated:
            _add(stack, name, kind, failed, physical, getattr(error, "message", None) or repr(error))
        raise
    _add(stack, name, kind, f"{action}_COMPLETE", physical or getattr(resource, "physical_resource_id", None))
    return resource


def _add(stack, name, kind, status, physical, reason=None):
    event = Event(stack.stack_id, stack.name, name, physical or "", kind, status, reason, None)
    event.client_request_token = getattr(stack, "token", None)
    stack.events.append(event)


def _describe(response):
    events = response.cloudformation_backend.describe_stack_events(response._get_param("StackName"))[::-1]
    start = int(response._get_param("NextToken") or 0)
    more = str(start + PAGE_SIZE) if start + PAGE_SIZE < len(events) else None
    return ActionResult({"StackEvents": events[start : start + PAGE_SIZE], "NextToken": more})
