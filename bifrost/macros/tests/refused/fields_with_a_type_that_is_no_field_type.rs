#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub enum Stamp {
    Red,
}

#[bifrost::fields]
pub struct Letter {
    pub address: String,
    pub stamp: Option<Stamp>,
}

fn main() {}
