//! The version of the deployer's program.

use std::sync::OnceLock;

static VERSION: OnceLock<&'static str> = OnceLock::new();

/// Sets the version of the program, once: `bifrost::main!` does, with the version of the author's package.
pub fn set_version(version: &'static str) {
    // A process has one `main`.
    let _ = VERSION.set(version);
}

/// The version of the program; `None` in a test.
#[must_use]
pub fn version() -> Option<&'static str> {
    VERSION.get().copied()
}
