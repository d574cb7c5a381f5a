"""What tests set of the emulated world: its pace, and what never gets healthy; and which test has it."""

# Seconds that things take, and by how much `Wait` and `Retry` of an execution are stretched.
USUAL_PACE = {
    "asg_deleting": 0.0,
    "asg_pending": 0.0,
    "call": 0.0,
    "cfn": 0.0,
    "change_set": 0.0,
    "sfn_scale": 1.0,
    "tg_draining": 0.0,
    "tg_initial": 0.0,
}
PACE = dict(USUAL_PACE)
# AMIs and instances.
SICK = set()
# Whether policies are checked.
ENFORCED = False
# The number of the test that uses the emulation now: tests that share it take turns (`turns.py`).
TEST = 0


def reset():
    """Undoes what a test set of its pace and of what gets healthy."""
    PACE.update(USUAL_PACE)
    SICK.clear()
