//! The base of all charts of these fixtures. It compiles: each fixture adds one mistake.

use bifrost::json::ReadError;
use bifrost::machine::Data;
use bifrost::release::Defaults;
use bifrost::{Shape, TaskError};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub type Context = bifrost::task::Context<()>;

#[derive(Serialize, Deserialize, Shape)]
pub struct Parcel {
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
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Value>,
}

#[derive(Serialize, Deserialize, Shape)]
pub struct Label {
    pub printed: bool,
}

impl Data for Parcel {
    type Ports = ();

    fn read(input: &Value, _: &Defaults) -> Result<Self, ReadError> {
        bifrost::json::read(input)
    }
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
