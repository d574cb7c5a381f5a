//! AWS as moto emulates it.

use super::fixture::{REGION, Resources};
use bifrost_moto::MotoAccount;
use serde_json::{Value, json};

/// Creates the resources of a [`RegionFixture`](super::fixture::RegionFixture).
pub fn seed(account: &MotoAccount) -> Resources {
    let seed = Seed(account.clone());
    seed.role();
    let (subnet, security_group) = seed.network();
    let key = seed.key();
    seed.tables();
    seed.events();
    let bucket = format!("templates-{}", account.id());
    seed.call("s3", "CreateBucket", json!({"Bucket": bucket}));
    let put = move |key: &str, text: &str| {
        seed.call("s3", "PutObject", json!({"Bucket": bucket, "Key": key, "Body": text}));
        format!("https://{bucket}.s3.{REGION}.amazonaws.com/{key}")
    };
    Resources { key, security_group, subnet, put: Box::new(put) }
}

struct Seed(MotoAccount);

impl Seed {
    fn call(&self, service: &str, operation: &str, parameters: Value) -> Value {
        self.0.call(service, operation, parameters)
    }

    fn role(&self) {
        let trust = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]});
        let role =
            json!({"RoleName": "hello-role", "AssumeRolePolicyDocument": trust.to_string(), "Tags": [project()]});
        self.call("iam", "CreateRole", role);
    }

    /// A subnet and a security group.
    fn network(&self) -> (String, String) {
        let vpc = text(&self.call("ec2", "CreateVpc", json!({"CidrBlock": "10.0.0.0/16"}))["Vpc"]["VpcId"]);
        let subnet = self.call("ec2", "CreateSubnet", json!({"VpcId": vpc, "CidrBlock": "10.0.1.0/24"}));
        let subnet = text(&subnet["Subnet"]["SubnetId"]);
        let group = json!({"GroupName": "private", "Description": "private", "VpcId": vpc});
        let group = text(&self.call("ec2", "CreateSecurityGroup", group)["GroupId"]);
        let names = json!({"Resources": [subnet, group], "Tags": [{"Key": "Name", "Value": "private"}]});
        self.call("ec2", "CreateTags", names);
        (subnet, group)
    }

    fn key(&self) -> String {
        let tags = json!([{"TagKey": "ProjectName", "TagValue": "coinbase/deploy-test"}]);
        let key = text(&self.call("kms", "CreateKey", json!({"Tags": tags}))["KeyMetadata"]["KeyId"]);
        self.call("kms", "CreateAlias", json!({"AliasName": "alias/hello", "TargetKeyId": key}));
        key
    }

    fn tables(&self) {
        for (name, streams) in [("streaming", true), ("quiet", false)] {
            let mut table = json!({
                "TableName": name,
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                "BillingMode": "PAY_PER_REQUEST",
            });
            if streams {
                table["StreamSpecification"] = json!({"StreamEnabled": true, "StreamViewType": "KEYS_ONLY"});
            }
            self.call("dynamodb", "CreateTable", table);
        }
    }

    fn events(&self) {
        let tags = json!({"ProjectName": "coinbase/deploy-test"});
        self.call("sqs", "CreateQueue", json!({"QueueName": "jobs", "tags": tags}));
        self.call("sns", "CreateTopic", json!({"Name": "news"}));
    }
}

fn project() -> Value {
    json!({"Key": "ProjectName", "Value": "coinbase/deploy-test"})
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is not a string")).to_owned()
}
