#[derive(serde::Serialize, serde::Deserialize, bifrost::Shape)]
pub struct Stamp {
    pub colour: String,
}

fn main() {}
