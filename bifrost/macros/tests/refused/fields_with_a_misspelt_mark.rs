#[bifrost::fields]
pub struct Letter {
    pub address: String,
    #[set_by_deployer(cleared_at_the_end)]
    pub weight: Option<u32>,
}

fn main() {}
