//! Fenrir's own commands, beside those that every deployer has.

mod outputs;
mod package;
mod validate;

pub use outputs::Outputs;
pub use package::Package;
pub use validate::Validate;

use clap::{Arg, ArgMatches, value_parser};
use std::path::{Path, PathBuf};

/// The name of the argument of commands that are about a template.
const TEMPLATE: &str = "template";

/// The template's file, `template.yml` if none is named.
fn template_argument() -> Arg {
    Arg::new(TEMPLATE)
        .value_name("TEMPLATE")
        .value_parser(value_parser!(PathBuf))
        .default_value("template.yml")
        .help("The template: YAML or JSON")
}

/// The file that was named.
fn template_file(matches: &ArgMatches) -> &Path {
    matches.get_one::<PathBuf>(TEMPLATE).map_or(Path::new("template.yml"), PathBuf::as_path)
}
