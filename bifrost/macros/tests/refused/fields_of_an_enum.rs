#[bifrost::fields]
pub enum Letter {
    Sent,
}

fn main() {}
