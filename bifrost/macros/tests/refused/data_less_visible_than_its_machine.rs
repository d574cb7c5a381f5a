mod setup;
use setup::*;
use bifrost::json::ReadError;
use bifrost::machine::Data;
use bifrost::release::Defaults;

#[derive(serde::Serialize, serde::Deserialize, bifrost::Shape)]
struct Letter {
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<serde_json::Value>,
}

impl Data for Letter {
    type Ports = ();

    fn read(input: &serde_json::Value, _: &Defaults) -> Result<Self, ReadError> {
        bifrost::json::read(input)
    }
}

async fn post(_: &Context, letter: Letter) -> Result<Letter, PackFailure> {
    Ok(letter)
}

bifrost::state_machine! {
    pub machine Courier(Letter) starts at Post;
    task Post = post { next Delivered; catch _ => Lost; }
    succeed Delivered;
    fail Lost = "Lost";
}

fn main() {}
