mod setup;
use setup::*;

pub async fn weigh(parcel: Parcel) -> Result<Parcel, PackFailure> {
    Ok(parcel)
}

bifrost::state_machine! {
    machine Courier(Parcel) starts at Pack;
    task Pack = weigh { next Delivered; catch _ => Lost; }
    succeed Delivered;
    fail Lost = "Lost";
}

fn main() {}
