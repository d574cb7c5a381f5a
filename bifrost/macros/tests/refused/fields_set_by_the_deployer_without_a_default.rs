#[bifrost::field_type]
pub enum Colour {
    Red,
}

#[bifrost::fields]
pub struct Letter {
    #[set_by_deployer]
    pub colour: Colour,
}

fn main() {}
