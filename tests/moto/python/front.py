"""Handles every request before moto: call log, faults, policies. Reports calls that moto does not implement."""

import collections
import html
import sys
import threading
import traceback

import policies
import principals
import test_settings
import wire

# Services whose calls run concurrently. Conditional writes of the others are not atomic between moto's threads.
CONCURRENT = ("", "cloudformation", "lambda", "states")
# The key of the request handler in the environment of a request.
HANDLER = "bifrost.handler"


class Reset(ConnectionResetError):
    """Resets the connection without an answer."""


class Answer:
    """The complete answer of an application."""

    def __init__(self, status, headers, data):
        self.status, self.headers, self.data = status, headers, data

    @classmethod
    def of(cls, app, environ):
        response = {}
        data = b"".join(app(environ, lambda status, headers, _=None: response.update(status=status, headers=headers)))
        return cls(response["status"], response["headers"], data)

    @property
    def number(self):
        return int(self.status.split()[0])


class Front:
    def __init__(self, app, calls, faults, functions, control):
        self.app, self.calls, self.faults, self.functions, self.control = app, calls, faults, functions, control
        self.gaps, self.serial = [], collections.defaultdict(threading.Lock)

    def __call__(self, environ, start):
        wire.accept_query_signature(environ)
        if environ.get("PATH_INFO", "").startswith("/control/"):
            answer = Answer(*self.control(environ))
        elif self.control.is_own(environ):
            answer = self._moto(wire.read(environ), environ)
        else:
            try:
                answer = self._logged(environ)
            except Reset:
                environ[HANDLER].reset()
                raise
        start(answer.status, answer.headers)
        return [answer.data]

    def _logged(self, environ):
        call = wire.read(environ)
        account, caller = principals.account_of(call.access_key), self.functions.of(call.access_key)
        entry = self.calls.begin(
            principals.test_of(call.access_key),
            service=call.service,
            action=call.action,
            permission=policies.permission(call),
            region=call.region,
            account=account,
            access_key=call.access_key,
            principal=principals.arn_of(call.access_key),
            function=caller and caller.name,
            path=call.path,
            resource=policies.first_resource(call),
        )
        if entry is None:
            return Answer(*policies.denied(call, *policies.UNKNOWN_KEY))
        rule = self.faults.next_for(call, account, caller and caller.name) or {}
        entry["fault"] = rule.get("kind")
        outcome = ()
        try:
            answer = self._answer(call, environ, rule, caller)
            code = wire.error_code(answer.headers, answer.data) if answer.number >= 400 else None
            outcome = answer.number, code
            return answer
        finally:
            self.calls.end(entry, *outcome)

    def _answer(self, call, environ, rule, caller):
        if self.calls.closed.wait(test_settings.PACE["call"] + rule.get("delay", 0)):
            raise Reset
        kind, after = rule.get("kind", ""), rule.get("kind", "").endswith("_after")
        injected = kind.startswith("error") or (kind == "clock" and "code" in rule)
        is_reset = kind.startswith(("kill", "reset"))
        wire.body(environ)
        answer = None if (injected or is_reset) and not after else self._effect(call, environ, caller)
        if kind.startswith("kill") and caller:
            caller.kill()
        if is_reset:
            raise Reset
        if injected:
            details = (rule.get("status", 500), rule.get("code", "InternalError"), rule.get("message", "injected"))
            answer = Answer(*wire.error(call.service, *details))
        if kind == "clock":
            environ[HANDLER].seconds_ahead = rule["seconds"]
        return answer

    def _effect(self, call, environ, caller):
        if denial := policies.denial(call, test_settings.ENFORCED):
            return Answer(*policies.denied(call, *denial))
        return self._moto(call, environ, caller)

    def _moto(self, call, environ, caller=None):
        try:
            if call.service in CONCURRENT:
                return Answer.of(self.app, environ)
            with self.serial[call.service]:
                # A call of a killed process must not have an effect after it waited here.
                if caller and caller.exited.is_set():
                    raise Reset
                return Answer.of(self.app, environ)
        except Reset:
            raise
        except Exception as error:
            return self._gap(call, error)

    def _gap(self, call, error):
        """Answers a call that moto does not implement or that fails in it. SDKs do not retry a 501."""
        if call.service == "autoscaling" and isinstance(error, KeyError):  # moto's way to report a missing group
            message = f"AutoScalingGroup name not found - {error}"
            return Answer(*wire.error(call.service, 400, "ValidationError", message))
        gap = f"[moto gap] {call.service}.{call.action}: {error!r}"
        self.gaps.append(gap)
        print(gap, file=sys.stderr, flush=True)
        missing = isinstance(error, NotImplementedError)
        if not missing:
            traceback.print_exception(error)
        code = "MotoNotImplemented" if missing else "MotoBug"
        return Answer(*wire.error(call.service, 501, code, html.escape(repr(error))))
