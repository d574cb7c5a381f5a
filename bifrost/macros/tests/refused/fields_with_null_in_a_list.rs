#[bifrost::fields]
pub struct Letter {
    pub stamps: Vec<Option<u32>>,
}

fn main() {}
