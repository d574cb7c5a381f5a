mod setup;
use setup::*;

bifrost::state_machine! {
    machine Courier(Parcel) starts at Pack;
    task Pack = pack { next ExecutionFilter; catch _ => Lost; }
    choice ExecutionFilter { $.prined == true => Delivered; _ => Lost; }
    succeed Delivered;
    fail Lost = "Lost";
}

fn main() {}
