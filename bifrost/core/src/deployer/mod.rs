//! What makes a deployer: its machine, its name, its rules and its rights; and how commands reach it in AWS.

mod connect;
mod permission;

pub use connect::{BootstrapTarget, Connect, ConnectError, ConnectOptions, Connection};
pub use permission::{Boundary, DEPLOYERS_BUCKET, Permission, PolicyCondition};

use crate::machine::Machine;
use crate::release::{Fields, Release};

/// The ports that deployer `D` has into a target account.
pub type Ports<D> = <<D as Deployer>::Fields as Fields>::Ports;

/// A deployer: what the framework has to know of it wherever it runs.
///
/// Where it runs, it says apart: in the embedded world as a `LocalDeployer` of the crate `bifrost-local`, in AWS as an
/// `AwsDeployer` of `bifrost-aws`; and what its commands show as a `ClientDeployer` of `bifrost-cli`. The Lambda function
/// needs none of the latter. What a client does is advice: the handler of `Validate` must call [`check`](Self::check)
/// itself, as whoever starts an execution need not be our client.
pub trait Deployer: Sized + Send + Sync + 'static {
    /// Its own fields of a release.
    type Fields: Fields;
    /// Its chart, written with [`state_machine!`](crate::state_machine).
    type Machine: Machine<Data = Release<Self::Fields>>;

    /// Its name, which is its command's, too: `odin`.
    const NAME: &'static str;
    /// How long a deploy may take that does not say so, in seconds.
    const TIMEOUT_SECONDS: u32;
    /// What its ports call in a target account, for the policy of the role there. By default nothing.
    const PERMISSIONS: &'static [Permission] = &[];
    /// What the roles that it makes in a target account may ever do. By default it makes none.
    const BOUNDARY: Option<Boundary> = None;
    /// The names of the files that its tasks write beside a release. By default none: locks and halt flags are the
    /// framework's.
    const WRITTEN_FILES: &'static [&'static str] = &[];

    /// Checks all that can be checked without AWS: the rules of the deployer's `Validate`. The client asks before it
    /// uploads anything.
    ///
    /// # Errors
    /// Says what is wrong, by JSON path, and what to do.
    fn check(release: &Release<Self::Fields>) -> Result<(), String> {
        let _ = release;
        Ok(())
    }
}
