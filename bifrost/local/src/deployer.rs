//! What a deployer adds to run in the embedded world.

use super::session::Session;
use super::world::Resources;
use bifrost_core::deployer::{Deployer, Ports};

/// A deployer that runs in the embedded world.
pub trait LocalDeployer: Deployer {
    /// Its own part of an account there.
    type Resources: Resources;

    /// A world file for `--local`, as JSON, for those who name none.
    const WORLD: &'static str;

    /// Opens its ports in the account and region of the session: once an attempt of a task, and for a client that
    /// looks.
    fn local_ports(session: Session<Self::Resources>) -> Ports<Self>;
}
