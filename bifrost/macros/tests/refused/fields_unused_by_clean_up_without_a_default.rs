//! If the clean-up cannot read the field, it reads it as absent.

#[bifrost::fields]
struct Flag {
    flag: String,
    #[unused_by_clean_up]
    colours: Vec<String>,
}

fn main() {}
