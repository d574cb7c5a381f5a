mod setup;
use setup::*;

bifrost::state_machine! {
    machine Courier(Parcel) starts at Pack;
    task Pack = pack { next Rest; catch _ => Lost; }
    wait Rest for 100000000 seconds { next Delivered; }
    succeed Delivered;
    fail Lost = "Lost";
}

fn main() {}
