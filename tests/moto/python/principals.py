"""Access keys, their principals, and the sessions from which they come."""

import json

from moto.iam.models import get_account_id_from, iam_backends
from moto.sts.models import sts_backends

import test_settings

USER = "admin"
ALL_PERMISSIONS = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
# Access key of a session -> access key that assumed its role.
_parents = {}
_users = {}
# Access key of a user -> number of the test for which it was created.
_tests = {}


def install():
    """Records which key assumes each role, and for which test each key is created."""
    from moto.iam.models import IAMBackend
    from moto.sts.responses import TokenResponse

    assume_role, create_access_key = TokenResponse.assume_role, IAMBackend.create_access_key

    def assume_role_and_record(self):
        answer = assume_role(self)
        _parents[answer.result["Credentials"].access_key_id] = self.access_key
        return answer

    def create_access_key_and_record(self, *arguments, **more):
        key = create_access_key(self, *arguments, **more)
        _tests[key.access_key_id] = test_settings.TEST
        return key

    TokenResponse.assume_role = assume_role_and_record
    IAMBackend.create_access_key = create_access_key_and_record


def user(account):
    """Credentials of a user with all permissions in an account, created on first use. Valid until the test ends."""
    if account not in _users:
        iam = iam_backends[account]["aws"]
        if USER not in iam.users:
            iam.create_user("us-east-1", USER)
            iam.put_user_policy(USER, "all", json.dumps(ALL_PERMISSIONS))
        key = iam.create_access_key(USER, prefix="AKIA")
        _users[account] = {"AWS_ACCESS_KEY_ID": key.access_key_id, "AWS_SECRET_ACCESS_KEY": key.secret_access_key}
    return _users[account]


def revoke():
    """Deletes the keys of `user`."""
    for account, key in _users.items():
        iam_backends[account]["aws"].delete_access_key(key["AWS_ACCESS_KEY_ID"], USER)
    _users.clear()


def test_of(access_key):
    """The number of the test for which a key, or the first key of its sessions, was created. Sessions of services and
    unknown keys belong to the current test."""
    keys = list(lineage(access_key))
    return _tests.get(keys[-1], test_settings.TEST) if keys else test_settings.TEST


def session(role_arn, name, region):
    """Credentials of a session that an AWS service opens with a role: Lambda, Step Functions."""
    account = role_arn.split(":")[4]
    role = sts_backends[account]["aws"].assume_role(
        region_name=region,
        role_session_name=name[:64],
        role_arn=role_arn,
        policy=None,
        duration=43200,
        external_id=None,
    )
    return {
        "AWS_ACCESS_KEY_ID": role.access_key_id,
        "AWS_SECRET_ACCESS_KEY": role.secret_access_key,
        "AWS_SESSION_TOKEN": role.session_token,
    }


def account_of(access_key):
    return get_account_id_from(access_key)


def arn_of(access_key):
    """The principal of a key, or None for an unknown key."""
    account = account_of(access_key)
    if access_key not in iam_backends[account]["aws"].access_keys:
        return None
    return sts_backends[account]["aws"].get_caller_identity(access_key, "us-east-1")[1]


def lineage(access_key):
    """The key, the key that assumed it, and so on to the first."""
    while access_key:
        yield access_key
        access_key = _parents.get(access_key)
