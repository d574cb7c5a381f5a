"""What CloudFormation makes of a resource's properties, where moto overlooks some."""


def on_change(model, before=None, after=None):
    """Has the properties of a resource changed `before` it is made or updated, or the resource `after` it."""
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
