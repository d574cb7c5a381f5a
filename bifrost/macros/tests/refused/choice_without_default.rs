mod setup;
use setup::*;

bifrost::state_machine! {
    machine Courier(Parcel) starts at Pack;
    task Pack = pack { next ExecutionFilter; catch _ => Lost; }
    choice ExecutionFilter { $.packed == true => Delivered; }
    succeed Delivered;
    fail Lost = "Lost";
}

fn main() {}
