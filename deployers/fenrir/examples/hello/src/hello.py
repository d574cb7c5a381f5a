"""Greets a name and counts the greetings. A call by the schedule has no name and greets `nobody`."""

import json
import os

import boto3

table = boto3.resource("dynamodb").Table(os.environ["TABLE"])


def handler(event, context):
    name = (event.get("pathParameters") or {}).get("name", "nobody")
    counted = table.update_item(
        Key={"name": name},
        UpdateExpression="ADD greetings :one",
        ExpressionAttributeValues={":one": 1},
        ReturnValues="UPDATED_NEW",
    )
    greetings = int(counted["Attributes"]["greetings"])
    return {"statusCode": 200, "body": json.dumps({"hello": name, "greetings": greetings})}
