"""Evaluates IAM policies. moto's own check knows the resources of few services, so it would deny every narrow policy.

Policies of buckets only deny. Not checked, unlike on AWS: signatures, what policies of buckets allow, policies of tables and
keys, boundaries, session policies, `iam:PassRole`. A condition whose key is not known here, or an unknown resource, matches in an `Allow` and does not match in a `Deny`.
"""

import datetime
import json
import re
from dataclasses import replace
from fnmatch import fnmatchcase

from moto.dynamodb.models import dynamodb_backends
from moto.iam.models import iam_backends
from moto.s3.models import s3_backends

import principals
import wire

# Operations whose permission has another name; `VERSIONED` applies if the request names a version.
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
# The permissions that the parts of a transaction of DynamoDB need. The transaction itself needs none.
TRANSACTION = {
    "ConditionCheck": "ConditionCheckItem",
    "Delete": "DeleteItem",
    "Get": "GetItem",
    "Put": "PutItem",
    "Update": "UpdateItem",
}
UNKNOWN_KEY = "InvalidClientTokenId", "The security token included in the request is invalid."
# The operation that needs no permission.
ALWAYS_ALLOWED = "sts:GetCallerIdentity"


def permission(call):
    """The permission that a call needs, such as `s3:ListBucket` for `ListObjectsV2`."""
    name = PERMISSIONS.get(call.service, {}).get(call.action, call.action)
    if call.service == "s3" and call.parameters.get("versionId"):
        name = VERSIONED.get(name, name)
    return f"{call.service}:{name}"


def denial(call, enforced):
    """Code and message of AWS's denial, or None. A missing role is always denied, and so is a bucket whose owner is not
    the expected one."""
    arn = principals.arn_of(call.access_key)
    if arn is None and enforced:
        return UNKNOWN_KEY
    is_denied = _role_is_missing(call) or _has_other_owner(call)
    for part in _parts(call):
        for need in _required_permissions(part):
            if is_denied or (enforced and not _permitted(part, arn, need)):
                on = f" on resource: {target}" if (target := resource(part)) else ""
                return "AccessDenied", f"User: {arn} is not authorized to perform: {need}{on}"
    return None


def _parts(call):
    """The calls that a transaction or a batch of DynamoDB stands for; for others, the call itself."""
    if call.service == "dynamodb" and isinstance(tables := call.parameters.get("RequestItems"), dict):
        return [replace(call, parameters={"TableName": table}) for table in tables]
    items = call.parameters.get("TransactItems") if call.service == "dynamodb" else None
    parts = [(kind, part) for item in items or [] for kind, part in item.items()]
    return [replace(call, action=TRANSACTION[kind], parameters=part) for kind, part in parts] or [call]


def _required_permissions(call):
    tagged = call.action == "AssumeRole" and any(name.startswith("Tags.") for name in call.parameters)
    retained = call.action == "PutObject" and "ObjectLockMode" in call.parameters
    more = ["sts:TagSession"] * tagged + ["s3:PutObjectRetention"] * retained
    return [permission(call), *more]


def _role_is_missing(call):
    return call.action == "AssumeRole" and _trust(call) is None


def _has_other_owner(call):
    expected = call.parameters.get("ExpectedBucketOwner")
    _, owner = s3_backends.bucket_accounts.get(call.parameters.get("Bucket"), (None, expected))
    return expected not in (None, owner)


def resource(call):
    """The ARN of the resource of a call, or None if it is not known."""
    parameters, account = call.parameters, principals.account_of(call.access_key)
    if call.service == "s3" and "Bucket" in parameters:
        return "arn:aws:s3:::" + "/".join(parameters[name] for name in ("Bucket", "Key") if name in parameters)
    if call.service == "dynamodb" and "TableName" in parameters:
        table = parameters["TableName"]
        return table if table.startswith("arn:") else f"arn:aws:dynamodb:{call.region}:{account}:table/{table}"
    if call.service == "lambda" and "FunctionName" in parameters:
        name = parameters["FunctionName"]
        return name if name.startswith("arn:") else f"arn:aws:lambda:{call.region}:{account}:function:{name}"
    if call.service == "states":
        return parameters.get("stateMachineArn") or parameters.get("executionArn")
    return {"AssumeRole": parameters.get("RoleArn")}.get(call.action)


def first_resource(call):
    """The ARN of the resource of a call; of a transaction or a batch, that of its first part."""
    return resource(next(iter(_parts(call)), call))


def _permitted(call, arn, need):
    if need == ALWAYS_ALLOWED:
        return True
    context = _context(call, arn)
    own = [statement for policy in _policies(arn) for statement in _statements(policy)]
    denied = any(_applies(statement, need, resource(call), context) for statement in _denials(call))
    allowed = _decide(own, need, resource(call), context) and not denied
    if call.action != "AssumeRole":
        return allowed
    trusting = [statement for statement in _statements(_trust(call)) if _trusts(statement, arn)]
    return allowed and _decide(trusting, need, None, context)


def _denials(call):
    """The statements of the policy of a call's bucket that deny to everybody."""
    _, owner = s3_backends.bucket_accounts.get(call.parameters.get("Bucket"), (None, None))
    bucket = s3_backends[owner]["aws"].buckets.get(call.parameters["Bucket"]) if call.service == "s3" and owner else None
    statements = _statements(bucket.policy.decode()) if bucket and bucket.policy else []
    everybody = ("*", {"AWS": "*"}, {"AWS": ["*"]})
    return [s for s in statements if s["Effect"] == "Deny" and s.get("Principal") in everybody]


