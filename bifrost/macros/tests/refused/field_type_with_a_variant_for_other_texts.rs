#[bifrost::field_type]
enum Item {
    Book,
    #[serde(other)]
    Unknown,
}

fn main() {}
