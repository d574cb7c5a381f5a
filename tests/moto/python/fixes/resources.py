"""Applies properties of CloudFormation resources that moto ignores."""


def on_change(model, before=None, after=None):
    """Calls `before` with the properties of a resource before its creation or update, and `after` with the resource."""
    for method in ("create_from_cloudformation_json", "update_from_cloudformation_json"):
        setattr(model, method, classmethod(_wrapped(getattr(model, method).__func__, before, after)))


def _wrapped(method, before, after):
    def wrapped(cls, *arguments, **more):
        every = [*arguments, *more.values()]
        properties = next(each for each in every if isinstance(each, dict) and "Properties" in each)["Properties"]
        if before:
            before(properties)
        resource = method(cls, *arguments, **more)
        if after:
            after(resource, properties)
        return resource

    return wrapped
