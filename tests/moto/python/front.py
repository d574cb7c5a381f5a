"""What every request passes before moto: the call log, faults, policies; and what moto cannot do is said aloud."""

import collections
import html
import sys
import threading
import traceback

import policies
import principals
import wire
import world

# Services that moto serves from several threads at once; the others' conditional writes are not atomic between threads.
CONCURRENT = ("", "cloudformation", "lambda", "states")
# Where a request's environment holds who answers it.
HANDLER = "bifrost.handler"


class Died(ConnectionResetError):
    """The connection is to die without an answer."""


class Answer:
    """The answer of an application, whole."""

    def __init__(self, status, headers, data):
        self.status, self.headers, self.data = status, headers, data

    @classmethod
    def of(cls, app, environ):
        said = {}
        data = b"".join(app(environ, lambda status, headers, _=None: said.update(status=status, headers=headers)))
        return cls(said["status"], said["headers"], data)

    @property
    def number(self):
        return int(self.status.split()[0])


class Front:
    def __init__(self, app, calls, faults, functions, control):
        self.app, self.calls, self.faults, self.functions, self.control = app, calls, faults, functions, control
        self.gaps, self.serial = [], collections.defaultdict(threading.Lock)

    def __call__(self, environ, start):
        if environ.get("PATH_INFO", "").startswith("/control/"):
            answer = Answer(*self.control(environ))
        elif self.control.own(environ):
            answer = self._moto(wire.read(environ), environ)
        else:
            try:
                answer = self._logged(environ)
            except Died:
                environ[HANDLER].die()
                raise
        start(answer.status, answer.headers)
        return [answer.data]

    def _logged(self, environ):
        asked = wire.read(environ)
        account, caller = principals.account_of(asked.access_key), self.functions.of(asked.access_key)
        entry = self.calls.begin(
            principals.test_of(asked.access_key),
            service=asked.service,
            action=asked.action,
            permission=policies.permission(asked),
            region=asked.region,
            account=account,
            access_key=asked.access_key,
            principal=principals.arn_of(asked.access_key),
            function=caller and caller.name,
            path=asked.path,
        )
        if entry is None:
            return Answer(*policies.denied(asked, *policies.UNKNOWN_KEY))
        rule = self.faults.strike(asked, account, caller and caller.name) or {}
        entry["fault"] = rule.get("kind")
        outcome = ()
        try:
            answer = self._answer(asked, environ, rule, caller)
            code = wire.error_code(answer.headers, answer.data) if answer.number >= 400 else None
            outcome = answer.number, code
            return answer
        finally:
            self.calls.end(entry, *outcome)

    def _answer(self, asked, environ, rule, caller):
        if self.calls.closed.wait(world.PACE["call"] + rule.get("delay", 0)):
            raise Died
        kind, late = rule.get("kind", ""), rule.get("kind", "").endswith("_after")
        injected = kind.startswith("error") or (kind == "clock" and "code" in rule)
        dies = kind.startswith(("kill", "reset"))
        wire.body(environ)
        answer = None if (injected or dies) and not late else self._effect(asked, environ, caller)
        if kind.startswith("kill") and caller:
            caller.kill()
        if dies:
            raise Died
        if injected:
            said = (rule.get("status", 500), rule.get("code", "InternalError"), rule.get("message", "injected"))
            answer = Answer(*wire.error(asked.service, *said))
        if kind == "clock":
            environ[HANDLER].ahead = rule["seconds"]
        return answer

    def _effect(self, asked, environ, caller):
        if refusal := policies.refusal(asked, world.ENFORCED):
            return Answer(*policies.denied(asked, *refusal))
        return self._moto(asked, environ, caller)

    def _moto(self, asked, environ, caller=None):
        try:
            if asked.service in CONCURRENT:
                return Answer.of(self.app, environ)
            with self.serial[asked.service]:
                # A call that waited while its process was killed must not surprise whoever cleans up after it.
                if caller and caller.dead.is_set():
                    raise Died
                return Answer.of(self.app, environ)
        except Died:
            raise
        except Exception as error:
            return self._gap(asked, error)

    def _gap(self, asked, error):
        """Answers what moto does not know, or broke at; SDKs do not retry a 501."""
        if asked.service == "autoscaling" and isinstance(error, KeyError):  # so moto says that there is no such group
            message = f"AutoScalingGroup name not found - {error}"
            return Answer(*wire.error(asked.service, 400, "ValidationError", message))
        gap = f"[moto gap] {asked.service}.{asked.action}: {error!r}"
        self.gaps.append(gap)
        print(gap, file=sys.stderr, flush=True)
        missing = isinstance(error, NotImplementedError)
        if not missing:
            traceback.print_exception(error)
        code = "MotoNotImplemented" if missing else "MotoBug"
        return Answer(*wire.error(asked.service, 501, code, html.escape(repr(error))))
