mod setup;
use setup::*;

pub async fn weigh(_: &Context, _weight: u32) -> Result<Parcel, PackFailure> {
    Err(PackFailure::TooHeavy)
}

bifrost::state_machine! {
    machine Courier(Parcel) starts at Pack;
    task Pack = weigh { next Delivered; catch _ => Lost; }
    succeed Delivered;
    fail Lost = "Lost";
}

fn main() {}
