"""The settings that tests change: durations, unhealthy resources, the check of policies, and the number of the test."""

# How many seconds operations take. `sfn_scale` multiplies the durations of `Wait` and `Retry` in executions.
# `sfn_stopped` is how many seconds have passed since an execution was stopped, as soon as it is.
DEFAULT_PACE = {
    "asg_deleting": 0.0,
    "asg_pending": 0.0,
    "call": 0.0,
    "cfn": 0.0,
    "change_set": 0.0,
    "sfn_scale": 1.0,
    "sfn_stopped": 0.0,
    "tg_draining": 0.0,
    "tg_initial": 0.0,
}
PACE = dict(DEFAULT_PACE)
# AMIs and instances that never become healthy.
UNHEALTHY = set()
# Whether policies are checked.
ENFORCED = False
# The number of the test that uses the emulation now. Tests that share it run one after another (`turns.py`).
TEST = 0


def reset():
    """Resets the pace and the unhealthy resources."""
    PACE.update(DEFAULT_PACE)
    UNHEALTHY.clear()
