mod setup;
use setup::*;

bifrost::state_machine! {
    machine Courier(Parcel) starts at Pack;
    task Pack = pack { next Delivered; catch _ => Lost; }
    pass Tidy { next Sweep; }
    pass Sweep { next Delivered; }
    succeed Delivered;
    fail Lost = "Lost";
}

fn main() {}
