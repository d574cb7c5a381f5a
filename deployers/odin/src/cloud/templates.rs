//! EC2 launch templates: what an auto-scaling group's instances are made of.

use super::Tags;
use async_trait::async_trait;
use bifrost::cloud::CloudError;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A launch template, without what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaunchTemplate {
    /// Its id, `lt-…`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// When it was made.
    pub create_time: DateTime<Utc>,
    /// Its tags.
    pub tags: Tags,
}

/// An EBS volume that each instance gets. It is deleted with its instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EbsVolume {
    /// Such as `/dev/xvda`.
    pub device_name: String,
    /// In GiB.
    pub size_gib: u32,
    /// Such as `gp3`.
    pub volume_type: String,
}

/// What a launch template is made of. Its instances accept `IMDSv2` only (`HttpTokens=required`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewLaunchTemplate {
    /// Its name, 3 to 128 letters, digits, `(`, `)`, `.`, `-`, `/` and `_`.
    pub name: String,
    /// Tells EC2 that a request is a repetition: up to 128 ASCII characters.
    pub client_token: String,
    /// The image.
    pub image_id: String,
    /// Such as `t3.small`.
    pub instance_type: String,
    /// Ids of security groups.
    pub security_group_ids: Vec<String>,
    /// ARN of an instance profile.
    pub instance_profile_arn: Option<String>,
    /// User data as it is, at most 16 KiB; EC2 gets it in base64.
    pub user_data: String,
    /// A volume beside those of the image, or over one of them.
    pub ebs_volume: Option<EbsVolume>,
    /// Whether EBS traffic has its own bandwidth; if none, the default of the instance type.
    pub ebs_optimized: Option<bool>,
    /// The most that an hour of a spot instance may cost, in US dollars; if none, instances are on demand.
    pub spot_price: Option<String>,
    /// Whether instances get a public address; if none, as the subnet says.
    pub associate_public_ip_address: Option<bool>,
    /// Name of a placement group.
    pub placement_group: Option<String>,
    /// `default` or `dedicated`; if none, as the VPC says.
    pub tenancy: Option<String>,
    /// Tags of the template itself; instances get their group's.
    pub tags: Tags,
}

/// EC2 launch templates.
#[async_trait]
pub trait LaunchTemplates: Send + Sync {
    /// All launch templates that carry all these tags, in the order of their names (`ec2:DescribeLaunchTemplates` with
    /// `tag:` filters, every page).
    ///
    /// # Errors
    /// Whatever EC2 answers.
    async fn launch_templates(&self, tags: &[(&str, &str)]) -> Result<Vec<LaunchTemplate>, CloudError>;

    /// Makes a launch template (`ec2:CreateLaunchTemplate`). Made again with the same client token and content, it is
    /// the same.
    ///
    /// # Errors
    /// [`AlreadyExists`](bifrost::cloud::ErrorKind::AlreadyExists) (`InvalidLaunchTemplateName.AlreadyExistsException`)
    /// if there is another of that name; `IdempotentParameterMismatch` if the token was used for something else.
    async fn create_launch_template(&self, template: &NewLaunchTemplate) -> Result<LaunchTemplate, CloudError>;

    /// Deletes a launch template with all its versions (`ec2:DeleteLaunchTemplate`). A group that still uses it can
    /// launch nothing more.
    ///
    /// # Errors
    /// Not found (`InvalidLaunchTemplateName.NotFoundException`) if there is none of that name.
    async fn delete_launch_template(&self, name: &str) -> Result<(), CloudError>;
}
