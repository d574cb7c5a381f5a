"""The log of calls: caller, operation, times and outcome."""

import threading
import time

import test_settings


class Calls:
    def __init__(self):
        self.entries, self.lock = [], threading.Lock()
        # Calls without an answer, by identity. They remain here when the log is cleared.
        self.running = {}
        # Set while no call is admitted.
        self.closed = threading.Event()

    def begin(self, test, **what):
        """A new entry, in order of arrival, which the caller passes to `end`. None if the call is not admitted, because
        its test is over."""
        entry = {**what, "fault": None, "started": time.time(), "ended": None, "status": None, "error": None}
        with self.lock:
            if self.closed.is_set() or test != test_settings.TEST:
                return None
            self.entries.append(entry)
            self.running[id(entry)] = entry
        return entry

    def end(self, entry, status=None, error=None):
        """Without a status, the connection was reset."""
        with self.lock:
            entry.update(ended=time.time(), status=status, error=error)
            self.running.pop(id(entry))

    def list(self):
        with self.lock:
            return [dict(entry) for entry in self.entries]

    def unanswered(self):
        """The access key and the permission of each running call."""
        with self.lock:
            return [(entry["access_key"], entry["permission"]) for entry in self.running.values()]

    def clear(self):
        with self.lock:
            self.entries = []

    def close(self):
        """Admits no more calls, and ends the delays of running ones."""
        with self.lock:
            self.closed.set()

    def reopen(self):
        """Admits calls again, with an empty log."""
        with self.lock:
            self.entries = []
            self.closed.clear()
