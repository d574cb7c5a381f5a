mod setup;
use setup::*;

bifrost::state_machine! {
    machine Courier(Parcel) starts at Pack;
    task Pack = pack { next Delivered; retry _ { max_attempts: 1 } retry PackFailure::Lost { max_attempts: 2 } catch _ => Lost; }
    succeed Delivered;
    fail Lost = "Lost";
}

fn main() {}
