"""Faults that are injected into calls. A rule:

    {"service": "s3", "action": "PutObject", "kind": "error", "times": 2, "skip": 1, "status": 503, "code": "SlowDown"}

`service` and `action` are regular expressions for the whole name, `path` for a part of the path; `account` and
`function`, the calling Lambda function, are compared. All are optional. A rule skips the first `skip` (0) matching
calls and is injected into the next `times` (1), unless the test that added it is over.

| kind | what happens |
| --- | --- |
| `error`, `error_after` | the answer is an error; `_after`: the call has its effect |
| `reset`, `reset_after` | the connection is reset |
| `kill`, `kill_after` | the process of the calling Lambda function is killed, and the connection is reset |
| `clock` | the answer's `Date` is `seconds` ahead; with a `code`, the answer is that error, without an effect |
| `delay` | the answer is delayed by `delay` seconds; other kinds may have a `delay`, too |
"""

import re
import threading

KINDS = ("clock", "delay", "error", "error_after", "kill", "kill_after", "reset", "reset_after")


class Faults:
    def __init__(self):
        self.rules, self.lock = [], threading.Lock()

    def add(self, rules):
        """Adds rules after the existing ones."""
        for rule in rules:
            if rule.get("kind", "error") not in KINDS:
                raise ValueError(f"unknown kind of fault {rule['kind']!r}: use {', '.join(KINDS)}")
        with self.lock:
            self.rules += [{"kind": "error", "seen": 0, "hits": 0} | rule for rule in rules]

    def clear(self):
        with self.lock:
            self.rules = []

    def next_for(self, call, account, function):
        """The first rule to inject into a call, or None."""
        with self.lock:
            for rule in self.rules:
                if _matches(rule, call, account, function):
                    rule["seen"] += 1
                    if rule["seen"] > rule.get("skip", 0) and rule["hits"] < rule.get("times", 1):
                        rule["hits"] += 1
                        return rule
        return None


def _matches(rule, call, account, function):
    return (
        re.fullmatch(rule.get("service", ".*"), call.service)
        and re.fullmatch(rule.get("action", ".*"), call.action)
        and re.search(rule.get("path", ""), call.path)
        and rule.get("account") in (None, account)
        and rule.get("function") in (None, function)
    )
