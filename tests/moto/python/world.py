"""What tests set of the emulated world: its pace, and what never gets healthy."""

# Seconds that things take, and by how much `Wait` and `Retry` of an execution are stretched.
PACE = {
    "asg_deleting": 0.0,
    "asg_pending": 0.0,
    "call": 0.0,
    "cfn": 0.0,
    "change_set": 0.0,
    "sfn_scale": 1.0,
    "tg_draining": 0.0,
    "tg_initial": 0.0,
}
# AMIs and instances.
SICK = set()
# Whether policies are checked.
ENFORCED = False
