"""S3: lists of versions in S3's order, reads of delete markers, and retention from CloudFormation."""

from moto.s3.exceptions import MethodNotAllowed
from moto.s3.models import FakeBucket, FakeDeleteMarker, FakeKey, S3Backend

from fixes.resources import on_change


_get_object = S3Backend.get_object


def install():
    on_change(FakeBucket, after=_retain)
    S3Backend.get_object = _get_version
    S3Backend.list_object_versions = _list_object_versions


def _retain(bucket, properties):
    rule = properties.get("ObjectLockConfiguration", {}).get("Rule", {}).get("DefaultRetention")
    if rule:
        bucket.default_lock_mode = rule["Mode"]
        bucket.default_lock_days, bucket.default_lock_years = int(rule.get("Days", 0)), int(rule.get("Years", 0))


def _get_version(backend, bucket_name, key_name, version_id=None, part_number=None, return_delete_marker=False):
    """moto answers as for a version that does not exist."""
    found = _get_object(backend, bucket_name, key_name, version_id, part_number, return_delete_marker=True)
    if return_delete_marker or not isinstance(found, FakeDeleteMarker):
        return found
    if version_id is None:
        return None
    raise MethodNotAllowed(method="GET", resource_type="DeleteMarker")


def _list_object_versions(
    backend, bucket_name, delimiter=None, key_marker=None, max_keys=1000, prefix="", version_id_marker=None
):
    """moto copies every object, orders versions by time, which is ambiguous within a millisecond, and skips a version if
    only a key is given as a marker: then a list begins after all versions of that key."""
    if delimiter:
        raise NotImplementedError("ListObjectVersions with a delimiter")
    versions = _versions(backend.get_bucket(bucket_name), prefix)
    if key_marker is not None:
        versions = [version for version in versions if _is_after(version, versions, key_marker, version_id_marker)]
    page = versions[: min(max_keys, 1000)]
    last = page[-1] if len(page) < len(versions) and page else None
    return (
        [version for version in page if isinstance(version, FakeKey)],
        [],
        [version for version in page if not isinstance(version, FakeKey)],
        last and last.name,
        last and last.version_id,
    )


def _versions(bucket, prefix):
    """All versions, sorted by key, the newest first."""
    found = []
    for key in sorted(key for key in bucket.keys if key.startswith(prefix)):
        newest_first = list(reversed(bucket.keys.getlist(key)))
        for version in newest_first:
            version.is_latest = version is newest_first[0]
        found += newest_first
    return found


def _is_after(version, versions, key, version_id):
    if version.name != key or not version_id:
        return version.name > key
    of_key = [str(other.version_id) for other in versions if other.name == key]
    return of_key.index(str(version.version_id)) > of_key.index(version_id)
