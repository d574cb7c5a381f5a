//! Deployers on AWS: the ports of `bifrost` on the AWS SDK, the role in each target account, and the Lambda runtime.
//!
//! A deployer runs here once it is an [`AwsDeployer`]. Every request passes one gate, [`AwsSession::call`], which knows it by
//! its AWS name, traces it, and bounds it by the time that its invocation has left.
//!
//! | feature | what it brings |
//! | --- | --- |
//! | `lambda` | `serve`: the deployer's binary as a Lambda function |
//! | `client` | `Aws`: the commands reach AWS |

#[cfg(any(feature = "client", feature = "lambda"))]
mod account;
mod call_scope;
#[cfg(feature = "client")]
mod client;
mod configuration;
mod deployer;
mod error;
mod filters;
#[cfg(feature = "lambda")]
mod lambda;
mod locks;
mod objects;
mod pages;
mod request;
mod roles;
mod session;

#[cfg(any(feature = "client", feature = "lambda"))]
use account::deployer_account;
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
pub use request::{Request, each, found};
pub use roles::{AssumedRoles, RoleOptions};
pub use session::AwsSession;
