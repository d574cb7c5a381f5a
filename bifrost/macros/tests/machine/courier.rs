//! A chart with every kind of state.

use bifrost::lifecycle::{Context, Finish, LockFailure, lock, succeed, validate};
use bifrost::release::Release;
use bifrost::{TaskError, state_machine};
use chrono::{DateTime, Utc};

pub(crate) type Parcel = Release<ParcelFields>;

#[bifrost::fields]
pub(crate) struct ParcelFields {
    address: String,
    #[serde(default)]
    weight: u32,
    #[serde(default)]
    wait: u32,
    #[serde(rename = "pickUp")]
    pick_up: Option<DateTime<Utc>>,
    due: DateTime<Utc>,
    #[serde(rename = "type")]
    kind: String,
    fragile: Option<bool>,
    #[serde(default)]
    attempts: i64,
    #[serde(rename(serialize = "printed", deserialize = "printed"), default)]
    done: bool,
}

#[derive(Debug, thiserror::Error, TaskError)]
pub(crate) enum PackFailure {
    #[error("{kilos} kg is too heavy")]
    TooHeavy { kilos: u32 },
    #[error("could not close the box")]
    #[task_error(name = "OpenBox")]
    Open(#[source] std::io::Error),
    #[error("{0}")]
    Lost(String),
}

#[expect(clippy::unused_async, reason = "a handler is async")]
pub(crate) async fn pack(_: &Context<()>, parcel: Parcel) -> Result<Parcel, PackFailure> {
    match parcel.fields.weight {
        0 => Err(PackFailure::Lost("nothing to pack".into())),
        1..20 => Ok(parcel),
        20..30 => Err(PackFailure::Open(std::io::Error::other("no tape"))),
        kilos => Err(PackFailure::TooHeavy { kilos }),
    }
}

pub(crate) async fn deliver(ctx: &Context<()>, mut parcel: Parcel) -> Result<Parcel, PackFailure> {
    let fields = &mut parcel.fields;
    assert!(fields.address != "nowhere", "unknown address: {}", fields.address);
    fields.attempts = i64::from(ctx.attempt.retry_count);
    if fields.address == "far away" {
        fields.kind = "x".repeat(200 * 1024);
    }
    Ok(parcel)
}

#[expect(clippy::unused_async, reason = "a handler is async")]
pub(crate) async fn fetch(_: &Context<()>, parcel: Parcel) -> Result<Parcel, PackFailure> {
    Ok(parcel)
}

#[expect(clippy::unused_async, reason = "a handler is async")]
pub(crate) async fn give_up(_: &Context<()>, parcel: Parcel) -> Result<Finish<ParcelFields>, PackFailure> {
    Ok(Finish::Failure(parcel))
}

state_machine! {
    /// Delivers a parcel to its address,
    /// or returns it.
    pub(crate) machine Courier(Parcel) starts at Validate, changes from Pack;

    task Validate = validate { validates; next Lock; catch _ => Returned; }

    task Lock = lock {
        catch LockFailure::LockExists => FailureClean;
        catch _ => GiveUp;
        next Pack;
        locks;
    }

    /// Finds a box for it.
    task Pack = pack {
        next IsFragile;
        retry PackFailure::Lost { max_attempts: 0 }
        /// Tape comes with the next shift.
        retry PackFailure::Open { max_attempts: 60, interval_seconds: 10, backoff_rate: 1, max_delay_seconds: 3600 }
        retry _ { interval_seconds: 15 }
        catch PackFailure::TooHeavy => GiveUp;
        /// Needs manual intervention.
        catch _ => FailureDirty;
    }

    choice IsFragile as "Fragile?" {
        /// By hand.
        $.fragile == true => WaitForHands;
        $.fragile != false && $.weight >= 10 => WaitForHands;
        $.type in ["letter", "card"] || !($.printed == true) => MarkLate;
        $.due < "2026-01-01T00:00:00Z" => MarkLate;
        $.attempts > -3 => WaitForVan;
        $.pickUp present => WaitForDue;
        _ => WaitForYear;
    }

    wait WaitForHands for 90 seconds { next WaitForVan; }
    wait WaitForVan for $.wait seconds { next Deliver; }
    wait WaitForDue until $.due { next Deliver; }
    wait WaitForYear until "2027-01-01T00:00:00Z" { next Skip; }

    /// Does nothing.
    pass Skip { next Deliver; }
    pass MarkLate { $.fragile = true; next Deliver; }

    task Deliver = deliver {
        looks for halt;
        next IsDelivered;
        retry _ {}
        catch _ => Fetch;
    }

    /// Tries again later.
    choice IsDelivered as "Delivered?" { $.attempts < 3 => Unlock; _ => WaitForHands; }

    task Fetch = fetch { cleans up; next GiveUp; catch _ => FailureDirty; }
    task Unlock = succeed { unlocks; next Success; catch _ => FailureDirty; }
    task GiveUp = give_up { unlocks; cleans up; next Returned; catch _ => FailureDirty; }

    pass Returned { $.fragile = false; next FailureClean; }

    succeed Success;
    /// The parcel was returned.
    fail FailureClean = "Returned" because "too heavy for one person";
    fail FailureDirty = "Lost";
}
