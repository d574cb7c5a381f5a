"""API Gateway: SAM's `RestApi` has a body and no name."""

from moto.apigateway.models import RestAPI


def install():
    for method in ("create_from_cloudformation_json", "update_from_cloudformation_json"):
        setattr(RestAPI, method, classmethod(_named(getattr(RestAPI, method).__func__)))


def _named(method):
    def with_name(cls, *arguments, **more):
        every = [*arguments, *more.values()]
        properties = next(each for each in every if isinstance(each, dict) and "Properties" in each)["Properties"]
        properties.setdefault("Name", (properties.get("Body") or {}).get("info", {}).get("title", "api"))
        return method(cls, *arguments, **more)

    return with_name
