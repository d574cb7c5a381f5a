type Maybe = Option<u32>;

#[bifrost::fields]
pub struct Letter {
    pub weight: Maybe,
}

fn main() {}
