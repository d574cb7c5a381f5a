#[bifrost::fields]
pub struct Letter {
    pub address: String,
    pub timeout: u32,
}

fn main() {}