def _decide(statements, need, target, context):
    verdicts = [s["Effect"] for s in statements if _applies(s, need, target, context)]
    return "Allow" in verdicts and "Deny" not in verdicts


def _applies(statement, need, target, context):
    allows = statement["Effect"] == "Allow"
    return (
        _matches(statement, "Action", need.lower(), str.lower)
        and (_matches(statement, "Resource", target, str) if target else allows or statement.get("Resource") == "*")
        and all(
            _condition_holds(operator, key, expected, context, allows)
            for operator, keys in statement.get("Condition", {}).items()
            for key, expected in keys.items()
        )
    )


def _matches(statement, element, value, spelled):
    """Whether `Action` or `Resource` of a statement, or its `Not`, matches. A trust policy has no resource."""
    if element in statement:
        return any(_like(spelled(pattern), value) for pattern in _list(statement[element]))
    if f"Not{element}" in statement:
        return not any(_like(spelled(pattern), value) for pattern in _list(statement[f"Not{element}"]))
    return element == "Resource"


def _condition_holds(operator, key, expected, context, unknown):
    known = key.lower() in context
    value, written = context.get(key.lower()), operator.rpartition(":")[2]
    operator = written.removesuffix("IfExists")
    if operator == "Null" and known:
        return (value is None) == (_list(expected)[0] == "true")
    if operator not in OPERATORS or not known:
        return unknown
    if value is None:
        return written != operator or operator in ("ArnNotLike", "StringNotEquals")
    return OPERATORS[operator](value, [str(each) for each in _list(expected)])


OPERATORS = {
    "ArnEquals": lambda value, expected: _is_like_any(value, expected),
    "ArnLike": lambda value, expected: _is_like_any(value, expected),
    "ArnNotLike": lambda value, expected: not _is_like_any(value, expected),
    "Bool": lambda value, expected: _is_like_any(value, expected),
    "NumericLessThan": lambda value, expected: any(float(value) < float(each) for each in expected),
    "StringEquals": lambda value, expected: value in expected,
    "StringLike": lambda value, expected: _is_like_any(value, expected),
    "StringNotEquals": lambda value, expected: value not in expected,
}


def _is_like_any(value, patterns):
    return any(_like(pattern.lower(), value.lower()) for pattern in patterns)


def _context(call, arn):
    role_or_user, account = _identity(arn), arn.split(":")[4]
    known = {
        "aws:principalaccount": account,
        "aws:principalarn": role_or_user,
        "aws:requestedregion": call.region,
        "aws:securetransport": "true",
        "dynamodb:leadingkeys": _partition_key(call, account),
        "s3:prefix": call.parameters.get("prefix", "") if call.service == "s3" else None,
        # A trust policy that requires an external id does not match a call without one.
        "sts:externalid": call.parameters.get("ExternalId", "") if call.action == "AssumeRole" else None,
        "sts:rolesessionname": call.parameters.get("RoleSessionName"),
    }
    known = {key: value for key, value in known.items() if value is not None}
    # Keys whose absence counts, too.
    return known | _conditional(call) if call.service == "s3" else known


def _conditional(call):
    """The keys of a request that writes an object. None if the request does not have them."""
    until = call.parameters.get("ObjectLockRetainUntilDate")
    seconds = until and (datetime.datetime.fromisoformat(until) - datetime.datetime.now(datetime.UTC)).total_seconds()
    return {
        "aws:calledviafirst": None,
        "s3:if-match": call.parameters.get("IfMatch"),
        "s3:if-none-match": call.parameters.get("IfNoneMatch"),
        "s3:object-lock-mode": call.parameters.get("ObjectLockMode"),
        "s3:object-lock-remaining-retention-days": until and str(seconds / 86400),
    }


def _partition_key(call, account):
    """The partition key of the item of a call of DynamoDB, or None."""
    item = call.parameters.get("Key") or call.parameters.get("Item") if call.service == "dynamodb" else None
    table = dynamodb_backends[account][call.region].tables.get(call.parameters["TableName"]) if item else None
    return next(iter(item.get(table.hash_key_attr, {}).values()), None) if table else None


def _identity(arn):
    """The user, or the role of a session."""
    if ":assumed-role/" not in arn:
        return arn
    account, name = arn.split(":")[4], arn.split("/")[1]
    role = iam_backends[account]["aws"].roles
    return next((r.arn for r in role.values() if r.name == name), f"arn:aws:iam::{account}:role/{name}")


def _policies(arn):
    """The documents of the policies of a user or a role. Groups are not supported."""
    iam, identity = iam_backends[arn.split(":")[4]]["aws"], _identity(arn)
    if ":user/" in identity:
        holder = iam.users.get(identity.rpartition("/")[2])
    else:
        holder = next((role for role in iam.roles.values() if role.arn == identity), None)
    if holder is None:
        return []
    managed = [next(v.document for v in p.versions if v.is_default) for p in holder.managed_policies.values()]
    return [*holder.policies.values(), *managed]


def _trust(call):
    """The trust policy of the role to assume, or None if it does not exist."""
    role_arn = call.parameters.get("RoleArn", "")
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


def denied(call, code, message):
    """The denial in the protocol of the service."""
    if code == "AccessDenied" and call.service in wire.JSON | wire.REST - {"s3"}:
        code = "AccessDeniedException"
    if code == "AccessDenied" and call.service == "ec2":
        code = "UnauthorizedOperation"
    if code == "InvalidClientTokenId" and call.service in wire.JSON | wire.REST:
        code = "InvalidAccessKeyId" if call.service == "s3" else "UnrecognizedClientException"
    return wire.error(call.service, 400 if call.service in wire.JSON else 403, code, message)
