"""DynamoDB: CloudFormation sets the TTL of a table."""

from moto.dynamodb.models.table import Table

from fixes.resources import on_change


def install():
    on_change(Table, after=_configure)


def _configure(table, properties):
    """moto returns no table for an update."""
    if table and (ttl := properties.get("TimeToLiveSpecification")):
        enabled = str(ttl["Enabled"]).lower() == "true"
        table.ttl = {
            "AttributeName": ttl.get("AttributeName"),
            "TimeToLiveStatus": "ENABLED" if enabled else "DISABLED",
        }
