"""The Lambda Runtime API of one execution environment: what a function's `bootstrap` polls."""

import queue
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TRACE = "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=0"


class RuntimeApi:
    """Serves the invocations in `jobs`, and puts each outcome into its queue in `waiting`."""

    def __init__(self):
        self.jobs, self.waiting = queue.Queue(), {}
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"api": self}))
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def address(self):
        return f"127.0.0.1:{self.server.server_port}"

    def expect(self, request):
        """A queue that gets the outcome of a request: its kind and its body."""
        self.waiting[request] = queue.Queue()
        return self.waiting[request]

    def forget(self, request):
        return self.waiting.pop(request, None)

    def close(self, outcome):
        """Stops the API. Waiting callers get the outcome; a polling function gets an error."""
        for answer in list(self.waiting.values()):
            answer.put(outcome)
        self.jobs.put(None)
        self.server.shutdown()
        self.server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    api: RuntimeApi

    def do_GET(self):
        """`/2018-06-01/runtime/invocation/next`"""
        job = self.api.jobs.get()
        if job is None:
            self._send(410)
            return
        headers = {
            "Lambda-Runtime-Aws-Request-Id": job["id"],
            "Lambda-Runtime-Deadline-Ms": str(job["deadline_ms"]),
            "Lambda-Runtime-Invoked-Function-Arn": job["arn"],
            "Lambda-Runtime-Trace-Id": TRACE,
            "Content-Type": "application/json",
        }
        self._send(200, headers, job["body"])

    def do_POST(self):
        """`/2018-06-01/runtime/invocation/<id>/response` or `error`. `init/error` is ignored: the process exits."""
        data, parts = self._body(), self.path.strip("/").split("/")
        self._send(202, {"Content-Type": "application/json"}, b'{"status":"OK"}')
        if parts[2] == "invocation" and (answer := self.api.forget(parts[3])):
            answer.put((parts[4], data))

    def _body(self):
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        data = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            data += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return data

    def _send(self, status, headers=None, data=b""):
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass
