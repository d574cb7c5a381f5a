mod setup;
use setup::*;

bifrost::state_machine! {
    machine Courier(Parcel) starts at Pack;
    task Pack = pack { next Delivered; retry OtherFailure::Late { max_attempts: 0 } catch _ => Lost; }
    succeed Delivered;
    fail Lost = "Lost";
}

fn main() {}
