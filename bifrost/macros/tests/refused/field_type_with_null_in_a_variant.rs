#[bifrost::field_type]
enum Item {
    Book(Option<u32>),
}

fn main() {}
