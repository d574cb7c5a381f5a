//! Odin: deploys each service of a release as an auto-scaling group, blue/green.
