//! The resources that a release names: looks them up, and checks that they opted in.

mod lookup;
mod opt_in;
mod resolve;

pub(crate) use lookup::look_up;
pub(crate) use resolve::{placement_prefix, resolve};
