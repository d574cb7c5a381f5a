//! A field of a variant cannot be left out of what is read.

#[bifrost::field_type]
enum Colour {
    Plain,
    Mixed {
        #[unused_by_clean_up]
        with: Option<String>,
    },
}

fn main() {}
