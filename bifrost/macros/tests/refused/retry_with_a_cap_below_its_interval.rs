mod setup;
use setup::*;

bifrost::state_machine! {
    machine Courier(Parcel) starts at Pack;
    task Pack = pack { next Delivered; retry _ { interval_seconds: 60, max_delay_seconds: 30 } catch _ => Lost; }
    succeed Delivered;
    fail Lost = "Lost";
}

fn main() {}
