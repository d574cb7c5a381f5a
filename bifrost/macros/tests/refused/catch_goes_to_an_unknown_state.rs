mod setup;
use setup::*;

bifrost::state_machine! {
    machine Courier(Parcel) starts at Pack;
    task Pack = pack { next Delivered; catch _ => Losst; }
    pass Tidy { next Lost; }
    succeed Delivered;
    fail Lost = "Lost";
}

fn main() {}
