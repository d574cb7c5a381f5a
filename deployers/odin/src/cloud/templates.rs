//! EC2 launch templates, from which auto-scaling groups launch their instances.

use super::{Tags, UserData};
use bifrost::cloud::CloudError;
use bifrost::lifecycle::Proof;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A launch template, without its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaunchTemplate {
    /// Its id, `lt-…`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// When it was created.
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
    /// Whether it is encrypted. Default: the setting of the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encrypted: Option<bool>,
    /// Provisioned IOPS of a `gp3`, `io1` or `io2` volume.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iops: Option<u32>,
    /// Provisioned throughput of a `gp3` volume, in MiB/s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throughput: Option<u32>,
}

/// Content of a new launch template. Its instances accept only `IMDSv2` (`HttpTokens=required`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewLaunchTemplate {
    /// Its name, 3 to 128 letters, digits, `(`, `)`, `.`, `-`, `/` and `_`.
    pub name: String,
    /// Makes the request idempotent: 1 to 128 ASCII characters.
    pub client_token: String,
    /// Id of the image.
    pub image_id: String,
    /// Such as `t3.small`.
    pub instance_type: String,
    /// Ids of security groups.
    pub security_group_ids: Vec<String>,
    /// ARN of an instance profile.
    pub instance_profile_arn: Option<String>,
    /// The user data, at most 16 KiB before it is encoded as base64.
    pub user_data: UserData,
    /// A volume in addition to those of the image; it replaces one with the same device name.
    pub ebs_volume: Option<EbsVolume>,
    /// Whether EBS traffic has dedicated bandwidth. Default: that of the instance type.
    pub ebs_optimized: Option<bool>,
    /// Maximum price of a spot instance in US dollars per hour. Without it, instances are on demand.
    pub spot_price: Option<String>,
    /// Whether instances get a public address. Default: the setting of the subnet.
    pub associate_public_ip_address: Option<bool>,
    /// Name of a placement group.
    pub placement_group: Option<String>,
    /// `default` or `dedicated`. Default: the setting of the VPC.
    pub tenancy: Option<String>,
    /// How many network hops an answer of the instance metadata service may travel, 1 to 64. Default: 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata_hop_limit: Option<u32>,
    /// Whether CloudWatch gets the metrics of instances each minute, not each five minutes. Default: no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detailed_monitoring: Option<bool>,
    /// Tags of the template itself; instances get those of their group.
    pub tags: Tags,
    /// Tags of the volumes of instances. Auto Scaling does not give them those of the group.
    #[serde(skip_serializing_if = "Tags::is_empty")]
    pub volume_tags: Tags,
}

/// EC2 launch templates.
#[bifrost::port]
pub trait LaunchTemplates {
    /// All launch templates that have all these tags, sorted by name.
    ///
    /// # Errors
    /// [`CloudError`] from EC2.
    #[call("ec2:DescribeLaunchTemplates")]
    async fn launch_templates(&self, tags: &[(&str, &str)]) -> Result<Vec<LaunchTemplate>, CloudError>;

    /// Creates a launch template. A repetition with the same client token and content returns the existing template.
    ///
    /// # Errors
    /// [`AlreadyExists`](bifrost::cloud::ErrorKind::AlreadyExists) (`InvalidLaunchTemplateName.AlreadyExistsException`)
    /// if another template has that name; `IdempotentParameterMismatch` if the token was used for other content.
    #[change("ec2:CreateLaunchTemplate", template.name)]
    async fn create_launch_template(
        &self,
        proof: &Proof,
        template: &NewLaunchTemplate,
    ) -> Result<LaunchTemplate, CloudError>;

    /// Deletes a launch template with all its versions. A group that still uses it cannot launch instances any more.
    ///
    /// # Errors
    /// Not found (`InvalidLaunchTemplateName.NotFoundException`) if it does not exist.
    #[change("ec2:DeleteLaunchTemplate", name)]
    async fn delete_launch_template(&self, proof: &Proof, name: &str) -> Result<(), CloudError>;
}
