use bifrost::Shape;

pub struct Stamp;

#[derive(Shape)]
#[shape(read_elsewhere)]
pub struct Letter {
    pub stamp: Stamp,
}

fn main() {}
