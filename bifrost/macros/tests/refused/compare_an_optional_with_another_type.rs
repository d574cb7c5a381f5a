mod setup;
use setup::*;

bifrost::state_machine! {
    machine Courier(Parcel) starts at Pack;
    task Pack = pack { next Which; catch _ => Lost; }
    choice Which { $.delay == true => Delivered; _ => Lost; }
    succeed Delivered;
    fail Lost = "Lost";
}

fn main() {}
