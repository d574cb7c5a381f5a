//! The argument of commands that are about a template.

use clap::{Arg, ArgMatches, value_parser};
use std::path::{Path, PathBuf};

const NAME: &str = "template";

/// The template's file, `template.yml` if none is named.
pub(super) fn argument() -> Arg {
    Arg::new(NAME)
        .value_name("TEMPLATE")
        .value_parser(value_parser!(PathBuf))
        .default_value("template.yml")
        .help("The template: YAML or JSON")
}

/// The file that was named.
pub(super) fn of(matches: &ArgMatches) -> &Path {
    matches.get_one::<PathBuf>(NAME).map_or(Path::new("template.yml"), PathBuf::as_path)
}
