mod setup;
use setup::*;

pub async fn weigh(_: &bifrost::task::Context<u32>, parcel: Parcel) -> Result<Parcel, PackFailure> {
    Ok(parcel)
}

bifrost::state_machine! {
    machine Courier(Parcel) starts at Pack;
    task Pack = weigh { next Delivered; catch _ => Lost; }
    succeed Delivered;
    fail Lost = "Lost";
}

fn main() {}
