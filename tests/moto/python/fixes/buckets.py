"""S3: CloudFormation sets all settings and the policy of a bucket, and answers have the element that the SDKs read."""

import json

from moto.core.common_models import CloudFormationModel
from moto.iam.access_control import PermissionResult
from moto.moto_api._internal import mock_random
from moto.s3.models import FakeBucket, PublicAccessBlock, s3_backends
from moto.s3.responses import S3Response

from fixes.resources import on_change

BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


def install():
    on_change(FakeBucket, after=_configure)
    # moto ignores conditions: a policy that denies requests without TLS would deny all requests.
    FakeBucket.get_permission = lambda self, action, resource: PermissionResult.NEUTRAL
    S3Response.get_bucket_versioning = _versioning


def _configure(bucket, properties):
    if "VersioningConfiguration" in properties:
        bucket.versioning_status = properties["VersioningConfiguration"]["Status"]
    if block := properties.get("PublicAccessBlockConfiguration"):
        bucket.public_access_block = PublicAccessBlock(*(str(block.get(name, False)) for name in BLOCKS))
    bucket.object_lock_enabled = str(properties.get("ObjectLockEnabled", False)).lower() == "true"


def _versioning(response):
    status = response.backend.get_bucket_versioning(response.bucket_name)
    inner = f"<Status>{status}</Status>" if status else ""
    xmlns = "http://s3.amazonaws.com/doc/2006-03-01/"
    return 200, {}, f'<VersioningConfiguration xmlns="{xmlns}">{inner}</VersioningConfiguration>'


class BucketPolicy(CloudFormationModel):
    """The CloudFormation resource of a bucket policy."""

    def __init__(self, bucket):
        self.bucket, self.physical_resource_id = bucket, f"policy-{mock_random.get_random_hex(12)}"

    @staticmethod
    def cloudformation_name_type():
        return ""

    @staticmethod
    def cloudformation_type():
        return "AWS::S3::BucketPolicy"

    @classmethod
    def create_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name, **_):
        properties = cloudformation_json["Properties"]
        policy = cls(properties["Bucket"])
        policy.put(account_id, json.dumps(properties["PolicyDocument"]).encode())
        return policy

    @classmethod
    def update_from_cloudformation_json(cls, original_resource, _name, cloudformation_json, account_id, region_name):
        return cls.create_from_cloudformation_json(None, cloudformation_json, account_id, region_name)

    @classmethod
    def delete_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name):
        cls(cloudformation_json["Properties"]["Bucket"]).put(account_id, None)

    def put(self, account_id, document):
        s3_backends[account_id]["aws"].get_bucket(self.bucket).policy = document
