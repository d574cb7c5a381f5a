"""Lambda without Docker: a function's `bootstrap` runs as a child process, one process an execution environment."""

import collections
import io
import json
import queue
import signal
import subprocess
import tempfile
import threading
import time
import uuid
import zipfile
from pathlib import Path

import principals
from runtime_api import RuntimeApi

# The init phase has seconds of its own.
INIT = 10


class Environment:
    """A `bootstrap` process, the API that it polls, and the session under which it calls AWS."""

    def __init__(self, function, root, endpoint, log):
        self.name, self.first, self.dead = function.function_name, True, threading.Event()
        self.api = RuntimeApi()
        session = principals.session(function.role, function.function_name, function.region)
        self.access_key = session["AWS_ACCESS_KEY_ID"]
        variables = _variables(function, root, endpoint, self.api.address) | session
        variables |= {name: str(value) for name, value in (function.environment_vars or {}).items()}
        with open(log, "ab") as out:
            self.process = subprocess.Popen(
                [root / "bootstrap"], cwd=root, env=variables, stdin=subprocess.DEVNULL, stdout=out, stderr=out
            )
        threading.Thread(target=self._reap, daemon=True).start()

    def invoke(self, arn, body, timeout):
        """Runs one invocation: None or the kind of error, and the payload."""
        request = str(uuid.uuid4())
        answer = self.api.expect(request)
        if self.dead.is_set():
            answer.put(("exit", self.process.returncode))
        deadline = int((time.time() + timeout) * 1000)
        self.api.jobs.put({"id": request, "arn": arn, "body": body, "deadline_ms": deadline})
        try:
            kind, data = answer.get(timeout=timeout + (INIT if self.first else 0))
        except queue.Empty:
            self.kill()
            return _unhandled(
                "Sandbox.Timedout", f"RequestId: {request} Error: Task timed out after {timeout:.2f} seconds"
            )
        self.first = False
        if kind == "exit":
            return _unhandled("Runtime.ExitError", f"RequestId: {request} Error: {_exit(data)}")
        return ("Unhandled" if kind == "error" else None), data

    def kill(self):
        """Kills the process and waits for its end, so that nothing more is called by it."""
        self.process.kill()
        self.process.wait()

    def _reap(self):
        status = self.process.wait()
        self.dead.set()
        self.api.close(("exit", status))


class Functions:
    """Everything that runs, and what is warm."""

    def __init__(self, log_folder, temporary):
        self.log_folder, self.temporary, self.endpoint = Path(log_folder), temporary, None
        self.lock, self.warm, self.roots, self.live = threading.Lock(), collections.defaultdict(list), {}, set()

    def run(self, function, arn, body):
        key = _version(function)
        try:
            environment = self._warm(key) or self._cold(function)
        except (OSError, zipfile.BadZipFile) as error:
            return _unhandled("Runtime.InvalidEntrypoint", f"RequestId: {uuid.uuid4()} Error: {error}")
        outcome = environment.invoke(arn, body, float(function.timeout or 3))
        with self.lock:
            if environment.dead.is_set():
                self.live.discard(environment)
            else:
                self.warm[key].append(environment)
        return outcome

    def kill(self, name=None):
        """Kills every process of a function, or of all; tells how many ran."""
        return self._kill(lambda environment: name in (None, environment.name))

    def kill_busy(self):
        """Kills the processes that work on an invocation; tells how many."""
        with self.lock:
            idle = {environment for kept in self.warm.values() for environment in kept}
        return self._kill(lambda environment: environment not in idle)

    def of(self, access_key):
        """The environment from whose session a key descends, or None."""
        keys = set(principals.lineage(access_key))
        with self.lock:
            return next((environment for environment in self.live if environment.access_key in keys), None)

    def _kill(self, chosen):
        with self.lock:
            victims = [e for e in self.live if chosen(e) and not e.dead.is_set()]
        for environment in victims:
            environment.kill()
        return len(victims)

    def _warm(self, key):
        with self.lock:
            while self.warm[key]:
                environment = self.warm[key].pop()
                if not environment.dead.is_set():
                    return environment
                self.live.discard(environment)
        return None

    def _cold(self, function):
        log = self.log_folder / f"lambda-{function.function_name}.log"
        environment = Environment(function, self._root(function), self.endpoint, log)
        with self.lock:
            self.live.add(environment)
        return environment

    def _root(self, function):
        """The folder with the function's code. `bootstrap.path` may name a program instead, to save copying."""
        with self.lock:
            if function.code_sha_256 not in self.roots:
                root = Path(tempfile.mkdtemp(prefix="function-", dir=self.temporary))
                zipfile.ZipFile(io.BytesIO(function.code_bytes)).extractall(root)
                bootstrap, elsewhere = root / "bootstrap", root / "bootstrap.path"
                if elsewhere.exists() and not bootstrap.exists():
                    bootstrap.symlink_to(elsewhere.read_text().strip())
                else:
                    bootstrap.chmod(0o755)
                self.roots[function.code_sha_256] = root
            return self.roots[function.code_sha_256]


def install(functions):
    """Lets moto's Invoke run functions of the runtimes `provided*` here."""
    from moto.awslambda import models

    def invoke(backend, function_name, qualifier, body, headers, response_headers):
        if function_name.startswith("arn:"):
            region, account = function_name.split(":")[3:5]
            backend = models.lambda_backends[account][region]
        function = backend.get_function(function_name, qualifier)
        if not str(function.run_time).startswith("provided"):
            raise NotImplementedError(f"Lambda runtime {function.run_time}")
        body = body.encode() if isinstance(body, str) else (body or b"{}")
        kind, run = headers.get("X-Amz-Invocation-Type"), (function, function.function_arn, body)
        if kind == "Event":
            threading.Thread(target=functions.run, args=run, daemon=True).start()
        if kind in ("DryRun", "Event"):
            return b""
        error, payload = functions.run(*run)
        if error:
            response_headers["X-Amz-Function-Error"] = error
        response_headers["X-Amz-Executed-Version"] = str(function.version)
        response_headers["Content-Length"] = str(len(payload))
        return payload

    models.LambdaBackend.invoke = invoke


def _version(function):
    variables = json.dumps(function.environment_vars, sort_keys=True, default=str)
    return function.function_arn, str(function.version), function.code_sha_256, variables, function.timeout


def _variables(function, root, endpoint, runtime_api):
    return {
        "AWS_DEFAULT_REGION": function.region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.run_time}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_size),
        "AWS_LAMBDA_FUNCTION_NAME": function.function_name,
        "AWS_LAMBDA_FUNCTION_VERSION": str(function.version),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": function.logs_group_name,
        "AWS_LAMBDA_LOG_STREAM_NAME": uuid.uuid4().hex,
        "AWS_LAMBDA_RUNTIME_API": runtime_api,
        "AWS_REGION": function.region,
        "HOME": str(root),
        "LAMBDA_TASK_ROOT": str(root),
        "LANG": "en_US.UTF-8",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "TZ": ":UTC",
        "_HANDLER": function.handler or "bootstrap",
    }


def _exit(status):
    if status < 0:
        return f"Runtime exited with error: signal: {signal.Signals(-status).name}"
    return f"Runtime exited with error: exit status {status}" if status else "Runtime exited without providing a reason"


def _unhandled(kind, message):
    return "Unhandled", json.dumps({"errorType": kind, "errorMessage": message}).encode()
