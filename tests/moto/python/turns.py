"""Tests that share the emulation run one after another, and no activity of one test continues during the next.

Client processes, executions and Lambda functions can outlive the test that started them, especially a failed one.
Then a fault of the next test could be injected into their calls, its log would contain their calls, and its clients
would find executions that it did not start. So they are stopped first, and earlier access keys are revoked.
"""

import threading
import time

import principals
import test_settings
from fixes import step_functions

# How many seconds executions and functions may take to stop.
STOP_TIMEOUT = 300


class Turns:
    def __init__(self, calls, faults, functions):
        self.calls, self.faults, self.functions, self.lock = calls, faults, functions, threading.Lock()

    def next(self):
        """Begins the next test: stops all activity, and resets all settings of tests except the check of policies."""
        with self.lock:
            self.calls.close()
            self._stop_all()
            self.faults.clear()
            test_settings.reset()
            principals.revoke()
            test_settings.TEST += 1
            self.calls.reopen()

    def _stop_all(self):
        """No call is admitted meanwhile, so stopped executions and functions do not start again."""
        deadline = time.monotonic() + STOP_TIMEOUT
        while (executions := step_functions.running()) or self.calls.unanswered():
            if time.monotonic() > deadline:
                names = [execution.name for execution in executions]
                raise ValueError(f"still running: executions {names}, calls {self.calls.unanswered()}")
            for execution in executions:
                step_functions.stop(execution)
            self.functions.kill_busy()
            time.sleep(0.01)
