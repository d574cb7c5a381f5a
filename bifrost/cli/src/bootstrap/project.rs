//! What a project's people may do: upload its releases.

use super::function::through_s3;
use super::names::{DeployerName, Names};
use super::people::ANY_ACCOUNT;
use super::policy::{allow, deny, document};
use super::template::Template;
use bifrost_core::release::{ProjectName, Sha256};
use serde_json::{Value, json};

/// How much of a project's name stands in the names of its stack and policy.
const MAX_SHOWN: usize = 60;

/// The template of a policy for who may upload the releases of a project, to be deployed in the deployer account.
///
/// S3 knows prefixes and no projects: whoever may upload for `acme/shop` may for `acme/shop/web`.
#[must_use]
pub fn project_template(name: &DeployerName, project: &ProjectName) -> Value {
    let names = Names(name);
    // A release's directory begins `release-`, so what stands beside it, such as a freeze, is not meant.
    let releases = names.objects_arn(&format!("{ANY_ACCOUNT}/{project}/*/release-*/*"));
    let statements = [
        allow("UploadReleases", &["s3:GetObject", "s3:PutObject"], &[releases]),
        // The deployer takes it, once: whoever wrote it could spend another's release.
        deny("NoReleaseLocks", &["s3:PutObject"], &[names.objects_arn("*/lock")]),
        // S3 asks KMS in their name for the key of user data.
        through_s3("UploadEncrypted", "kms:GenerateDataKey"),
    ];
    let policy = json!({
        "ManagedPolicyName": project_stack(name, project),
        "Description": format!("Upload releases of {project}"),
        "PolicyDocument": document(statements),
    });
    Template::new(&format!("{name}: who may upload releases of {project}"))
        .resource("UploadPolicy", "AWS::IAM::ManagedPolicy", policy)
        .output("UploadPolicy", "For who may upload releases of the project", json!({"Ref": "UploadPolicy"}))
        .into_value()
}

/// The name of the stack, and of the policy, of a project: readable, and no two projects' are the same.
#[must_use]
pub fn project_stack(name: &DeployerName, project: &ProjectName) -> String {
    let readable = project.as_str().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' });
    let readable: String = readable.take(MAX_SHOWN).collect();
    let digest: String = Sha256::of(project.as_str().as_bytes()).to_string().chars().take(8).collect();
    format!("{name}-upload-{readable}-{digest}")
}
