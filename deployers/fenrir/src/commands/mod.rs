//! Commands that only Fenrir has.

mod outputs;
mod package;
mod validate;

pub(crate) use outputs::NoStack;
pub use outputs::Outputs;
pub use package::Package;
pub use validate::Validate;

use clap::{Arg, ArgMatches, value_parser};
use std::path::{Path, PathBuf};

/// The name of the argument that names the template.
const TEMPLATE: &str = "template";

fn template_argument() -> Arg {
    Arg::new(TEMPLATE)
        .value_name("TEMPLATE")
        .value_parser(value_parser!(PathBuf))
        .default_value("template.yml")
        .help("Template file, in YAML or JSON")
}

fn template_file(matches: &ArgMatches) -> &Path {
    matches.get_one::<PathBuf>(TEMPLATE).map_or(Path::new("template.yml"), PathBuf::as_path)
}
