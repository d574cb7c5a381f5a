mod setup;
use setup::*;
use setup::PackFailure::TooHeavy;

bifrost::state_machine! {
    machine Courier(Parcel) starts at Pack;
    task Pack = pack { next Delivered; catch TooHeavy => Lost; catch _ => Lost; }
    succeed Delivered;
    fail Lost = "Lost";
}

fn main() {}
