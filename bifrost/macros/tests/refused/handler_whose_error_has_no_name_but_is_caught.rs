mod setup;
use setup::*;

pub enum Nameless {
    Heavy,
}

pub async fn weigh(_: &Context, _parcel: Parcel) -> Result<Parcel, Nameless> {
    Err(Nameless::Heavy)
}

bifrost::state_machine! {
    machine Courier(Parcel) starts at Pack;
    task Pack = weigh { next Delivered; catch Nameless::Heavy => Lost; catch _ => Lost; }
    succeed Delivered;
    fail Lost = "Lost";
}

fn main() {}
