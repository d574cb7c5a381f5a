mod setup;
use setup::*;

bifrost::state_machine! {
    machine Courier(Parcel) starts at Pack;
    task Pack = pack { next Mark; catch _ => Lost; }
    pass Mark { $.packed = "yes"; next Delivered; }
    succeed Delivered;
    fail Lost = "Lost";
}

fn main() {}
