"""Reads the call of a request, and writes errors in the protocol of each service."""

import functools
import html
import io
import json
import re
import urllib.parse
import uuid
from dataclasses import dataclass, field

from moto.core.request import Request
from moto.core.routing import get_service_router
from werkzeug.exceptions import HTTPException

SCOPE = re.compile(r"Credential=([^/,\s]+)/\d+/([^/]+)/([^/]+)/")
# Services whose name in signatures differs from their name in permissions.
PREFIXES = {"monitoring": "cloudwatch", "tagging": "tag"}
JSON = {"dynamodb", "states", "kms", "logs", "ssm", "secretsmanager", "events", "tag"}
REST = {"apigateway", "eks", "lambda", "s3"}
# Parameters of S3 that are headers and that policies depend on.
HEADERS = {
    "ExpectedBucketOwner": "HTTP_X_AMZ_EXPECTED_BUCKET_OWNER",
    "IfMatch": "HTTP_IF_MATCH",
    "IfNoneMatch": "HTTP_IF_NONE_MATCH",
    "ObjectLockMode": "HTTP_X_AMZ_OBJECT_LOCK_MODE",
    "ObjectLockRetainUntilDate": "HTTP_X_AMZ_OBJECT_LOCK_RETAIN_UNTIL_DATE",
}


@dataclass
class ApiCall:
    """One call of AWS's API."""

    service: str
    action: str
    region: str
    access_key: str
    path: str
    parameters: dict = field(default_factory=dict)


def accept_query_signature(environ):
    """Moves the signature of a presigned request to the header where moto expects it. moto would not know who signed."""
    query = dict(urllib.parse.parse_qsl(environ.get("QUERY_STRING", "")))
    if "HTTP_AUTHORIZATION" in environ or "X-Amz-Credential" not in query:
        return
    parts = [f"{name}={query.get(f'X-Amz-{name}', '')}" for name in ("Credential", "SignedHeaders", "Signature")]
    environ["HTTP_AUTHORIZATION"] = f"{query.get('X-Amz-Algorithm', '')} {', '.join(parts)}"


def read(environ):
    """The call of a request. The body of the request can be read again."""
    scope = SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
    access_key, region, service = scope.groups() if scope else ("", "", "")
    action, parameters = _operation(environ, service)
    path = environ.get("PATH_INFO", "")
    action = action or f"{environ['REQUEST_METHOD']} {path}"
    return ApiCall(PREFIXES.get(service, service), action, region, access_key, path, parameters)


def body(environ):
    """The body of the request, which can be read again."""
    chunked = environ.get("HTTP_TRANSFER_ENCODING", "").lower() == "chunked"
    data = environ["wsgi.input"].read(-1 if chunked else int(environ.get("CONTENT_LENGTH") or 0))
    environ["CONTENT_LENGTH"], environ["wsgi.input"] = str(len(data)), io.BytesIO(data)
    return data


def _operation(environ, service):
    if target := environ.get("HTTP_X_AMZ_TARGET"):
        return target.rpartition(".")[2], _json(body(environ))
    if service in REST:
        return _routed(environ, service)
    form = urllib.parse.parse_qsl(body(environ).decode("utf-8", "replace"))
    form = dict(urllib.parse.parse_qsl(environ.get("QUERY_STRING", "")) + form)
    return form.get("Action"), form


def _routed(environ, service):
    """The operation by method and path, without reading the body, which may be a large upload."""
    try:
        operation, parameters = _router(service).match(Request({**environ, "wsgi.input": io.BytesIO()}))
    except (HTTPException, NotImplementedError):
        return None, {}
    query = urllib.parse.parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    headers = {name: environ[header] for name, header in HEADERS.items() if environ.get(header)}
    return operation.name, {**dict(query), **headers, **parameters}


@functools.cache
def _router(service):
    return get_service_router(service)


def _json(data):
    try:
        value = json.loads(data or b"{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def error(service, status, code, message, more=()):
    """An error answer in the protocol of the service: status line, headers, body."""
    kind, headers, text = _error_body(service, code, message)
    data = text.encode()
    headers = [("Content-Type", kind), ("x-amzn-requestid", str(uuid.uuid4())), *headers, *more]
    return f"{status} Error", [*headers, ("Content-Length", str(len(data)))], data


def _error_body(service, code, message):
    if service in JSON or service == "cloudwatch":  # which gets JSON from the bridge
        return "application/x-amz-json-1.0", [], json.dumps({"__type": code, "message": message})
    if service in REST - {"s3"}:
        return "application/json", [("x-amzn-errortype", code)], json.dumps({"message": message})
    request, details = uuid.uuid4(), f"<Code>{code}</Code><Message>{html.escape(message)}</Message>"
    if service == "s3":
        return "application/xml", [], f"<Error>{details}<RequestId>{request}</RequestId></Error>"
    if service == "ec2":
        errors = f"<Errors><Error>{details}</Error></Errors>"
        return "text/xml", [], f"<Response>{errors}<RequestID>{request}</RequestID></Response>"
    sender = f"<Error><Type>Sender</Type>{details}</Error>"
    return "text/xml", [], f"<ErrorResponse>{sender}<RequestId>{request}</RequestId></ErrorResponse>"


def error_code(headers, data):
    """The code in an error answer of any protocol, or None if it has none (`HEAD` of S3)."""
    named = next((value for name, value in headers if name.lower() == "x-amzn-errortype"), None)
    if named is None and (found := re.search(rb'<Code>([^<]+)</Code>|"__type": ?"([^"]+)"', data)):
        named = (found[1] or found[2]).decode()
    return named and named.split(":")[0].rpartition("#")[2]
