//! What a release names in AWS: looked up, and held against the rules by which resources opt in.

mod lookup;
mod opt_in;
mod resolve;

pub(crate) use lookup::look_up;
pub(crate) use resolve::resolve;
