//! EC2 launch templates in the local cloud.

use super::{OdinAccount, change, has_tags, not_found, request};
use crate::cloud::{LaunchTemplate, LaunchTemplates, NewLaunchTemplate};
use async_trait::async_trait;
use bifrost::cloud::CloudError;
use bifrost::lifecycle::Proof;
use bifrost::local::{LocalSession, ServiceError};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The maximum size of user data, in bytes.
const USER_DATA_LIMIT: usize = 16 * 1024;

/// A launch template.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoredTemplate {
    /// Its id.
    pub id: String,
    /// When it was created.
    pub create_time: DateTime<Utc>,
    /// Its content.
    pub template: NewLaunchTemplate,
}

impl StoredTemplate {
    fn describe(&self, name: &str) -> LaunchTemplate {
        LaunchTemplate {
            id: self.id.clone(),
            name: name.to_owned(),
            create_time: self.create_time,
            tags: self.template.tags.clone(),
        }
    }
}

#[async_trait]
impl LaunchTemplates for LocalSession<OdinAccount> {
    async fn launch_templates(&self, tags: &[(&str, &str)]) -> Result<Vec<LaunchTemplate>, CloudError> {
        request(self, "ec2:DescribeLaunchTemplates", "", |region, _| {
            let found = region.launch_templates.iter().filter(|(_, stored)| has_tags(&stored.template.tags, tags));
            Ok(found.map(|(name, stored)| stored.describe(name)).collect())
        })
        .await
    }

    async fn create_launch_template(
        &self,
        proof: &Proof,
        template: &NewLaunchTemplate,
    ) -> Result<LaunchTemplate, CloudError> {
        let NewLaunchTemplate { name, client_token, .. } = template;
        change(self, proof, "ec2:CreateLaunchTemplate", name, |region, context| {
            check(template)?;
            let mut stored = region.launch_templates.iter();
            let same_token = |(_, stored): &(&String, &StoredTemplate)| stored.template.client_token == *client_token;
            if let Some((existing_name, existing)) = stored.find(same_token) {
                return if existing.template == *template {
                    Ok(existing.describe(existing_name))
                } else {
                    Err(mismatch(client_token))
                };
            }
            if region.launch_templates.contains_key(name) {
                let code = "InvalidLaunchTemplateName.AlreadyExistsException";
                let message = format!("Launch template name {name} already in use.");
                return Err(ServiceError::new(code, message));
            }
            let id = region.new_id("lt");
            let created = StoredTemplate { id, create_time: context.now, template: template.clone() };
            let described = created.describe(name);
            region.launch_templates.insert(name.clone(), created);
            Ok(described)
        })
        .await
    }

    async fn delete_launch_template(&self, proof: &Proof, name: &str) -> Result<(), CloudError> {
        change(self, proof, "ec2:DeleteLaunchTemplate", name, |region, _| {
            let missing = || {
                let message = format!("The specified launch template, with template name {name}, does not exist.");
                not_found("InvalidLaunchTemplateName.NotFoundException", message)
            };
            region.launch_templates.remove(name).map(drop).ok_or_else(missing)
        })
        .await
    }
}

fn mismatch(client_token: &str) -> ServiceError {
    let message = format!("The client token '{client_token}' was used for another launch template");
    ServiceError::new("IdempotentParameterMismatch", message)
}

fn check(template: &NewLaunchTemplate) -> Result<(), ServiceError> {
    let invalid = |code: &str, message: String| Err(ServiceError::new(code, message));
    let name = &template.name;
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || "().-/_".contains(letter);
    if !(3..=128).contains(&name.chars().count()) || !name.chars().all(allowed) {
        let message = format!("{name}: a launch template's name has 3 to 128 letters, digits, ().-/ and _");
        return invalid("InvalidLaunchTemplateName.MalformedException", message);
    }
    if template.client_token.is_empty() || template.client_token.len() > 128 || !template.client_token.is_ascii() {
        return invalid("InvalidParameterValue", "a client token has 1 to 128 ASCII characters".into());
    }
    if template.user_data.len() > USER_DATA_LIMIT {
        let message =
            format!("User data is limited to {USER_DATA_LIMIT} bytes; {} were given", template.user_data.len());
        return invalid("InvalidUserData.Malformed", message);
    }
    Ok(())
}
