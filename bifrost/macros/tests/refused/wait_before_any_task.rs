mod setup;
use setup::*;

bifrost::state_machine! {
    machine Courier(Parcel) starts at Rest;
    wait Rest for $.weight seconds { next Pack; }
    task Pack = pack { next Delivered; catch _ => Lost; }
    succeed Delivered;
    fail Lost = "Lost";
}

fn main() {}
