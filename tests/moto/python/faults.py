"""Rules by which calls fail. A rule:

    {"service": "s3", "action": "PutObject", "kind": "error", "times": 2, "skip": 1, "status": 503, "code": "SlowDown"}

`service` and `action` are regular expressions for the whole name, `path` for a part of the path; `account` and
`function`, the Lambda function that a call comes from, are compared. All may be left out. The rule passes over the
first `skip` calls that it names (0) and is injected into the next `times` (1), unless the test that added it is over.

| kind | what happens |
| --- | --- |
| `error`, `error_after` | the answer is an error; `_after`: the call has its effect nevertheless |
| `reset`, `reset_after` | the connection dies |
| `kill`, `kill_after` | the Lambda function's process that the call comes from is killed, and the connection dies |
| `clock` | the answer's `Date` is `seconds` ahead; with a `code` it is that error, and the call has no effect |
| `delay` | the call waits for `delay` seconds, as it does before any other kind that has a `delay` |
"""

import re
import threading

KINDS = ("clock", "delay", "error", "error_after", "kill", "kill_after", "reset", "reset_after")


class Faults:
    def __init__(self):
        self.rules, self.lock = [], threading.Lock()

    def add(self, rules):
        """Adds rules, after those that are there."""
        for rule in rules:
            if rule.get("kind", "error") not in KINDS:
                raise ValueError(f"kind {rule['kind']!r} of a fault is none of {', '.join(KINDS)}")
        with self.lock:
            self.rules += [{"kind": "error", "seen": 0, "hits": 0} | rule for rule in rules]

    def clear(self):
        with self.lock:
            self.rules = []

    def strike(self, asked, account, function):
        """The rule that strikes a call, or None; the first in order."""
        with self.lock:
            for rule in self.rules:
                if _names(rule, asked, account, function):
                    rule["seen"] += 1
                    if rule["seen"] > rule.get("skip", 0) and rule["hits"] < rule.get("times", 1):
                        rule["hits"] += 1
                        return rule
        return None


def _names(rule, asked, account, function):
    return (
        re.fullmatch(rule.get("service", ".*"), asked.service)
        and re.fullmatch(rule.get("action", ".*"), asked.action)
        and re.search(rule.get("path", ""), asked.path)
        and rule.get("account") in (None, account)
        and rule.get("function") in (None, function)
    )
