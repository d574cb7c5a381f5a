#[bifrost::field_type]
pub struct Stamps {
    pub stamps: Option<std::collections::BTreeMap<String, Option<u32>>>,
}

fn main() {}
