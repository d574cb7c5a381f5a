"""CloudFormation: change sets are created, described and executed step by step, and a failed one is rolled back."""

import re
import threading
import time

from moto.cloudformation.exceptions import AlreadyExistsException, CloudFormationError, ValidationError
from moto.cloudformation.responses import CloudFormationResponse
from moto.core.responses import ActionResult, EmptyResult

import test_settings
from fixes import changes, stack_events, templates

STUCK = re.compile("(CREATE|ROLLBACK|DELETE|UPDATE_ROLLBACK)_FAILED|ROLLBACK_COMPLETE")
REVIEW = "REVIEW_IN_PROGRESS"


class ChangeSetError(CloudFormationError):
    __module__ = "moto.cloudformation.exceptions"  # moto finds the service by it

    def __init__(self, code, message):
        self.code = code
        super().__init__(message)


class Cancelled(Exception):
    message = "Resource update cancelled"


def install():
    CloudFormationResponse.create_change_set = _create
    CloudFormationResponse.describe_change_set = lambda self: ActionResult(Described(find(self)[1]))
    CloudFormationResponse.delete_change_set = _delete
    CloudFormationResponse.execute_change_set = _execute


class Described:
    """The description of a change set, with its tags as AWS lists them."""

    def __init__(self, change_set):
        self.change_set = change_set
        self.tags = [{"Key": key, "Value": value} for key, value in change_set.tags.items()]

    def __getattr__(self, name):
        return getattr(self.change_set, name)


def find(response):
    name, stack = response._get_param("ChangeSetName"), response._get_param("StackName")
    for ident, found in response.cloudformation_backend.change_sets.items():
        if ident == name or (found.change_set_name == name and stack in (None, found.stack_name, found.stack_id)):
            return ident, found
    raise ChangeSetError("ChangeSetNotFound", f"ChangeSet [{name}] does not exist")


def _create(response):
    backend, get = response.cloudformation_backend, response._get_param
    kind, name = get("ChangeSetType", "UPDATE"), get("StackName")
    stack = next((each for each in backend.stacks.values() if name in (each.name, each.stack_id)), None)
    if (existing := _existing(backend, stack, get("ChangeSetName"), get("ClientToken"))) is not None:
        return ActionResult({"Id": existing.change_set_id, "StackId": existing.stack_id})
    _check_stack(stack, kind, name, get("ChangeSetName"))
    _check_name(backend, stack, get("ChangeSetName"))
    text = _template(response, stack)
    parameters = {each["ParameterKey"]: each.get("ParameterValue", "") for each in get("Parameters", [])}
    template, document = templates.processed(text, parameters)
    _check_capabilities(document, get("Capabilities", []))
    ident, stack_id = backend.create_change_set(
        stack_name=name,
        change_set_name=get("ChangeSetName"),
        template=template,
        parameters=parameters,
        description=get("Description"),
        notification_arns=get("NotificationARNs", []),
        tags={tag["Key"]: tag["Value"] for tag in get("Tags", [])},
        role_arn=get("RoleARN"),
        change_set_type=kind,
    )
    found = backend.change_sets[ident]
    found.token, found.original = get("ClientToken"), text
    if stack is not None and kind == "CREATE":
        # The stack is kept: moto has created another one.
        del backend.stacks[stack_id]
        found.stack, found.stack_id, stack_id = stack, stack.stack_id, stack.stack_id
    changes.describe(found)
    _take_time(found)
    return ActionResult({"Id": ident, "StackId": stack_id})


def _existing(backend, stack, name, token):
    """The change set that the same request created before."""
    candidates = [each for each in backend.change_sets.values() if stack and each.stack_id == stack.stack_id]
    return next((each for each in candidates if token and each.change_set_name == name and each.token == token), None)


def _template(response, stack):
    if body := response._get_param("TemplateBody"):
        return body
    if url := response._get_param("TemplateURL"):
        return response._get_stack_from_s3_url(url)
    return stack.template


def _check_stack(stack, kind, name, change_set):
    if stack is None:
        if kind == "UPDATE":
            raise ValidationError(message=f"Stack [{name}] does not exist")
        return
    if kind == "CREATE" and stack.status != REVIEW:
        message = f"Stack [{name}] already exists and cannot be created again with the changeSet [{change_set}]."
        raise ValidationError(message=message)
    busy = stack.status.endswith("_IN_PROGRESS") and stack.status != REVIEW
    if busy or STUCK.fullmatch(stack.status):
        raise ValidationError(message=f"Stack:{stack.stack_id} is in {stack.status} state and can not be updated.")


def _check_name(backend, stack, name):
    ident = stack and stack.stack_id
    if any(each.change_set_name == name and each.stack_id == ident for each in backend.change_sets.values()):
        raise AlreadyExistsException(f"ChangeSet {name} cannot be created due to a mismatch with existing attribute Id")


