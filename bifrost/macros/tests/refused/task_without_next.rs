mod setup;
use setup::*;

bifrost::state_machine! {
    machine Courier(Parcel) starts at Pack;
    task Pack = pack { catch _ => Lost; }
    succeed Delivered;
    fail Lost = "Lost";
}

fn main() {}
