//! Odin: deploys each service of a release as an auto-scaling group, blue/green.

pub mod cloud;
