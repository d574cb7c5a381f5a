//! Deployers on AWS: the ports of `bifrost` on the AWS SDK, the role in each target account, and the Lambda runtime.
//!
//! A deployer runs on AWS if it implements [`AwsDeployer`]. Every request goes through [`AwsSession::call`], which
//! traces it under its AWS name and limits it to the time that its invocation has left.
//!
//! | feature | adds |
//! | --- | --- |
//! | `lambda` | `serve`: the deployer's binary as a Lambda function |
//! | `client` | `Aws`: connects the commands to AWS |

#[cfg(any(feature = "client", feature = "lambda"))]
mod account;
#[cfg(any(feature = "client", feature = "lambda"))]
mod audit;
mod call_scope;
#[cfg(any(feature = "client", feature = "lambda"))]
mod caller_proof;
#[cfg(feature = "client")]
mod client;
mod configuration;
mod contention;
mod deployer;
mod dynamodb;
mod error;
#[cfg(any(feature = "client", feature = "lambda"))]
mod executions;
mod filters;
#[cfg(feature = "lambda")]
mod lambda;
mod locks;
mod objects;
mod pages;
mod port;
mod request;
mod roles;
mod session;

/// The codes of the errors of this crate, for `docs/errors.md`. The errors of calls are those of
/// [`CloudError`](bifrost_core::cloud::CloudError).
#[cfg(feature = "lambda")]
#[doc(hidden)]
pub const ERROR_CODES: &[&[bifrost_core::error_code::ErrorCode]] = lambda::ERROR_CODES;
/// The codes of the errors of this crate. Without the feature `lambda` it has none of its own.
#[cfg(not(feature = "lambda"))]
#[doc(hidden)]
pub const ERROR_CODES: &[&[bifrost_core::error_code::ErrorCode]] = &[];

#[cfg(any(feature = "client", feature = "lambda"))]
use account::deployer_account;
#[cfg(any(feature = "client", feature = "lambda"))]
pub use audit::{AuditLocation, AwsAuditStore, KmsSigner, KnownKey};
pub use bifrost_core::cloud::found;
pub use call_scope::CallScope;
#[cfg(feature = "client")]
pub use client::Aws;
pub use configuration::sdk_config;
pub use deployer::AwsDeployer;
pub use error::{Incomplete, cloud_error};
pub use filters::{FILTER_VALUES_LIMIT, literal};
#[cfg(feature = "lambda")]
pub use lambda::{is_lambda, serve};
pub use locks::DynamoDbLocks;
pub use objects::S3Objects;
pub use pages::pages;
pub use port::{AwsCall, AwsChange, AwsClient, emulated_session};
pub use request::{Request, each};
pub use roles::{AssumedRoles, RoleOptions};
pub use session::AwsSession;
