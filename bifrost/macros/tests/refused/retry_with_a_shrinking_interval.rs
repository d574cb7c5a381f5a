mod setup;
use setup::*;

bifrost::state_machine! {
    machine Courier(Parcel) starts at Pack;
    task Pack = pack { next Delivered; retry _ { backoff_rate: 0.5 } catch _ => Lost; }
    succeed Delivered;
    fail Lost = "Lost";
}

fn main() {}
