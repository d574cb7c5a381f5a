use bifrost::Shape;

#[derive(Shape)]
pub struct Letter {
    #[serde(flatten)]
    pub weight: u32,
}

fn main() {}
