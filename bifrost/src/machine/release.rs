//! A release as the data of a machine.

use super::{Data, Refusal};
use crate::deployer::Fields;
use crate::json::ReadError;
use crate::release::{Defaults, Release};
use serde_json::Value;

impl<F: Fields> Data for Release<F> {
    type Ports = F::Ports;

    fn read(input: &Value, defaults: &Defaults) -> Result<Self, Refusal> {
        Ok(Release::read(input, defaults)?)
    }
}

impl From<ReadError> for Refusal {
    fn from(error: ReadError) -> Self {
        Self { error: error.wire_name(), message: error.to_string() }
    }
}
