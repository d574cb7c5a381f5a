mod setup;
use setup::*;

bifrost::state_machine! {
    machine Courier(Parcel) starts at Pack;
    #[cfg(test)]
    task Pack = pack { next Delivered; catch _ => Lost; }
    succeed Delivered;
    fail Lost = "Lost";
}

fn main() {}
