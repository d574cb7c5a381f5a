"""Step Functions: executions use the role of their machine, waits are scaled, and errors of Lambda have AWS's names."""

import datetime
import functools
import sys
import threading
import time
import uuid

import boto3
from botocore.config import Config
from moto import settings
from moto.core.responses import ActionResult
from moto.stepfunctions import models
from moto.stepfunctions.parser import models as parser_models
from moto.stepfunctions.parser.api import ExecutionAbortedEventDetails, ExecutionStatus, HistoryEventType
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils, state_task_lambda
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import state_task_service_lambda
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import WaitFunction
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.eval.event.event_manager import EventHistoryContext
from moto.stepfunctions.parser.asl.utils import boto_client
from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication, Execution
from moto.stepfunctions.responses import StepFunctionResponse

import principals
import test_settings
from fixes.resources import on_change

# The longest timeout of a task on AWS, in seconds.
MAX_TIMEOUT = 99999999
_lock = threading.Lock()
# Held while an execution starts or ends, because its fields are inconsistent then.
_changing = threading.RLock()


def install():
    # Also interprets state machines that CloudFormation creates.
    models.stepfunctions_backends = parser_models.stepfunctions_parser_backends
    on_change(models.StateMachine, after=_configure)
    use_the_role()
    start_executions()
    show_executions()
    stop_executions()
    page_histories()
    scale_waiting()
    name_lambda_errors()
    validate_definitions()


def _configure(machine, properties):
    """Lets CloudFormation set logging and tracing of a machine, too."""
    if logging := properties.get("LoggingConfiguration"):
        machine.loggingConfiguration = _converted(logging)
    if tracing := properties.get("TracingConfiguration"):
        machine.tracingConfiguration = _converted(tracing)


