"""Tests that share the emulation take turns, and nothing of one test is left when the next begins.

Client processes, executions and Lambda functions can outlive the test that started them, above all one that failed.
Then a fault of the next test could be injected into their calls, their calls would be in its log, and its clients would
find executions that it did not start. So they are stopped first, and access keys of the earlier tests are refused.
"""

import threading
import time

import principals
import world
from fixes import step_functions

# Seconds until what does not stop is an error.
LIMIT = 300


class Turns:
    def __init__(self, calls, faults, functions):
        self.calls, self.faults, self.functions, self.lock = calls, faults, functions, threading.Lock()

    def next(self):
        """Begins the next test: stops what runs, and resets everything that tests set except the check of policies."""
        with self.lock:
            self.calls.close()
            self._stop_all()
            self.faults.clear()
            world.reset()
            principals.revoke()
            world.TEST += 1
            self.calls.reopen()

    def _stop_all(self):
        """No call is admitted meanwhile, so what was stopped does not start again."""
        deadline = time.monotonic() + LIMIT
        while (executions := step_functions.running()) or self.calls.unanswered():
            if time.monotonic() > deadline:
                names = [execution.name for execution in executions]
                raise ValueError(f"does not stop: executions {names}, calls {self.calls.unanswered()}")
            for execution in executions:
                step_functions.stop(execution)
            self.functions.kill_busy()
            time.sleep(0.01)
