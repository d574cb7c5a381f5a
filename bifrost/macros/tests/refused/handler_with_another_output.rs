mod setup;
use setup::*;

pub async fn weigh(_: &Context, parcel: Parcel) -> Result<u32, PackFailure> {
    Ok(parcel.weight)
}

bifrost::state_machine! {
    machine Courier(Parcel) starts at Pack;
    task Pack = weigh { next Delivered; catch _ => Lost; }
    succeed Delivered;
    fail Lost = "Lost";
}

fn main() {}
