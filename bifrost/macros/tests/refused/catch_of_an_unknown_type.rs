mod setup;
use setup::*;

bifrost::state_machine! {
    machine Courier(Parcel) starts at Pack;
    task Pack = pack { next Delivered; catch PakFailure::TooHeavy => Lost; catch _ => Lost; }
    succeed Delivered;
    fail Lost = "Lost";
}

fn main() {}
