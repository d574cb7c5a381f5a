use bifrost::Shape;

#[derive(Shape)]
#[shape(read_elsewhere)]
pub struct Letter {
    #[serde(flatten)]
    pub weight: u32,
}

fn main() {}
