fn check() {}

#[bifrost::field_type(check = check)]
pub struct Stamp {
    pub colour: String,
}

fn main() {}
