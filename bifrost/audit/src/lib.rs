//! The audit log: a Merkle log of entries in the formats of C2SP, its verification, and what auditors read.
//!
//! | module | contents |
//! | --- | --- |
//! | [`log`] | appends entries, publishes tiles and signs checkpoints |

pub mod log;
