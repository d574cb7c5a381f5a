"""The log of calls: who called what, from when to when, and how it went."""

import threading
import time


class Calls:
    def __init__(self):
        self.entries, self.lock = [], threading.Lock()

    def begin(self, **what):
        """A new entry, in the order of arrival. Whoever began it ends it: calls that overlap do not mix."""
        entry = {**what, "started": time.time(), "ended": None, "status": None, "error": None}
        with self.lock:
            self.entries.append(entry)
        return entry

    def end(self, entry, status=None, error=None):
        """Without a status the connection died."""
        with self.lock:
            entry.update(ended=time.time(), status=status, error=error)

    def list(self):
        with self.lock:
            return [dict(entry) for entry in self.entries]

    def clear(self):
        with self.lock:
            self.entries = []
