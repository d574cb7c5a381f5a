"""Translates Smithy RPC v2 CBOR, which the Rust SDK uses for CloudWatch and moto does not support, to AWS JSON 1.0.
Shapes come from botocore's model, so timestamps and blobs keep their types."""

import base64
import functools
import io
import json
import re

import botocore.session

import cbor

PATH = re.compile(r"^/service/([^/]+)/operation/([^/]+)$")
SERVICES = {"GraniteServiceVersion20100801": "cloudwatch"}


class CborBridge:
    def __init__(self, app):
        self.app = app

    def __call__(self, environ, start):
        found = PATH.match(environ.get("PATH_INFO", ""))
        if not found or environ.get("HTTP_SMITHY_PROTOCOL") != "rpc-v2-cbor" or found[1] not in SERVICES:
            return self.app(environ, start)
        response = {}
        request = _as_json(environ, target=f"{found[1]}.{found[2]}")
        record = lambda status, headers, _=None: response.update(status=status, headers=headers)  # noqa: E731
        data = b"".join(self.app(request, record))
        shape = _model(SERVICES[found[1]]).operation_model(found[2]).output_shape
        answer = cbor.dump(_parsed(data), shape if response["status"].startswith("2") else None)
        replaced = ("content-type", "content-length")
        kept = [(name, value) for name, value in response["headers"] if name.lower() not in replaced]
        more = [("Content-Type", "application/cbor"), ("smithy-protocol", "rpc-v2-cbor")]
        start(response["status"], [*kept, *more, ("Content-Length", str(len(answer)))])
        return [answer]


@functools.cache
def _model(service):
    return botocore.session.get_session().get_service_model(service)


def _as_json(environ, target):
    data = cbor.load(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))
    body = json.dumps(data, default=lambda blob: base64.b64encode(blob).decode()).encode()
    kept = {name: value for name, value in environ.items() if not name.startswith("werkzeug.request")}
    kept.pop("HTTP_SMITHY_PROTOCOL")
    return kept | {
        "CONTENT_LENGTH": str(len(body)),
        "CONTENT_TYPE": "application/x-amz-json-1.0",
        "HTTP_X_AMZ_TARGET": target,
        "PATH_INFO": "/",
        "RAW_URI": "/",
        "REQUEST_URI": "/",
        "wsgi.input": io.BytesIO(body),
    }


def _parsed(data):
    try:
        return json.loads(data or b"{}")
    except ValueError:
        return {"__type": "InternalFailure", "message": data.decode("utf-8", "replace")[:300]}
