"""CloudFormation: updates can be cancelled, a busy stack cannot be deleted, and templates are returned as given."""

from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.responses import CloudFormationResponse
from moto.core.responses import ActionResult, EmptyResult

from fixes import change_sets, stack_events


def install():
    CloudFormationResponse.cancel_update_stack = _cancel
    CloudFormationResponse.delete_stack = _delete
    CloudFormationResponse.get_template = _template


def _cancel(response):
    stack = response.cloudformation_backend.get_stack(response._get_param("StackName"))
    if stack.status != "UPDATE_IN_PROGRESS":
        raise ValidationError(message="CancelUpdateStack cannot be called from current stack status")
    stack.token, stack.execution.cancelled = response._get_param("ClientRequestToken"), True
    return EmptyResult()


def _delete(response):
    backend, name = response.cloudformation_backend, response._get_param("StackName")
    stack = next((each for each in backend.stacks.values() if name in (each.name, each.stack_id)), None)
    if stack is None:
        return EmptyResult()
    if stack.status.endswith("_IN_PROGRESS") and stack.status != "REVIEW_IN_PROGRESS":
        message = f"Stack [{stack.stack_id}] cannot be deleted while in status {stack.status}"
        raise ValidationError(message=message)
    stack.token = response._get_param("ClientRequestToken")
    with stack_events.recorded(stack):
        backend.delete_stack(stack.stack_id)
    for ident, each in list(backend.change_sets.items()):
        if each.stack_id == stack.stack_id:
            del backend.change_sets[ident]
    return EmptyResult()


def _template(response):
    """The original template by default, not the result of the transform."""
    processed = response._get_param("TemplateStage") == "Processed"
    if response._get_param("ChangeSetName"):
        found = change_sets.find(response)[1]
        return ActionResult({"TemplateBody": found.template if processed else found.original})
    stack = response.cloudformation_backend.get_stack(response._get_param("StackName"))
    body = stack.template if processed else getattr(stack, "original", stack.template)
    return ActionResult({"TemplateBody": body or "{}"})
