#[bifrost::field_type]
enum Item {
    Book,
    #[serde(rename = "Book")]
    Paper,
}

fn main() {}
