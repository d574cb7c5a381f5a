//! The base of all charts of these fixtures. It compiles: each fixture adds one mistake.

#[allow(unused_imports, reason = "a fixture need not use every handler")]
pub use bifrost::lifecycle::{LockFailure, fail, lock, succeed, validate};

use bifrost::TaskError;
use bifrost::release::Release;
use chrono::{DateTime, Utc};

pub type Context = bifrost::lifecycle::Context<()>;

pub type Parcel = Release<ParcelFields>;

#[bifrost::fields]
pub struct ParcelFields {
    pub address: String,
    pub weight: u32,
    pub balance: i64,
    pub packed: bool,
    pub due: DateTime<Utc>,
    pub delay: Option<u32>,
    #[serde(rename = "pickUp")]
    pub pick_up: u32,
    pub label: Label,
    pub speed: Speed,
}

#[bifrost::field_type]
pub struct Label {
    pub printed: bool,
}

#[bifrost::field_type]
#[serde(rename_all = "lowercase")]
pub enum Speed {
    Normal,
    Express,
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
