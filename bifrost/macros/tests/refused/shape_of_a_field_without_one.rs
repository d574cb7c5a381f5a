use bifrost::Shape;

pub struct Stamp;

#[derive(Shape)]
pub struct Letter {
    pub stamp: Stamp,
}

fn main() {}
