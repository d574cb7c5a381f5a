"""What IAM policies allow. moto's own check knows few services' resources, so it would refuse every narrow policy.

Less than AWS: no signatures, no policies of buckets and keys, no boundaries, no session policies, no `iam:PassRole`.
A condition on a key that is not known here holds where it allows and does not where it denies; so does a resource.
"""

import json
import re
from fnmatch import fnmatchcase

from moto.iam.models import iam_backends
from moto.s3.models import s3_backends

import principals
import wire

# Operations whose permission has another name; `VERSIONED` where the request names a version.
PERMISSIONS = {
    "lambda": {"Invoke": "InvokeFunction"},
    "s3": {
        "CompleteMultipartUpload": "PutObject",
        "CopyObject": "PutObject",
        "CreateMultipartUpload": "PutObject",
        "DeleteBucketEncryption": "PutEncryptionConfiguration",
        "DeleteObjects": "DeleteObject",
        "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
        "GetBucketEncryption": "GetEncryptionConfiguration",
        "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
        "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
        "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
        "HeadBucket": "ListBucket",
        "HeadObject": "GetObject",
        "ListBuckets": "ListAllMyBuckets",
        "ListObjects": "ListBucket",
        "ListObjectsV2": "ListBucket",
        "ListObjectVersions": "ListBucketVersions",
        "PutBucketEncryption": "PutEncryptionConfiguration",
        "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
        "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
        "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
        "UploadPart": "PutObject",
    },
}
VERSIONED = {"DeleteObject": "DeleteObjectVersion", "GetObject": "GetObjectVersion"}
UNKNOWN_KEY = "InvalidClientTokenId", "The security token included in the request is invalid."
# Nobody needs a permission for this one.
FREE = "sts:GetCallerIdentity"


def permission(asked):
    """The permission that a call needs, such as `s3:ListBucket` for `ListObjectsV2`."""
    name = PERMISSIONS.get(asked.service, {}).get(asked.action, asked.action)
    if asked.service == "s3" and asked.parameters.get("versionId"):
        name = VERSIONED.get(name, name)
    return f"{asked.service}:{name}"


def refusal(asked, enforced):
    """Code and message of AWS's refusal, or None. A role that is not there is refused to anybody, and so is a bucket
    of another account than the call expects."""
    arn = principals.arn_of(asked.access_key)
    if arn is None and enforced:
        return UNKNOWN_KEY
    lost = _lost(asked) or _misdirected(asked)
    for need in _needs(asked):
        if lost or (enforced and not _permitted(asked, arn, need)):
            on = f" on resource: {target}" if (target := resource(asked)) else ""
            return "AccessDenied", f"User: {arn} is not authorized to perform: {need}{on}"
    return None


def _needs(asked):
    tagged = asked.action == "AssumeRole" and any(name.startswith("Tags.") for name in asked.parameters)
    return [permission(asked), "sts:TagSession"] if tagged else [permission(asked)]


def _lost(asked):
    return asked.action == "AssumeRole" and _trust(asked) is None


def _misdirected(asked):
    expected = asked.parameters.get("ExpectedBucketOwner")
    _, owner = s3_backends.bucket_accounts.get(asked.parameters.get("Bucket"), (None, expected))
    return expected not in (None, owner)


def resource(asked):
    """The ARN that a call is about, or None where this does not tell."""
    given, account = asked.parameters, principals.account_of(asked.access_key)
    if asked.service == "s3" and "Bucket" in given:
        return "arn:aws:s3:::" + "/".join(given[name] for name in ("Bucket", "Key") if name in given)
    if asked.service == "dynamodb" and "TableName" in given:
        table = given["TableName"]
        return table if table.startswith("arn:") else f"arn:aws:dynamodb:{asked.region}:{account}:table/{table}"
    if asked.service == "lambda" and "FunctionName" in given:
        name = given["FunctionName"]
        return name if name.startswith("arn:") else f"arn:aws:lambda:{asked.region}:{account}:function:{name}"
    if asked.service == "states":
        return given.get("stateMachineArn") or given.get("executionArn")
    return {"AssumeRole": given.get("RoleArn")}.get(asked.action)


def _permitted(asked, arn, need):
    if need == FREE:
        return True
    context = _context(asked, arn)
    own = [statement for policy in _policies(arn) for statement in _statements(policy)]
    allowed = _decide(own, need, resource(asked), context)
    if asked.action != "AssumeRole":
        return allowed
    trusting = [statement for statement in _statements(_trust(asked)) if _trusts(statement, arn)]
    return allowed and _decide(trusting, need, None, context)


