"""Starts the emulated AWS: moto's server with the extensions in this folder.

Prints one line when it listens: `{"port", "endpoint", "pid"}`. Stops on SIGTERM and SIGINT. With `--attached`, it also
stops when its standard input closes, so that it does not outlive the test that started it.
"""

import argparse
import json
import os
import shutil
import signal
import socket
import struct
import sys
import tempfile
import threading
import time

from moto.core.config import default_user_config
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

import fixes
import functions
import principals
from calls import Calls
from cbor_bridge import CborBridge
from control import Control
from faults import Faults
from front import HANDLER, Front

HOST = "127.0.0.1"


class Handler(MotoRequestHandler):
    protocol_version = "HTTP/1.1"

    def make_environ(self):
        self.seconds_ahead = 0
        return super().make_environ() | {HANDLER: self}

    def date_time_string(self, timestamp=None):
        """The `Date` of the answer, shifted by the seconds of a fault."""
        return super().date_time_string((timestamp or time.time()) + self.seconds_ahead)

    def reset(self):
        """Resets the connection without an answer."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.shutdown(socket.SHUT_RDWR)

    def log(self, *_):
        pass


def main():
    options = arguments()
    temporary = tempfile.mkdtemp(prefix="bifrost-moto-")
    lambdas = functions.Functions(options.log or temporary, temporary)
    default_user_config.setdefault("stepfunctions", {})["execute_state_machine"] = True
    functions.install(lambdas)
    principals.install()
    fixes.install()
    server = serve(lambdas, options.port)

    def stop(*_):
        lambdas.kill()
        shutil.rmtree(temporary, ignore_errors=True)
        os._exit(0)  # a normal exit takes seconds to free moto's modules

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    if options.attached:
        threading.Thread(target=lambda: (sys.stdin.read(), stop()), daemon=True).start()
    line = {"port": server.server_port, "endpoint": lambdas.endpoint, "pid": os.getpid()}
    print(json.dumps(line), flush=True)
    server.serve_forever()


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="port to listen on (default: a free one)")
    parser.add_argument("--log", help="folder for the output of Lambda functions")
    parser.add_argument("--attached", action="store_true", help="stop when standard input closes")
    return parser.parse_args()


def serve(lambdas, port):
    calls, faults = Calls(), Faults()
    control = Control(calls, faults, lambdas)
    front = Front(DomainDispatcherApplication(create_backend_app), calls, faults, lambdas, control)
    control.gaps = front.gaps
    server = make_server(HOST, port, CborBridge(front), threaded=True, request_handler=Handler)
    server.daemon_threads = True
    os.environ["MOTO_PORT"] = str(server.server_port)  # the endpoint for moto's interpreter
    control.endpoint = lambdas.endpoint = f"http://{HOST}:{server.server_port}"
    return server


if __name__ == "__main__":
    main()
