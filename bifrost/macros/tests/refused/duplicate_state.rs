mod setup;
use setup::*;

bifrost::state_machine! {
    machine Courier(Parcel) starts at Pack;
    task Pack = pack { next Tidy; catch _ => Lost; }
    pass Tidy { next Delivered; }
    pass Tidy { next Lost; }
    succeed Delivered;
    fail Lost = "Lost";
}

fn main() {}
