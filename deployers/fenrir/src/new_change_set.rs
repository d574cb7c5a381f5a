//! Builds the change set of a release.

use crate::cloud::{ChangeSetType, CloudFormation, NewChangeSet, Stack, TemplateSource};
use crate::names::{change_set_name, stack_name};
use crate::release::FenrirRelease;
use crate::resolve::RESOLVED_FILE;
use crate::rules::Tags;
use bifrost::cloud::{CloudError, Encryption, Objects};
use serde_json::Value;

/// The stack tag with the id of the deployed release.
pub(crate) const RELEASE_ID: &str = "ReleaseID";

/// Builds the request for a change set that creates the stack, or updates it to the template. Uploads a template that is too
/// large for a request.
pub(crate) async fn build(
    stacks: &dyn CloudFormation,
    objects: &dyn Objects,
    release: &FenrirRelease,
    stack: Option<&Stack>,
    template: &Value,
) -> Result<NewChangeSet, CloudError> {
    let source = put_if_large(objects, release, template).await?;
    let change_set_type = ChangeSetType::of(stack);
    let tags = match stack.filter(|_| change_set_type == ChangeSetType::Update) {
        Some(stack) => updated_tags(stacks, release, stack, template).await?,
        None => tags(release),
    };
    let name = change_set_name(&release.envelope);
    Ok(NewChangeSet {
        stack_name: stack_name(&release.envelope),
        change_set_type,
        template: source,
        tags,
        token: name.clone(),
        description: format!("Fenrir deploys {}", release.envelope.release_id),
        name,
    })
}

/// Puts the template into the request, or uploads it to S3 if it is too large.
async fn put_if_large(
    objects: &dyn Objects,
    release: &FenrirRelease,
    template: &Value,
) -> Result<TemplateSource, CloudError> {
    let envelope = &release.envelope;
    let key = envelope.release_dir().file(RESOLVED_FILE);
    let source = TemplateSource::of(template, &envelope.bucket, &key, &envelope.aws_region);
    if let TemplateSource::Url(_) = source {
        let body = template.to_string().into_bytes();
        objects.put(&envelope.bucket, &key, body, Encryption::Bucket).await?;
    }
    Ok(source)
}

/// The tags of the stack. Those of the deployer override those of the release.
fn tags(release: &FenrirRelease) -> Tags {
    let envelope = &release.envelope;
    let mut tags = release.fields.change_set_tags.clone();
    tags.extend(release.fields.env.iter().map(|env| ("Env".to_owned(), env.clone())));
    tags.insert("ProjectName".into(), envelope.project_name.to_string());
    tags.insert("ConfigName".into(), envelope.config_name.to_string());
    tags.insert(RELEASE_ID.into(), envelope.release_id.to_string());
    tags
}

/// The tags for an existing stack. Keeps the old `ReleaseID` if nothing else changes: otherwise CloudFormation would re-tag
/// every resource, and no deploy would ever be without changes.
async fn updated_tags(
    stacks: &dyn CloudFormation,
    release: &FenrirRelease,
    stack: &Stack,
    template: &Value,
) -> Result<Tags, CloudError> {
    let mut tags = tags(release);
    let Some(deployed) = stack.tags.get(RELEASE_ID) else { return Ok(tags) };
    if stacks.template(&stack.name).await?.as_ref() == Some(template) {
        let own = tags.insert(RELEASE_ID.into(), deployed.clone());
        if tags != stack.tags {
            tags.extend(own.map(|own| (RELEASE_ID.to_owned(), own)));
        }
    }
    Ok(tags)
}
