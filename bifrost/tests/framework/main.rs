//! The framework as a deployer's author uses it: locks, replay protection, halt, the engine and its faults.
//!
//! One binary, because linking costs more than running.

mod board;
mod engine;
mod halting;
mod locks;
mod replay;
mod world_file;
