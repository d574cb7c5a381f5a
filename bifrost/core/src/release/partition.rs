//! AWS partitions: the part of every ARN, and the suffix of host names, that depend on the region.

use super::{AccountId, Region};

/// A partition of AWS. Accounts, ARNs and host names are valid in only one.
///
/// The names and suffixes come from `partitions.json` of the AWS SDKs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Partition {
    /// The commercial regions.
    Aws,
    /// China.
    AwsCn,
    /// The European Sovereign Cloud.
    AwsEusc,
    /// AWS Secret and Top Secret regions of the US: `aws-iso`.
    AwsIso,
    /// `aws-iso-b`.
    AwsIsoB,
    /// `aws-iso-e`.
    AwsIsoE,
    /// `aws-iso-f`.
    AwsIsoF,
    /// AWS `GovCloud` (US).
    AwsUsGov,
}

impl Partition {
    /// All partitions.
    pub const ALL: [Self; 8] = [
        Self::Aws,
        Self::AwsCn,
        Self::AwsEusc,
        Self::AwsIso,
        Self::AwsIsoB,
        Self::AwsIsoE,
        Self::AwsIsoF,
        Self::AwsUsGov,
    ];

    /// The partition of a region, by the prefix of the region's name.
    #[must_use]
    pub fn of_region(region: &str) -> Self {
        const PREFIXES: [(&str, Partition); 7] = [
            ("cn-", Partition::AwsCn),
            ("eusc-", Partition::AwsEusc),
            ("eu-isoe-", Partition::AwsIsoE),
            ("us-gov-", Partition::AwsUsGov),
            ("us-iso-", Partition::AwsIso),
            ("us-isob-", Partition::AwsIsoB),
            ("us-isof-", Partition::AwsIsoF),
        ];
        let found = PREFIXES.iter().find(|(prefix, _)| region.starts_with(prefix));
        found.map_or(Self::Aws, |(_, partition)| *partition)
    }

    /// The partition's name in ARNs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Aws => "aws",
            Self::AwsCn => "aws-cn",
            Self::AwsEusc => "aws-eusc",
            Self::AwsIso => "aws-iso",
            Self::AwsIsoB => "aws-iso-b",
            Self::AwsIsoE => "aws-iso-e",
            Self::AwsIsoF => "aws-iso-f",
            Self::AwsUsGov => "aws-us-gov",
        }
    }

    /// The suffix of its host names, such as `amazonaws.com`: CloudFormation's `AWS::URLSuffix`.
    #[must_use]
    pub fn url_suffix(self) -> &'static str {
        match self {
            Self::Aws | Self::AwsUsGov => "amazonaws.com",
            Self::AwsCn => "amazonaws.com.cn",
            Self::AwsEusc => "amazonaws.eu",
            Self::AwsIso => "c2s.ic.gov",
            Self::AwsIsoB => "sc2s.sgov.gov",
            Self::AwsIsoE => "cloud.adc-e.uk",
            Self::AwsIsoF => "csp.hci.ic.gov",
        }
    }

    /// The ARN of a bucket, or of an object, as `<bucket>/<key>`. Neither has a region or an account.
    ///
    /// ```
    /// # use bifrost_core::release::Partition;
    /// assert_eq!(Partition::AwsCn.s3_arn("releases/*"), "arn:aws-cn:s3:::releases/*");
    /// ```
    #[must_use]
    pub fn s3_arn(self, resource: &str) -> String {
        format!("arn:{}:s3:::{resource}", self.name())
    }

    /// The ARN of an AWS managed policy, such as `service-role/AWSLambdaBasicExecutionRole`.
    #[must_use]
    pub fn managed_policy_arn(self, policy: &str) -> String {
        format!("arn:{}:iam::aws:policy/{policy}", self.name())
    }
}

impl Region {
    /// The partition of the region, by the prefix of its name.
    #[must_use]
    pub fn partition(&self) -> Partition {
        Partition::of_region(self.as_str())
    }

