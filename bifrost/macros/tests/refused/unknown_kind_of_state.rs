mod setup;
use setup::*;

bifrost::state_machine! {
    machine Courier(Parcel) starts at Pack;
    task Pack = pack { next Delivered; catch _ => Lost; }
    parallel Both { next Delivered; }
    succeed Delivered;
    fail Lost = "Lost";
}

fn main() {}
