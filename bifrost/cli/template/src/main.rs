//! Cache, a deployer: it creates a DynamoDB table for each release, waits until the table is
//! ready, and deletes the tables of earlier releases. A deploy that fails deletes its own table.

#[cfg(feature = "lambda")]
mod aws;
#[cfg(feature = "cli")]
mod client;
mod handlers;
#[cfg(feature = "local")]
mod local;
mod machine;
mod release;
mod tables;
#[cfg(test)]
mod tests;

use bifrost::{Deployer, Permission};
use machine::Cache;
use release::Settings;

/// All tables that this deployer creates: `acme.shop.development.release-…`.
const TABLES: &str = "arn:${AWS::Partition}:dynamodb:*:${AWS::AccountId}:table/*.release-*";

impl Deployer for Cache {
    type Fields = Settings;
    type Machine = Self;
    // The command is `cache`. All names in AWS begin with prefix and name: `acme-cache`.
    const NAME: &'static str = "cache";
    const PREFIX: &'static str = "acme-";
    // A deploy that takes longer fails and is rolled back, unless its release has a `timeout` of
    // its own.
    const TIMEOUT_SECONDS: u32 = 600;
    // `cache bootstrap` writes the policy of the role in target accounts from these.
    const PERMISSIONS: &[Permission] = &[
        Permission::new(
            "Tables",
            "Creates a table for each release, and deletes those of earlier ones",
            &[
                "dynamodb:CreateTable",
                "dynamodb:DeleteTable",
                "dynamodb:DescribeTable",
            ],
            &[TABLES],
        ),
        Permission::new(
            "FindTables",
            "Finds the tables of earlier releases",
            &["dynamodb:ListTables"],
            &["*"],
        ),
    ];
}

// One program: the command, and in AWS the Lambda function that runs every task.
bifrost::main!(Cache, clouds: [local, aws]);