def _check_capabilities(document, given):
    named = {"AWS::IAM::Role": "RoleName", "AWS::IAM::User": "UserName", "AWS::IAM::Group": "GroupName"}
    named |= {"AWS::IAM::ManagedPolicy": "ManagedPolicyName"}
    iam = [each for each in document["Resources"].values() if each["Type"].startswith("AWS::IAM::")]
    needs = "CAPABILITY_IAM" if iam else None
    if any(named.get(each["Type"]) in each.get("Properties", {}) for each in iam):
        needs = "CAPABILITY_NAMED_IAM"
    if needs and not {needs, "CAPABILITY_NAMED_IAM"} & set(given):
        raise ChangeSetError("InsufficientCapabilitiesException", f"Requires capabilities : [{needs}]")


def _take_time(change_set):
    """Keeps a change set pending for a while."""
    if not test_settings.PACE["change_set"]:
        return
    done = (change_set.status, change_set.execution_status, change_set.status_reason)
    change_set.status, change_set.execution_status, change_set.status_reason = "CREATE_PENDING", "UNAVAILABLE", None

    def finish():
        change_set.status, change_set.execution_status, change_set.status_reason = done

    threading.Timer(test_settings.PACE["change_set"], finish).start()


def _delete(response):
    try:
        ident, found = find(response)
    except ChangeSetError:
        return EmptyResult()
    if found.execution_status == "EXECUTE_IN_PROGRESS":
        raise ChangeSetError("InvalidChangeSetStatus", "ChangeSet is in EXECUTE_IN_PROGRESS")
    del response.cloudformation_backend.change_sets[ident]
    return EmptyResult()


def _execute(response):
    ident, found = find(response)
    if found.execution_status != "AVAILABLE":
        message = f"ChangeSet [{ident}] cannot be executed in its current status of [{found.status}]"
        raise ChangeSetError("InvalidChangeSetStatus", message)
    found.stack.token = response._get_param("ClientRequestToken")
    execution = Execution(response.cloudformation_backend, ident, found)
    execution.retains = not response._get_bool_param("RetainExceptOnCreate", False)
    found.stack.execution = execution
    if test_settings.PACE["cfn"]:
        threading.Thread(target=execution.run, daemon=True).start()
    else:
        execution.run()
    return EmptyResult()


class Execution:
    """One execution of a change set. Half of its duration passes before the change."""

    def __init__(self, backend, ident, change_set):
        self.backend, self.ident, self.change_set, self.stack = backend, ident, change_set, change_set.stack
        self.kind = change_set.change_set_type
        self.before = self.stack.template_dict, dict(self.stack.parameters or {})
        self.cancelled, self.retains = False, True
        change_set.execution_status = "EXECUTE_IN_PROGRESS"
        self._set_status(f"{self.kind}_IN_PROGRESS", "User Initiated")

    def run(self):
        with stack_events.recorded(self.stack):
            try:
                self._pause()
                self._apply()
            except Exception as error:  # any error of a resource in moto
                self._roll_back(getattr(error, "message", None) or repr(error))
        self.stack._add_stack_event(self.stack.status)

    def _apply(self):
        change_set, stack = self.change_set, self.stack
        templates.sort(change_set.template_dict)
        change_set.apply()
        stack.template, stack.parameters = change_set.template, change_set.parameters
        stack._parse_template()
        stack.output_map = stack._create_output_map()
        self._pause()
        stack.original, stack.change_set_id, stack.tags = change_set.original, self.ident, change_set.tags
        stack.status, change_set.execution_status = f"{self.kind}_COMPLETE", "EXECUTE_COMPLETE"
        # An execution deletes the other change sets of its stack.
        for ident, each in list(self.backend.change_sets.items()):
            if each.stack_id == stack.stack_id and ident != self.ident:
                del self.backend.change_sets[ident]

    def _roll_back(self, reason):
        create = self.kind == "CREATE"
        rollback = "ROLLBACK" if create else "UPDATE_ROLLBACK"
        self.change_set.execution_status = "EXECUTE_FAILED"
        self.stack._add_stack_event(f"{self.kind}_FAILED", resource_status_reason=reason)
        self.stack.status_reason = f"The following resource(s) failed: {reason[:300]}"
        self._set_status(f"{rollback}_IN_PROGRESS", self.stack.status_reason)
        self._pause()
        try:
            if create:
                self._remove_deletion_policies()
                self.stack.resource_map.delete()
            else:
                self.stack.resource_map.update(self.before[0], self.before[1] or None)
            self.stack.status = f"{rollback}_COMPLETE"
        except Exception as error:  # any error of a resource in moto
            self.stack.status, self.stack.status_reason = f"{rollback}_FAILED", repr(error)

    def _remove_deletion_policies(self):
        """`RetainExceptOnCreate`: a failed creation deletes all resources, also those with a policy to retain them."""
        for resource in self.stack.resource_map._resource_json_map.values():
            if not self.retains:
                resource.pop("DeletionPolicy", None)

    def _set_status(self, status, reason):
        self.stack.status = status
        self.stack._add_stack_event(status, resource_status_reason=reason)

    def _pause(self):
        since = time.time()
        while time.time() - since < test_settings.PACE["cfn"] / 2 and not self.cancelled:
            time.sleep(0.02)
        if self.cancelled:
            self.cancelled = False
            raise Cancelled
