//! The policy for uploading the releases of a project.

use super::function::through_s3;
use super::names::{DeployerName, Names};
use super::operators::ANY_ACCOUNT;
use super::policy::{allow, deny, document};
use super::template::Template;
use bifrost_core::release::{ProjectName, Sha256};
use serde_json::{Value, json};

/// How many characters of the project's name the names of its stack and policy contain.
const MAX_NAME_CHARS: usize = 60;

/// The template of the policy for uploading the releases of a project. It belongs in the deployer account.
///
/// IAM compares prefixes of keys: a user who may upload for `acme/shop` may also upload for `acme/shop/web`.
#[must_use]
pub fn project_template(name: &DeployerName, project: &ProjectName) -> Value {
    let names = Names(name);
    // A release's directory begins with `release-`, so the policy does not include objects beside it, such as a freeze.
    let releases = names.objects_arn(&format!("{ANY_ACCOUNT}/{project}/*/release-*/*"));
    let statements = [
        allow("UploadReleases", &["s3:GetObject", "s3:PutObject"], &[releases]),
        // Only the deployer takes a release lock. A user who could write it could block the release of another user.
        deny("NoReleaseLocks", &["s3:PutObject"], &[names.objects_arn("*/lock")]),
        // S3 calls KMS with the user's permissions to encrypt user data.
        through_s3("UploadEncrypted", "kms:GenerateDataKey"),
    ];
    let policy = json!({
        "ManagedPolicyName": project_stack(name, project),
        "Description": format!("Upload releases of {project}"),
        "PolicyDocument": document(statements),
    });
    Template::new(&format!("{name}: upload policy for releases of {project}"))
        .resource("UploadPolicy", "AWS::IAM::ManagedPolicy", policy)
        .output("UploadPolicy", "User policy: upload releases of the project", json!({"Ref": "UploadPolicy"}))
        .into_value()
}

/// The name of a project's stack and policy: readable, and different for every project.
#[must_use]
pub fn project_stack(name: &DeployerName, project: &ProjectName) -> String {
    let readable = project.as_str().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' });
    let readable: String = readable.take(MAX_NAME_CHARS).collect();
    let digest: String = Sha256::of(project.as_str().as_bytes()).to_string().chars().take(8).collect();
    format!("{name}-upload-{readable}-{digest}")
}
