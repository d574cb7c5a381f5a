#!/usr/bin/env python3
"""A Lambda function: writes its input to the object `input` in the bucket that the input names, and returns it."""

import json
import os
import urllib.request

API = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation"


def handle(data):
    name = f"{os.environ['AWS_ENDPOINT_URL']}/{json.loads(data)['bucket']}/input"
    scope = f"{os.environ['AWS_ACCESS_KEY_ID']}/20260101/{os.environ['AWS_REGION']}/s3/aws4_request"
    signature = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"
    put = urllib.request.Request(
        name,
        data,
        {"Authorization": signature, "Content-Type": "text/plain"},
        method="PUT",
    )
    urllib.request.urlopen(put).read()
    return data


while True:
    with urllib.request.urlopen(f"{API}/next") as job:
        request, data = job.headers["Lambda-Runtime-Aws-Request-Id"], job.read()
    urllib.request.urlopen(f"{API}/{request}/response", handle(data)).read()
