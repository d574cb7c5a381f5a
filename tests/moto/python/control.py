"""The control API of tests, beside AWS's: `/control/<what>`, JSON in and out.

| what | |
| --- | --- |
| `account` | POST `{"account"}`: credentials of a user who may do everything there |
| `boto` | POST `{"account","region","service","operation","parameters"}`: any call of boto3's clients |
| `calls` | GET, DELETE |
| `faults` | GET, POST rules, DELETE; see `faults.py` |
| `gaps` | GET: what moto could not do |
| `iam` | POST `true` or `false`: whether policies are checked |
| `kill` | POST `{"function"}`: kills its processes now; how many |
| `pace`, `sick` | GET, POST; see `world.py` |
| `test` | POST: begins the next test; see `turns.py` |

Calls through `boto` meet no faults and no policies and are not logged.
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
import wire
import world
from turns import Turns

# What marks the control API's own calls; nobody else can know it.
MARK, SECRET = "X-Bifrost-Control", uuid.uuid4().hex


class Control:
    def __init__(self, calls, faults, functions):
        self.calls, self.faults, self.functions = calls, faults, functions
        self.turns = Turns(calls, faults, functions)
        self.gaps, self.endpoint, self.lock = [], None, threading.Lock()

    def own(self, environ):
        """Whether a request comes from `boto` here."""
        return environ.get("HTTP_" + MARK.upper().replace("-", "_")) == SECRET

    def __call__(self, environ):
        what, method = environ["PATH_INFO"].removeprefix("/control/"), environ["REQUEST_METHOD"].lower()
        act = getattr(self, f"_{method}_{what}", None)
        try:
            if act is None:
                return _answer(404, {"error": f"no {environ['REQUEST_METHOD']} of /control/{what}"})
            given = json.loads(wire.body(environ) or b"null")
            return _answer(200, act() if method in ("get", "delete") else act(given))
        except (KeyError, TypeError, ValueError) as error:
            return _answer(400, {"error": f"/control/{what}: {error!r}"})

    def _post_account(self, given):
        with self.lock:
            return principals.person(given["account"])

    def _post_boto(self, given):
        try:
            client = self._client(given["service"], given["region"], given["account"])
            method = getattr(client, botocore.xform_name(given["operation"]))
            return {"result": _plain(method(**_bytes(given["parameters"])))}
        except ClientError as error:
            said = error.response["Error"]
            return {"error": {"code": said.get("Code", ""), "message": said.get("Message", "")}}
        except (AttributeError, BotoCoreError) as error:
            return {"error": {"code": type(error).__name__, "message": str(error)}}

    @functools.cache  # noqa: B019 lives as long as the process
    def _client(self, service, region, account):
        with self.lock:  # boto3's session is not made for several threads
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
        world.ENFORCED = bool(enforced)

    def _post_kill(self, given):
        return self.functions.kill(given["function"])

    def _get_pace(self):
        return world.PACE

    def _post_pace(self, pace):
        if unknown := set(pace) - set(world.PACE):
            raise ValueError(f"no pace of {', '.join(sorted(unknown))}")
        world.PACE.update(pace)

    def _get_sick(self):
        return sorted(world.SICK)

    def _post_sick(self, sick):
        world.SICK.clear()
        world.SICK.update(sick)

    def _post_test(self, _):
        self.turns.next()


def _answer(status, value):
    data = json.dumps(value).encode()
    return f"{status} Control", [("Content-Type", "application/json"), ("Content-Length", str(len(data)))], data


def _bytes(value):
    """Parameters out of JSON, where `{"$bootstrap": path}` stands for the archive of a function that runs a program."""
    if isinstance(value, dict):
        if set(value) == {"$bootstrap"}:
            return _archive(value["$bootstrap"])
        return {name: _bytes(member) for name, member in value.items()}
    return [_bytes(member) for member in value] if isinstance(value, list) else value


def _archive(program):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("bootstrap.path", program)
    return data.getvalue()


def _plain(value):
    """A result as JSON: bodies as text, times by ISO 8601."""
    if isinstance(value, dict):
        return {name: _plain(member) for name, member in value.items() if name != "ResponseMetadata"}
    if isinstance(value, list):
        return [_plain(member) for member in value]
    if hasattr(value, "read"):
        value = value.read()
    if isinstance(value, (bytes, bytearray)):
        return value.decode("utf-8", "replace")
    return value.isoformat() if isinstance(value, datetime.datetime) else value
