"""The log of calls: who called what, from when to when, and how it went."""

import threading
import time

import world


class Calls:
    def __init__(self):
        self.entries, self.lock = [], threading.Lock()
        # Those without an answer, by their identity: clearing the log does not end them.
        self.running = {}
        # Set while no call is admitted.
        self.closed = threading.Event()

    def begin(self, test, **what):
        """A new entry, in the order of arrival. Whoever began it ends it: calls that overlap do not mix. None, if the
        call is not admitted: the test that it belongs to is over."""
        entry = {**what, "fault": None, "started": time.time(), "ended": None, "status": None, "error": None}
        with self.lock:
            if self.closed.is_set() or test != world.TEST:
                return None
            self.entries.append(entry)
            self.running[id(entry)] = entry
        return entry

    def end(self, entry, status=None, error=None):
        """Without a status the connection died."""
        with self.lock:
            entry.update(ended=time.time(), status=status, error=error)
            self.running.pop(id(entry))

    def list(self):
        with self.lock:
            return [dict(entry) for entry in self.entries]

    def unanswered(self):
        """The calls that run: from which key, and what."""
        with self.lock:
            return [(entry["access_key"], entry["permission"]) for entry in self.running.values()]

    def clear(self):
        with self.lock:
            self.entries = []

    def close(self):
        """Admits no call from now on, and ends the delays of those that run."""
        with self.lock:
            self.closed.set()

    def reopen(self):
        """Admits calls again, with an empty log."""
        with self.lock:
            self.entries = []
            self.closed.clear()
