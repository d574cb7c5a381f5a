"""The control API for tests: `/control/<what>`, with JSON in requests and answers.

| what | |
| --- | --- |
| `account` | POST `{"account"}`: credentials of a user with all permissions there |
| `boto` | POST `{"account","region","service","operation","parameters"}`: a call through boto3 |
| `calls` | GET, DELETE |
| `faults` | GET, POST rules, DELETE; see `faults.py` |
| `gaps` | GET: calls that moto does not implement |
| `iam` | POST `true` or `false`: whether policies are checked |
| `kill` | POST `{"function"}`: kills its processes; returns their number |
| `pace`, `unhealthy` | GET, POST; see `test_settings.py` |
| `test` | POST: begins the next test; see `turns.py` |

Faults and policies do not apply to calls through `boto`, and they are not logged.
"""

import datetime
import functools
import io
import json
import threading
import uuid
import zipfile

import boto3
import botocore
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

import principals
import test_settings
import wire
from turns import Turns

# The header that marks the control API's own calls. Clients cannot know its value.
MARK, SECRET = "X-Bifrost-Control", uuid.uuid4().hex


class Control:
    def __init__(self, calls, faults, functions):
        self.calls, self.faults, self.functions = calls, faults, functions
        self.turns = Turns(calls, faults, functions)
        self.gaps, self.endpoint, self.lock = [], None, threading.Lock()

    def is_own(self, environ):
        """Whether a request comes from `boto` of this API."""
        return environ.get("HTTP_" + MARK.upper().replace("-", "_")) == SECRET

    def __call__(self, environ):
        what, method = environ["PATH_INFO"].removeprefix("/control/"), environ["REQUEST_METHOD"].lower()
        act = getattr(self, f"_{method}_{what}", None)
        try:
            if act is None:
                return _answer(404, {"error": f"unknown: {environ['REQUEST_METHOD']} /control/{what}"})
            parameters = json.loads(wire.body(environ) or b"null")
            return _answer(200, act() if method in ("get", "delete") else act(parameters))
        except (KeyError, TypeError, ValueError) as error:
            return _answer(400, {"error": f"/control/{what}: {error!r}"})

    def _post_account(self, parameters):
        with self.lock:
            return principals.user(parameters["account"])

    def _post_boto(self, parameters):
        try:
            client = self._client(parameters["service"], parameters["region"], parameters["account"])
            method = getattr(client, botocore.xform_name(parameters["operation"]))
            return {"result": _plain(method(**_bytes(parameters["parameters"])))}
        except ClientError as error:
            details = error.response["Error"]
            return {"error": {"code": details.get("Code", ""), "message": details.get("Message", "")}}
        except (AttributeError, BotoCoreError) as error:
            return {"error": {"code": type(error).__name__, "message": str(error)}}

    @functools.cache  # noqa: B019 lives as long as the process
    def _client(self, service, region, account):
        with self.lock:  # boto3's session is not safe for concurrent use
            client = boto3.client(
                service,
                region_name=region,
                endpoint_url=self.endpoint,
                aws_access_key_id="control",
                aws_secret_access_key="control",
                config=Config(retries={"total_max_attempts": 1}, read_timeout=300, s3={"addressing_style": "path"}),
            )
        marks = {MARK: SECRET, "x-moto-account-id": account}
        client.meta.events.register("before-call", lambda params, **_: params["headers"].update(marks))
        return client

    def _get_calls(self):
        return self.calls.list()

    def _delete_calls(self):
        self.calls.clear()

    def _get_faults(self):
        return self.faults.rules

    def _post_faults(self, rules):
        self.faults.add(rules)

    def _delete_faults(self):
        self.faults.clear()

    def _get_gaps(self):
        return self.gaps

    def _post_iam(self, enforced):
        test_settings.ENFORCED = bool(enforced)

    def _post_kill(self, parameters):
        return self.functions.kill(parameters["function"])

    def _get_pace(self):
        return test_settings.PACE

    def _post_pace(self, pace):
        if unknown := set(pace) - set(test_settings.PACE):
            raise ValueError(f"unknown pace: {', '.join(sorted(unknown))}")
        test_settings.PACE.update(pace)

    def _get_unhealthy(self):
        return sorted(test_settings.UNHEALTHY)

    def _post_unhealthy(self, names):
        test_settings.UNHEALTHY.clear()
        test_settings.UNHEALTHY.update(names)

    def _post_test(self, _):
        self.turns.next()


def _answer(status, value):
    data = json.dumps(value).encode()
    return f"{status} Control", [("Content-Type", "application/json"), ("Content-Length", str(len(data)))], data


def _bytes(value):
    """Reads parameters from JSON. `{"$bootstrap": path}` is the zip file of a function that runs the program, and `{"$bytes": numbers}`
    are bytes."""
    if isinstance(value, dict):
        if set(value) == {"$bootstrap"}:
            return _archive(value["$bootstrap"])
        if set(value) == {"$bytes"}:
            return bytes(value["$bytes"])
        return {name: _bytes(member) for name, member in value.items()}
    return [_bytes(member) for member in value] if isinstance(value, list) else value


def _archive(program):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("bootstrap.path", program)
    return data.getvalue()


def _plain(value):
    """A result as JSON, with bodies as text and times in ISO 8601."""
    if isinstance(value, dict):
        return {name: _plain(member) for name, member in value.items() if name != "ResponseMetadata"}
    if isinstance(value, list):
        return [_plain(member) for member in value]
    if hasattr(value, "read"):
        value = value.read()
    if isinstance(value, (bytes, bytearray)):
        return value.decode("utf-8", "replace")
    return value.isoformat() if isinstance(value, datetime.datetime) else value
