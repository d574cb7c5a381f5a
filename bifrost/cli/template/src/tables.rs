//! The port: the calls that handlers make in a target account, in AWS's words. `local.rs` has its
//! half for the local cloud.

use bifrost::cloud::CloudError;
use bifrost::lifecycle::Proof;

/// The tables of an account and region.
#[bifrost::port]
pub(crate) trait Tables {
    /// The names of all tables.
    #[call("dynamodb:ListTables")]
    async fn list(&self) -> Result<Vec<String>, CloudError>;

    /// The status of a table, or `None` if it does not exist.
    #[call("dynamodb:DescribeTable", name)]
    async fn status(&self, name: &str) -> Result<Option<Status>, CloudError>;

    /// Begins to create a table whose key is the attribute `key`.
    #[change("dynamodb:CreateTable", name)]
    async fn create(&self, proof: &Proof, name: &str, key: &str) -> Result<(), CloudError>;

    /// Deletes a table, unless it is still being created.
    #[change("dynamodb:DeleteTable", name)]
    async fn delete(&self, proof: &Proof, name: &str) -> Result<(), CloudError>;
}

/// What DynamoDB says about a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    /// It can be used.
    Active,
    /// It cannot be used yet, or any more.
    Other,
}