def _converted(value):
    """Converts a property from CloudFormation's spelling to that of Step Functions: first letters and booleans."""
    if isinstance(value, dict):
        return {name[:1].lower() + name[1:]: _converted(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_converted(member) for member in value]
    return {"true": True, "false": False}.get(value, value)


def use_the_role():
    """Uses credentials of the machine's role. moto's own have neither its permissions nor its account."""
    stock = boto_client.boto_client_for

    def client_of_role(region, service, state_credentials=None):
        return _client(region, service, state_credentials.role_arn)

    for module in list(sys.modules.values()):
        if getattr(module, "boto_client_for", None) is stock:
            module.boto_client_for = client_of_role


def _client(region, service, role_arn):
    with _lock:  # boto3's session is not safe for concurrent use
        return _cached_client(region, service, role_arn)


@functools.cache
def _cached_client(region, service, role_arn):
    session = principals.session(role_arn, "StepFunctions", region)
    once = Config(
        parameter_validation=False,
        retries={"total_max_attempts": 1},
        connect_timeout=MAX_TIMEOUT,
        read_timeout=MAX_TIMEOUT,
        max_pool_connections=50,
    )
    return boto3.client(
        service,
        region_name=region,
        endpoint_url=f"http://127.0.0.1:{settings.moto_server_port()}",
        aws_access_key_id=session["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=session["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=session["AWS_SESSION_TOKEN"],
        config=once,
    )


def start_executions():
    """Concurrent starts with the same name create one execution. An execution without a name gets a random one."""
    start = parser_models.StepFunctionsParserBackend.start_execution

    def start_execution(self, state_machine_arn, name=None, *rest, **more):
        with _changing:
            return start(self, state_machine_arn, name or str(uuid.uuid4()), *rest, **more)

    parser_models.StepFunctionsParserBackend.start_execution = start_execution


def show_executions():
    """moto sets the fields of an execution one after another when it starts or ends. A client could see some without
    the others: an end time, but no status or output."""
    _exclusive(BaseExecutionWorkerCommunication, "terminated")
    _exclusive(StepFunctionResponse, "describe_execution")
    _exclusive(StepFunctionResponse, "list_executions")


def _exclusive(kind, name):
    stock = getattr(kind, name)

    def locked(self):
        with _changing:
            return stock(self)

    setattr(kind, name, locked)


def stop_executions():
    """An execution that is stopped ends at once, with the cause, and its history gets no more events. An invocation of
    its last task goes on. In moto, the execution would run until that invocation has ended, and fail then."""
    terminated, to_history_output = BaseExecutionWorkerCommunication.terminated, Execution.to_history_output

    def terminated_once(self):
        with _changing:
            if not hasattr(self.execution, "history_until_stop"):
                terminated(self)

    def history_until_stop(self):
        history = getattr(self, "history_until_stop", None)
        return {"events": history} if history else to_history_output(self)

    def stop_execution(self):
        execution = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
        with _changing:
            if execution.exec_status == ExecutionStatus.RUNNING:
                _abort(execution, self._get_param("error"), self._get_param("cause"))
        return ActionResult({"stopDate": execution.stop_date})

    BaseExecutionWorkerCommunication.terminated = terminated_once
    Execution.to_history_output = history_until_stop
    StepFunctionResponse.stop_execution = stop_execution


def _abort(execution, error, cause):
    while not _is_started(execution):
        time.sleep(0.01)
    environment, now = execution.exec_worker.env, datetime.datetime.now(tz=datetime.UTC)
    details = EventDetails(executionAbortedEventDetails=ExecutionAbortedEventDetails(error=error, cause=cause))
    begin = EventHistoryContext.of_program_start()
    last = environment.event_manager.add_event(begin, HistoryEventType.ExecutionAborted, details)
    history = environment.event_manager.get_event_history()
    execution.history_until_stop = [event for event in history if event["id"] <= last]
    environment.set_stop(stop_date=now, cause=cause, error=error)
    execution.error, execution.cause, execution.exec_status = error, cause, ExecutionStatus.ABORTED
    execution.stop_date = now - datetime.timedelta(seconds=test_settings.PACE["sfn_stopped"])


def _is_started(execution):
    environment = execution.exec_worker.env
    return environment is not None and environment.program_state() is not None


def running():
    """The running executions of all accounts."""
    with _changing:
        accounts = parser_models.stepfunctions_parser_backends.values()
        machines = [machine for regions in accounts for region in regions.values() for machine in region.state_machines]
        found = [execution for machine in machines for execution in machine.executions]
        return [execution for execution in found if execution.exec_status == ExecutionStatus.RUNNING]


def stop(execution):
    """Aborts an execution whose worker has started. A `Wait` that just starts may miss it: repeat until it ends."""
    if _is_started(execution):
        environment = execution.exec_worker.env
        environment.set_stop(stop_date=datetime.datetime.now(tz=datetime.UTC), cause=None, error=None)
        environment.program_state_event.set()
        environment.program_state_event.clear()


def page_histories():
    """A history has pages, and can be read in reverse order."""

    def get_execution_history(self):
        events = self.stepfunction_backend.get_execution_history(self._get_param("executionArn"))["events"]
        events = sorted(events, key=lambda event: event["id"], reverse=bool(self._get_param("reverseOrder")))
        begin = int(self._get_param("nextToken") or 0)
        end = begin + (self._get_int_param("maxResults") or 100)
        more = {"nextToken": str(end)} if end < len(events) else {}
        return ActionResult({"events": events[begin:end], **more})

    StepFunctionResponse.get_execution_history = get_execution_history


def scale_waiting():
    """Scales the durations of `Wait` and `Retry`."""
    wait = WaitFunction._wait_interval

    class Clock:
        @staticmethod
        def sleep(seconds):
            time.sleep(seconds * test_settings.PACE["sfn_scale"])

    def scaled_wait(self, env, wait_seconds):
        if test_settings.PACE["sfn_scale"] == 1.0:
            return wait(self, env, wait_seconds)
        return env.program_state_event.wait(wait_seconds * test_settings.PACE["sfn_scale"])

    retrier_decl.time = Clock
    WaitFunction._wait_interval = scaled_wait


def name_lambda_errors():
    """A service error of Lambda is `Lambda.<Code>`; a function's error without a type is `Lambda.Unknown`."""
    plain, service = state_task_lambda.StateTaskLambda, state_task_service_lambda.StateTaskServiceLambda
    _rename(plain, "lambdaFunctionFailedEventDetails")
    _rename(service, "taskFailedEventDetails")


def _rename(task, details):
    from_error = task._from_error

    def renamed(self, env, ex):
        event = from_error(self, env, ex)
        failure = event.event_details.get(details, {})
        name = _name(ex, failure.get("error"))
        if name:
            event.error_name, failure["error"] = state_task_lambda.CustomErrorName(name), name
        return event

    task._from_error = renamed


def _name(ex, error):
    if isinstance(ex, state_task_lambda.ClientError):
        return f"Lambda.{ex.response['Error']['Code']}"
    untyped = isinstance(ex, lambda_eval_utils.LambdaFunctionErrorException) and error == "Exception"
    return "Lambda.Unknown" if untyped else None


def validate_definitions():
    """moto has no `ValidateStateMachineDefinition`. Its parser finds what is not in the language; AWS finds more."""

    def validate_state_machine_definition(self):
        try:
            parser_models.StepFunctionsParserBackend._validate_definition(self._get_param("definition"))
        except parser_models.InvalidDefinition as invalid:
            diagnostic = {"severity": "ERROR", "code": "SCHEMA_VALIDATION_FAILED", "message": str(invalid), "location": "/"}
            return ActionResult({"result": "FAIL", "diagnostics": [diagnostic], "truncated": False})
        return ActionResult({"result": "OK", "diagnostics": [], "truncated": False})

    StepFunctionResponse.validate_state_machine_definition = validate_state_machine_definition
