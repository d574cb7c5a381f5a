#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
struct Loose {
    name: String,
}

#[bifrost::field_type]
enum Item {
    Book(Loose),
}

fn main() {}
