"""Who calls: access keys, whose they are, and from which session they descend."""

import json

from moto.iam.models import get_account_id_from, iam_backends
from moto.sts.models import sts_backends

import world

PERSON = "person"
EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
# Access key of a session -> access key that assumed its role.
_parents = {}
_people = {}
# Access key of a user -> the number of the test that it was made for.
_tests = {}


def install():
    """Remembers with whose key each role is assumed, and for which test each key is made."""
    from moto.iam.models import IAMBackend
    from moto.sts.responses import TokenResponse

    assume_role, create_access_key = TokenResponse.assume_role, IAMBackend.create_access_key

    def assume_role_and_remember(self):
        answer = assume_role(self)
        _parents[answer.result["Credentials"].access_key_id] = self.access_key
        return answer

    def create_access_key_and_remember(self, *given, **named):
        key = create_access_key(self, *given, **named)
        _tests[key.access_key_id] = world.TEST
        return key

    TokenResponse.assume_role = assume_role_and_remember
    IAMBackend.create_access_key = create_access_key_and_remember


def person(account):
    """Credentials of a user who may do everything in an account, until the test is over. Made on its first call."""
    if account not in _people:
        iam = iam_backends[account]["aws"]
        if PERSON not in iam.users:
            iam.create_user("us-east-1", PERSON)
            iam.put_user_policy(PERSON, "everything", json.dumps(EVERYTHING))
        key = iam.create_access_key(PERSON, prefix="AKIA")
        _people[account] = {"AWS_ACCESS_KEY_ID": key.access_key_id, "AWS_SECRET_ACCESS_KEY": key.secret_access_key}
    return _people[account]


def revoke():
    """Takes away the keys that `person` gave."""
    for account, key in _people.items():
        iam_backends[account]["aws"].delete_access_key(key["AWS_ACCESS_KEY_ID"], PERSON)
    _people.clear()


def test_of(access_key):
    """The number of the test that a key was made for, or the key that it descends from. Sessions of services, and keys
    that nobody was given, belong to the test that runs."""
    keys = list(lineage(access_key))
    return _tests.get(keys[-1], world.TEST) if keys else world.TEST


def session(role_arn, name, region):
    """Credentials of a session that a service of AWS opens under a role: Lambda, Step Functions."""
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
    """The principal behind a key, or None if nobody was given it."""
    account = account_of(access_key)
    if access_key not in iam_backends[account]["aws"].access_keys:
        return None
    return sts_backends[account]["aws"].get_caller_identity(access_key, "us-east-1")[1]


def lineage(access_key):
    """The key, the key that assumed it, and so on to the first."""
    while access_key:
        yield access_key
        access_key = _parents.get(access_key)
