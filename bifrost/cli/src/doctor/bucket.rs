//! Checks that the bucket of releases belongs to the account and that nobody else has access.

use super::remediation::Remediation;
use super::{DoctorFinding, tls};
use bifrost_core::cloud::{BucketSettings, CloudError, ErrorKind};
use bifrost_core::release::BucketName;

const CHECK: &str = "bucket";

pub(super) fn check(
    bucket: &Result<Option<BucketSettings>, CloudError>,
    name: &BucketName,
    remediation: &Remediation<'_>,
) -> Vec<DoctorFinding> {
    let settings = match bucket {
        Err(error) => return vec![not_readable(error, name, remediation)],
        Ok(None) => {
            let message = format!("bucket {name} does not exist");
            return vec![DoctorFinding::bad(CHECK, message, remediation.restore())];
        }
        Ok(Some(settings)) => settings,
    };
    let owned = format!("{name} belongs to account {}", remediation.identity().account);
    let mut findings = vec![DoctorFinding::good(CHECK, owned)];
    findings.extend([
        public_access(settings, name, remediation),
        tls::check(settings, name, remediation),
        versions(settings, name, remediation),
        encryption(settings, name, remediation),
    ]);
    findings
}

/// A denial by a policy of the bucket's own account names the denied principal. For a bucket of another account, S3
/// says only that access is denied.
fn not_readable(error: &CloudError, name: &BucketName, remediation: &Remediation<'_>) -> DoctorFinding {
    if error.kind != ErrorKind::AccessDenied || error.message.contains("is not authorized to perform") {
        return DoctorFinding::unchecked(CHECK, error);
    }
    let account = &remediation.identity().account;
    let message = format!(
        "{name} does not belong to account {account}, or its policy denies you access (nothing was sent to another \
         account: every call names the expected owner): {error}"
    );
    let next_step = format!(
        "run `aws s3api list-buckets`: if it lists the bucket, ask for access to it; if not, another account has the \
         name, and the deployer needs another one: {}",
        remediation.rename()
    );
    DoctorFinding::bad(CHECK, message, next_step)
}

fn public_access(settings: &BucketSettings, name: &BucketName, remediation: &Remediation<'_>) -> DoctorFinding {
    const CHECK: &str = "bucket: public access";
    match &settings.is_shut_to_the_public {
        Err(error) => DoctorFinding::unchecked(CHECK, error),
        Ok(true) => DoctorFinding::good(CHECK, "blocked"),
        Ok(false) => {
            let blocks = ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"];
            let blocks = blocks.map(|block| format!("{block}=true")).join(",");
            let put = format!("--bucket {name} --public-access-block-configuration {blocks}");
            let next_step = remediation.aws(&format!("s3api put-public-access-block {put}"));
            DoctorFinding::bad(CHECK, "not fully blocked: an ACL or a policy could make releases public", next_step)
        }
    }
}

fn versions(settings: &BucketSettings, name: &BucketName, remediation: &Remediation<'_>) -> DoctorFinding {
    const CHECK: &str = "bucket: versions";
    match &settings.is_versioned {
        Err(error) => DoctorFinding::unchecked(CHECK, error),
        Ok(true) => DoctorFinding::good(CHECK, "overwritten and deleted objects are kept"),
        Ok(false) => {
            let put = format!("s3api put-bucket-versioning --bucket {name} --versioning-configuration Status=Enabled");
            DoctorFinding::warning(CHECK, "off: overwritten and deleted objects are lost", remediation.aws(&put))
        }
    }
}

fn encryption(settings: &BucketSettings, name: &BucketName, remediation: &Remediation<'_>) -> DoctorFinding {
    const CHECK: &str = "bucket: encryption";
    match &settings.encryption {
        Err(error) => DoctorFinding::unchecked(CHECK, error),
        Ok(Some(algorithm)) => DoctorFinding::good(CHECK, algorithm),
        Ok(None) => {
            let rules = r#"{"Rules":[{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"AES256"}}]}"#;
            let put = format!("--bucket {name} --server-side-encryption-configuration '{rules}'");
            let next_step = remediation.aws(&format!("s3api put-bucket-encryption {put}"));
            DoctorFinding::warning(CHECK, "no default encryption is configured", next_step)
        }
    }
}