    /// The ARN of a resource in this region.
    ///
    /// ```
    /// # use bifrost_core::release::{AccountId, Region};
    /// let (region, account) = ("us-gov-west-1".parse::<Region>()?, "111111111111".parse::<AccountId>()?);
    /// assert_eq!(region.arn("sns", &account, "deploys"), "arn:aws-us-gov:sns:us-gov-west-1:111111111111:deploys");
    /// # Ok::<(), bifrost_core::release::InvalidName>(())
    /// ```
    #[must_use]
    pub fn arn(&self, service: &str, account: &AccountId, resource: &str) -> String {
        format!("arn:{}:{service}:{self}:{account}:{resource}", self.partition().name())
    }

    /// The ARN of an IAM resource, which has no region, in this region's partition.
    #[must_use]
    pub fn iam_arn(&self, account: &AccountId, resource: &str) -> String {
        format!("arn:{}:iam::{account}:{resource}", self.partition().name())
    }
}

/// Service principals in trust policies and policies. They are the same in every partition.
pub mod service_principal {
    /// API Gateway.
    pub const API_GATEWAY: &str = "apigateway.amazonaws.com";
    /// EC2 Auto Scaling.
    pub const AUTO_SCALING: &str = "autoscaling.amazonaws.com";
    /// `CloudFront`, when it writes the logs of functions at the edge.
    pub const CLOUD_FRONT_LOGGER: &str = "logger.cloudfront.amazonaws.com";
    /// CloudFormation.
    pub const CLOUD_FORMATION: &str = "cloudformation.amazonaws.com";
    /// `CodeDeploy`.
    pub const CODE_DEPLOY: &str = "codedeploy.amazonaws.com";
    /// Lambda@Edge.
    pub const EDGE_LAMBDA: &str = "edgelambda.amazonaws.com";
    /// Elastic Load Balancing.
    pub const ELASTIC_LOAD_BALANCING: &str = "elasticloadbalancing.amazonaws.com";
    /// `EventBridge`.
    pub const EVENTS: &str = "events.amazonaws.com";
    /// Lambda.
    pub const LAMBDA: &str = "lambda.amazonaws.com";
    /// Lambda, when it copies functions to the edge.
    pub const LAMBDA_REPLICATOR: &str = "replicator.lambda.amazonaws.com";
    /// Secrets Manager.
    pub const SECRETS_MANAGER: &str = "secretsmanager.amazonaws.com";
    /// EC2 Spot.
    pub const SPOT: &str = "spot.amazonaws.com";
    /// Step Functions.
    pub const STATES: &str = "states.amazonaws.com";

    /// The principal of a service, by the first part of its name, such as `lambda`.
    #[must_use]
    pub fn of(service: &str) -> String {
        format!("{service}.amazonaws.com")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn region_belongs_to_one_partition() {
        for (region, name, suffix) in [
            ("us-east-1", "aws", "amazonaws.com"),
            ("cn-north-1", "aws-cn", "amazonaws.com.cn"),
            ("us-gov-west-1", "aws-us-gov", "amazonaws.com"),
            ("us-iso-east-1", "aws-iso", "c2s.ic.gov"),
            ("us-isob-east-1", "aws-iso-b", "sc2s.sgov.gov"),
            ("eu-isoe-west-1", "aws-iso-e", "cloud.adc-e.uk"),
            ("us-isof-south-1", "aws-iso-f", "csp.hci.ic.gov"),
            ("eusc-de-east-1", "aws-eusc", "amazonaws.eu"),
        ] {
            let partition = region.parse::<Region>().unwrap().partition();
            assert_eq!((partition.name(), partition.url_suffix()), (name, suffix), "{region}");
        }
    }

    #[test]
    fn arns_have_the_partition() {
        let (china, account) = ("cn-north-1".parse::<Region>().unwrap(), "111111111111".parse().unwrap());
        assert_eq!(china.arn("lambda", &account, "function:f"), "arn:aws-cn:lambda:cn-north-1:111111111111:function:f");
        assert_eq!(china.iam_arn(&account, "role/r"), "arn:aws-cn:iam::111111111111:role/r");
        assert_eq!(Partition::AwsUsGov.s3_arn("b/k"), "arn:aws-us-gov:s3:::b/k");
        assert_eq!(Partition::AwsUsGov.managed_policy_arn("p"), "arn:aws-us-gov:iam::aws:policy/p");
    }
}
