//! Where an audit log is.

use bifrost_core::release::AccountId;

/// The bucket and the table of an audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditLocation {
    /// The name of the bucket.
    pub bucket: String,
    /// The account of the bucket, which may be another than the deployer account.
    pub owner: AccountId,
    /// Whether the bucket has Object Lock. Then the checkpoint states a retention of its own, which needs the permission
    /// `s3:PutObjectRetention`: the retention of the bucket is far too long for what is replaced all the time.
    pub has_object_lock: bool,
    /// Name or ARN of the table, which is in the account of the bucket.
    pub table: String,
}
