"""API Gateway: names the `RestApi` of SAM, which has a body and no name."""

from moto.apigateway.models import RestAPI

from fixes.resources import on_change


def install():
    on_change(RestAPI, before=_name)


def _name(properties):
    properties.setdefault("Name", (properties.get("Body") or {}).get("info", {}).get("title", "api"))
