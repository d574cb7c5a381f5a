//! Deployers on AWS.
