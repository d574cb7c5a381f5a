"""Corrections of moto toward AWS, where a deployer would notice. Each states our belief about AWS."""

from fixes import autoscaling, buckets, change_sets, ec2, load_balancing, rest_apis, scaling_groups, step_functions


def install():
    for service in (autoscaling, buckets, change_sets, ec2, load_balancing, rest_apis, scaling_groups, step_functions):
        service.install()