def _decide(statements, need, target, context):
    verdicts = [s["Effect"] for s in statements if _concerns(s, need, target, context)]
    return "Allow" in verdicts and "Deny" not in verdicts


def _concerns(statement, need, target, context):
    allows = statement["Effect"] == "Allow"
    return (
        _names(statement, "Action", need.lower(), str.lower)
        and (_names(statement, "Resource", target, str) if target else allows or statement.get("Resource") == "*")
        and all(
            _holds(operator, key, expected, context, allows)
            for operator, keys in statement.get("Condition", {}).items()
            for key, expected in keys.items()
        )
    )


def _names(statement, element, value, spelled):
    """Whether `Action` or `Resource` of a statement, or its `Not`, names the value; a trust policy has no resource."""
    if element in statement:
        return any(_like(spelled(pattern), value) for pattern in _list(statement[element]))
    if f"Not{element}" in statement:
        return not any(_like(spelled(pattern), value) for pattern in _list(statement[f"Not{element}"]))
    return element == "Resource"


def _holds(operator, key, expected, context, unknown):
    value = context.get(key.lower())
    operator = operator.rpartition(":")[2].removesuffix("IfExists")
    if value is None or operator not in (
        "StringEquals",
        "StringLike",
        "StringNotEquals",
        "ArnEquals",
        "ArnLike",
        "Bool",
    ):
        return unknown
    if operator == "StringEquals":
        return value in _list(expected)
    if operator == "StringNotEquals":
        return value not in _list(expected)
    return any(_like(str(pattern).lower(), value.lower()) for pattern in _list(expected))


def _context(asked, arn):
    role_or_user, account = _identity(arn), arn.split(":")[4]
    known = {
        "aws:principalaccount": account,
        "aws:principalarn": role_or_user,
        "aws:requestedregion": asked.region,
        "aws:securetransport": "true",
        "s3:prefix": asked.parameters.get("prefix", "") if asked.service == "s3" else None,
        # A trust policy that asks for an external id holds for nobody who gives none.
        "sts:externalid": asked.parameters.get("ExternalId", "") if asked.action == "AssumeRole" else None,
        "sts:rolesessionname": asked.parameters.get("RoleSessionName"),
    }
    return {key: value for key, value in known.items() if value is not None}


def _identity(arn):
    """The user, or the role of a session."""
    if ":assumed-role/" not in arn:
        return arn
    account, name = arn.split(":")[4], arn.split("/")[1]
    role = iam_backends[account]["aws"].roles
    return next((r.arn for r in role.values() if r.name == name), f"arn:aws:iam::{account}:role/{name}")


def _policies(arn):
    """The documents of a user's or a role's policies; of groups there are none here."""
    iam, identity = iam_backends[arn.split(":")[4]]["aws"], _identity(arn)
    if ":user/" in identity:
        holder = iam.users.get(identity.rpartition("/")[2])
    else:
        holder = next((role for role in iam.roles.values() if role.arn == identity), None)
    if holder is None:
        return []
    managed = [next(v.document for v in p.versions if v.is_default) for p in holder.managed_policies.values()]
    return [*holder.policies.values(), *managed]


def _trust(asked):
    """The trust policy of the role to assume, or None if there is no such role."""
    role_arn = asked.parameters.get("RoleArn", "")
    if not (found := re.match(r"arn:aws:iam::(\d{12}):role/", role_arn)):
        return None
    roles = iam_backends[found[1]]["aws"].roles.values()
    return next((role.assume_role_policy_document for role in roles if role.arn == role_arn), None)


def _trusts(statement, arn):
    account, identity = arn.split(":")[4], _identity(arn)
    principal = statement.get("Principal", {})
    who = ["*"] if principal == "*" else _list(principal.get("AWS", []))
    return any(name in ("*", account, f"arn:aws:iam::{account}:root", identity, arn) for name in who)


def _statements(policy):
    return _list((json.loads(policy) if isinstance(policy, str) else policy)["Statement"])


def _list(value):
    return value if isinstance(value, list) else [value]


def _like(pattern, value):
    return fnmatchcase(value, pattern.replace("[", "[[]"))


def denied(asked, code, message):
    """The refusal as the service spells it."""
    if code == "AccessDenied" and asked.service in wire.JSON | wire.REST - {"s3"}:
        code = "AccessDeniedException"
    if code == "AccessDenied" and asked.service == "ec2":
        code = "UnauthorizedOperation"
    if code == "InvalidClientTokenId" and asked.service in wire.JSON | wire.REST:
        code = "InvalidAccessKeyId" if asked.service == "s3" else "UnrecognizedClientException"
    return wire.error(asked.service, 400 if asked.service in wire.JSON else 403, code, message)
