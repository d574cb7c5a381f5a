//! EC2 launch templates in the local cloud.

use super::{OdinAccount, has_tags, not_found};
use crate::cloud::limits::METADATA_HOPS;
use crate::cloud::{LaunchTemplate, LocalLaunchTemplates, NewLaunchTemplate};
use bifrost::local::{RegionState, ServiceError};
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

impl LocalLaunchTemplates for OdinAccount {
    fn launch_templates(
        region: &RegionState<'_, Self>,
        tags: &[(&str, &str)],
    ) -> Result<Vec<LaunchTemplate>, ServiceError> {
        let found = region.here().launch_templates.iter().filter(|(_, stored)| has_tags(&stored.template.tags, tags));
        Ok(found.map(|(name, stored)| stored.describe(name)).collect())
    }

    fn create_launch_template(
        region: &mut RegionState<'_, Self>,
        template: &NewLaunchTemplate,
    ) -> Result<LaunchTemplate, ServiceError> {
        check(template)?;
        let NewLaunchTemplate { name, client_token, .. } = template;
        let (now, here) = (region.now, region.here_mut());
        let mut stored = here.launch_templates.iter();
        if let Some((existing_name, existing)) =
            stored.find(|(_, stored)| stored.template.client_token == *client_token)
        {
            let is_same = existing.template == *template;
            return if is_same { Ok(existing.describe(existing_name)) } else { Err(mismatch(client_token)) };
        }
        if here.launch_templates.contains_key(name) {
            let code = "InvalidLaunchTemplateName.AlreadyExistsException";
            return Err(ServiceError::new(code, format!("Launch template name {name} already in use.")));
        }
        let created = StoredTemplate { id: here.new_id("lt"), create_time: now, template: template.clone() };
        let described = created.describe(name);
        here.launch_templates.insert(name.clone(), created);
        Ok(described)
    }

    fn delete_launch_template(region: &mut RegionState<'_, Self>, name: &str) -> Result<(), ServiceError> {
        let missing = || {
            let message = format!("The specified launch template, with template name {name}, does not exist.");
            not_found("InvalidLaunchTemplateName.NotFoundException", message)
        };
        region.here_mut().launch_templates.remove(name).map(drop).ok_or_else(missing)
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
    if let Some(hops) = template.metadata_hop_limit.filter(|hops| !METADATA_HOPS.contains(hops)) {
        return invalid("InvalidParameterValue", format!("Invalid value '{hops}' for HttpPutResponseHopLimit"));
    }
    let length = template.user_data.as_bytes().len();
    if length > USER_DATA_LIMIT {
        let message = format!("User data is limited to {USER_DATA_LIMIT} bytes; {length} were given");
        return invalid("InvalidUserData.Malformed", message);
    }
    Ok(())
}
