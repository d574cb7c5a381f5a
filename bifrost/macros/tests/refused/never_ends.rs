mod setup;
use setup::*;

bifrost::state_machine! {
    machine Courier(Parcel) starts at Pack;
    task Pack = pack { next Again; catch _ => Again; }
    wait Again for 5 seconds { next Pack; }
    succeed Delivered;
    fail Lost = "Lost";
}

fn main() {}
