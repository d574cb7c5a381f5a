"""Lambda without Docker: the `bootstrap` of a function runs as a child process, one for each execution environment."""

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

# The timeout of the init phase in seconds, which is in addition to that of the invocation.
INIT_TIMEOUT = 10


class Environment:
    """A `bootstrap` process, the API that it polls, and its session for calls of AWS."""

    def __init__(self, function, root, endpoint, log):
        self.name, self.first, self.exited = function.function_name, True, threading.Event()
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
        """Runs one invocation. Returns the kind of error, or None, and the payload."""
        request = str(uuid.uuid4())
        answer = self.api.expect(request)
        if self.exited.is_set():
            answer.put(("exit", self.process.returncode))
        deadline = int((time.time() + timeout) * 1000)
        self.api.jobs.put({"id": request, "arn": arn, "body": body, "deadline_ms": deadline})
        try:
            kind, data = answer.get(timeout=timeout + (INIT_TIMEOUT if self.first else 0))
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
        """Kills the process and waits for its end, so that it makes no more calls."""
        self.process.kill()
        self.process.wait()

    def _reap(self):
        status = self.process.wait()
        self.exited.set()
        self.api.close(("exit", status))


class Functions:
    """All execution environments, running and idle."""

    def __init__(self, log_folder, temporary):
        self.log_folder, self.temporary, self.endpoint = Path(log_folder), temporary, None
        self.lock, self.idle, self.roots, self.live = threading.Lock(), collections.defaultdict(list), {}, set()
        # By access key, also those that have exited: a call may arrive after the end of the process that sent it.
        self.started = {}

    def run(self, function, arn, body):
        key = _version(function)
        try:
            environment = self._take_idle(key) or self._start(function)
        except (OSError, zipfile.BadZipFile) as error:
            return _unhandled("Runtime.InvalidEntrypoint", f"RequestId: {uuid.uuid4()} Error: {error}")
        outcome = environment.invoke(arn, body, float(function.timeout or 3))
        with self.lock:
            if environment.exited.is_set():
                self.live.discard(environment)
            else:
                self.idle[key].append(environment)
        return outcome

    def kill(self, name=None):
        """Kills all processes of a function, or of all functions. Returns their number."""
        return self._kill(lambda environment: name in (None, environment.name))

    def kill_busy(self):
        """Kills the processes that run an invocation. Returns their number."""
        with self.lock:
            idle = {environment for kept in self.idle.values() for environment in kept}
        return self._kill(lambda environment: environment not in idle)

    def of(self, access_key):
        """The environment from whose session an access key comes, or None."""
        with self.lock:
            return next((self.started[key] for key in principals.lineage(access_key) if key in self.started), None)

    def _kill(self, is_selected):
        with self.lock:
            victims = [e for e in self.live if is_selected(e) and not e.exited.is_set()]
        for environment in victims:
            environment.kill()
        return len(victims)

    def _take_idle(self, key):
        with self.lock:
            while self.idle[key]:
                environment = self.idle[key].pop()
                if not environment.exited.is_set():
                    return environment
                self.live.discard(environment)
        return None

    def _start(self, function):
        log = self.log_folder / f"lambda-{function.function_name}.log"
        environment = Environment(function, self._root(function), self.endpoint, log)
        with self.lock:
            self.live.add(environment)
            self.started[environment.access_key] = environment
        return environment

    def _root(self, function):
        """The folder with the function's code. `bootstrap.path` may have the path of a program, to avoid a copy."""
        with self.lock:
            if function.code_sha_256 not in self.roots:
                root = Path(tempfile.mkdtemp(prefix="function-", dir=self.temporary))
                zipfile.ZipFile(io.BytesIO(function.code_bytes)).extractall(root)
                bootstrap, program = root / "bootstrap", root / "bootstrap.path"
                if program.exists() and not bootstrap.exists():
                    bootstrap.symlink_to(program.read_text().strip())
                else:
                    bootstrap.chmod(0o755)
                self.roots[function.code_sha_256] = root
            return self.roots[function.code_sha_256]


def install(functions):
    """Makes moto's Invoke run functions of the runtimes `provided*` here."""
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
