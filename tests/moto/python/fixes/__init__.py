"""Corrections of moto where it differs from AWS in a way that affects deployers. Each is our belief about AWS."""

from fixes import (
    autoscaling,
    buckets,
    change_sets,
    drift,
    dynamodb,
    ec2,
    events,
    kms,
    lambda_functions,
    load_balancing,
    object_versions,
    rest_apis,
    scaling_groups,
    sns,
    stack_events,
    stacks,
    step_functions,
)

SERVICES = (
    autoscaling,
    buckets,
    change_sets,
    drift,
    dynamodb,
    ec2,
    events,
    kms,
    lambda_functions,
    load_balancing,
    object_versions,
    rest_apis,
    scaling_groups,
    sns,
    stack_events,
    stacks,
    step_functions,
)


def install():
    for service in SERVICES:
        service.install()
