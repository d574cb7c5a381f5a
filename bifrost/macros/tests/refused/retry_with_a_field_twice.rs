mod setup;
use setup::*;

bifrost::state_machine! {
    machine Courier(Parcel) starts at Pack;
    task Pack = pack { next Delivered; retry _ { max_attempts: 3, max_attempts: 4 } catch _ => Lost; }
    succeed Delivered;
    fail Lost = "Lost";
}

fn main() {}
