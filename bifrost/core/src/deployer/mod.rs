//! A deployer: its state machine, name, rules and permissions, and how commands connect to it in AWS.

mod connect;
mod permission;

pub use connect::{BootstrapTarget, Connect, ConnectError, ConnectErrorKind, ConnectOptions, Connection};
pub use permission::{Boundary, DEPLOYERS_BUCKET, Permission, PolicyCondition};

use crate::error_code::CodedError;
use crate::machine::Machine;
use crate::release::{Fields, Release};

/// The ports of deployer `D` into a target account.
pub type Ports<D> = <<D as Deployer>::Fields as Fields>::Ports;

/// A deployer, as the framework uses it everywhere.
///
/// Other traits add what some environments need: `LocalDeployer` of `bifrost-local` for the local cloud, `AwsDeployer` of
/// `bifrost-aws` for AWS, and `ClientDeployer` of `bifrost-cli` for the commands, which the Lambda function does not need.
///
/// The checks of a client protect nothing, as anyone with the permission can start an execution without it. So the handler
/// of `Validate` must call [`check`](Self::check), too.
pub trait Deployer: Sized + Send + Sync + 'static {
    /// The fields that it adds to a release.
    type Fields: Fields;
    /// Its state machine, written with [`state_machine!`](crate::state_machine).
    type Machine: Machine<Data = Release<Self::Fields>>;

    /// Its name, which is also the name of its command: `odin`.
    const NAME: &'static str;
    /// The default timeout of a deploy, in seconds.
    const TIMEOUT_SECONDS: u32;
    /// The calls of its ports in a target account, for the policy of the role there. By default none.
    const PERMISSIONS: &'static [Permission] = &[];
    /// The permissions boundary of roles that it creates in a target account. By default it creates none.
    const BOUNDARY: Option<Boundary> = None;
    /// The names of files that its tasks write into the directory of a release, apart from locks and halt flags. By default
    /// none.
    const WRITTEN_FILES: &'static [&'static str] = &[];

    /// Checks the rules of the deployer's `Validate` that need no call to AWS. The client calls it before it uploads
    /// anything.
    ///
    /// # Errors
    /// What is wrong, with the JSON path, and what to do.
    fn check(release: &Release<Self::Fields>) -> Result<(), CodedError> {
        let _ = release;
        Ok(())
    }
}
