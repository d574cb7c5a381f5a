mod setup;
use setup::*;

pub fn pack_now(_: &Context, parcel: Parcel) -> Result<Parcel, PackFailure> {
    Ok(parcel)
}

bifrost::state_machine! {
    machine Courier(Parcel) starts at Pack;
    task Pack = pack_now { next Delivered; catch _ => Lost; }
    succeed Delivered;
    fail Lost = "Lost";
}

fn main() {}
