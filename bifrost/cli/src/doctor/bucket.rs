//! The bucket of releases: is it the account's own, and shut to all others?

use super::remediation::Advice;
use super::{DoctorFinding, tls};
use bifrost_core::cloud::{BucketSettings, CloudError, ErrorKind};
use bifrost_core::release::BucketName;

const CHECK: &str = "bucket";

pub(super) fn check(
    seen: &Result<Option<BucketSettings>, CloudError>,
    name: &BucketName,
    advice: &Advice<'_>,
) -> Vec<DoctorFinding> {
    let settings = match seen {
        Err(error) => return vec![unseen(error, name, advice)],
        Ok(None) => {
            let message = format!("there is no bucket {name}");
            return vec![DoctorFinding::bad(CHECK, message, advice.bootstrap())];
        }
        Ok(Some(settings)) => settings,
    };
    let owned = format!("{name} is there, and belongs to account {}", advice.identity().account);
    let mut findings = vec![DoctorFinding::good(CHECK, owned)];
    findings.extend([
        public(settings, name, advice),
        tls::check(settings, name, &advice.identity().region),
        versions(settings, name, advice),
        encryption(settings, name, advice),
        object_lock(settings, name, advice),
    ]);
    findings
}

/// S3 says to whom a policy of the bucket's own account forbids something, and of another's bucket only that it is
/// forbidden.
fn unseen(error: &CloudError, name: &BucketName, advice: &Advice<'_>) -> DoctorFinding {
    if error.kind != ErrorKind::AccessDenied || error.message.contains("is not authorized to perform") {
        return DoctorFinding::unchecked(CHECK, error);
    }
    let account = &advice.identity().account;
    let message = format!(
        "{name} does not belong to account {account}, or its policy shuts you out (nothing was sent there: every call \
         names the owner that it expects): {error}"
    );
    let next_step = format!(
        "see whether `aws s3api list-buckets` shows it; if not, somebody else has the name: give the deployer another, \
         with --deployer, and {}",
        advice.bootstrap()
    );
    DoctorFinding::bad(CHECK, message, next_step)
}

fn public(settings: &BucketSettings, name: &BucketName, advice: &Advice<'_>) -> DoctorFinding {
    const CHECK: &str = "bucket: public access";
    match &settings.is_shut_to_the_public {
        Err(error) => DoctorFinding::unchecked(CHECK, error),
        Ok(true) => DoctorFinding::good(CHECK, "all of it is blocked"),
        Ok(false) => {
            let ways = ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"];
            let ways = ways.map(|way| format!("{way}=true")).join(",");
            let put = format!("--bucket {name} --public-access-block-configuration {ways}");
            let next_step = advice.aws(&format!("s3api put-public-access-block {put}"));
            DoctorFinding::bad(
                CHECK,
                "not all of it is blocked: an ACL or a policy could show releases to anybody",
                next_step,
            )
        }
    }
}

fn versions(settings: &BucketSettings, name: &BucketName, advice: &Advice<'_>) -> DoctorFinding {
    const CHECK: &str = "bucket: versions";
    match &settings.is_versioned {
        Err(error) => DoctorFinding::unchecked(CHECK, error),
        Ok(true) => DoctorFinding::good(CHECK, "what is overwritten or deleted is kept"),
        Ok(false) => {
            let put = format!("s3api put-bucket-versioning --bucket {name} --versioning-configuration Status=Enabled");
            DoctorFinding::warning(CHECK, "what is overwritten or deleted is lost", advice.aws(&put))
        }
    }
}

fn encryption(settings: &BucketSettings, name: &BucketName, advice: &Advice<'_>) -> DoctorFinding {
    const CHECK: &str = "bucket: encryption";
    match &settings.encryption {
        Err(error) => DoctorFinding::unchecked(CHECK, error),
        Ok(Some(algorithm)) => DoctorFinding::good(CHECK, algorithm),
        Ok(None) => {
            let rules = r#"{"Rules":[{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"AES256"}}]}"#;
            let put = format!("--bucket {name} --server-side-encryption-configuration '{rules}'");
            let next_step = advice.aws(&format!("s3api put-bucket-encryption {put}"));
            DoctorFinding::warning(CHECK, "no encryption is set for objects whose writer asks for none", next_step)
        }
    }
}

fn object_lock(settings: &BucketSettings, name: &BucketName, advice: &Advice<'_>) -> DoctorFinding {
    const CHECK: &str = "bucket: Object Lock";
    match &settings.has_object_lock {
        Err(error) => DoctorFinding::unchecked(CHECK, error),
        Ok(true) => DoctorFinding::good(CHECK, "on"),
        Ok(false) => {
            let put = format!("--bucket {name} --object-lock-configuration ObjectLockEnabled=Enabled");
            let next_step = advice.aws(&format!("s3api put-object-lock-configuration {put}"));
            DoctorFinding::warning(CHECK, "off: who may delete objects may delete what tells of a deploy", next_step)
        }
    }
}
