mod setup;
use setup::*;

bifrost::state_machine! {
    machine Courier(Pracel) starts at Pack;
    task Pack = pack { next Delivered; catch _ => Lost; }
    succeed Delivered;
    fail Lost = "Lost";
}

fn main() {}
