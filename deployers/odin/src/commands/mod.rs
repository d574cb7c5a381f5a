//! Commands that only Odin has.

mod fleet;
mod parity;

pub use fleet::FleetCommand;
pub use parity::ParityCommand;

/// The exit code of a command that found something to correct.
const FOUND: u8 = 1;

/// The exit code of a command whose answer is incomplete.
const INCOMPLETE: u8 = 2;
