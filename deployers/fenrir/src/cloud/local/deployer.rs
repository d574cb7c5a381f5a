//! Fenrir runs in the embedded world.

use super::{FenrirAccount, ports};
use crate::cloud::FenrirPorts;
use crate::machine::Fenrir;
use bifrost::local::{LocalDeployer, Session};

impl LocalDeployer for Fenrir {
    type Resources = FenrirAccount;

    const WORLD: &'static str = include_str!("../../../../../examples/worlds/fenrir.json");

    fn local_ports(session: Session<FenrirAccount>) -> FenrirPorts {
        ports(session)
    }
}
