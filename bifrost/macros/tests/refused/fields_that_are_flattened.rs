#[bifrost::fields]
pub struct Letter {
    pub address: String,
    #[serde(flatten)]
    pub stamps: std::collections::BTreeMap<String, u32>,
}

fn main() {}
