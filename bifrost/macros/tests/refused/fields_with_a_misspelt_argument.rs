#[bifrost::fields(chek = check)]
pub struct Letter {
    pub address: String,
}

fn main() {}
