//! The base of all charts of these fixtures. It compiles: each fixture adds one mistake.

#[allow(unused_imports, reason = "a fixture need not use every handler")]
pub use bifrost::lifecycle::{LockFailure, fail, lock, succeed, validate};

use bifrost::release::{Fields, Release};
use bifrost::{Shape, TaskError};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub type Context = bifrost::lifecycle::Context<()>;

pub type Parcel = Release<ParcelFields>;

#[derive(Serialize, Deserialize, Shape)]
pub struct ParcelFields {
    pub address: String,
    pub weight: u32,
    pub balance: i64,
    pub packed: bool,
    pub due: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay: Option<u32>,
    #[serde(rename = "pickUp")]
    pub pick_up: u32,
    #[serde(flatten)]
    pub label: Label,
}

#[derive(Serialize, Deserialize, Shape)]
pub struct Label {
    pub printed: bool,
}

impl Fields for ParcelFields {
    type Ports = ();
}

#[derive(Debug, thiserror::Error, TaskError)]
pub enum PackFailure {
    #[error("too heavy")]
    TooHeavy,
    #[error("lost")]
    Lost,
}

#[derive(Debug, thiserror::Error, TaskError)]
pub enum OtherFailure {
    #[error("late")]
    Late,
}

pub async fn pack(_: &Context, parcel: Parcel) -> Result<Parcel, PackFailure> {
    Ok(parcel)
}
