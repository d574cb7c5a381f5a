//! Whose a stack is: two projects can have the same name of one, as `a/b-c` and `a-b/c` do.

use crate::rules::Tags;
use bifrost::release::{ConfigName, ProjectName};

/// Whether tags of a stack, or of a change set, are those of a project's config.
pub(crate) fn is_of(tags: &Tags, project: &ProjectName, config: &ConfigName) -> bool {
    let tag = |key: &str| tags.get(key).map_or("", String::as_str);
    tag("ProjectName") == project.as_str() && tag("ConfigName") == config.as_str()
}

/// Says whose stack is in the way.
pub(crate) fn others(stack: &str, tags: &Tags) -> String {
    let tag = |key: &str| tags.get(key).map_or("", String::as_str);
    format!(
        "there is a stack {stack} with tags ProjectName={:?} and ConfigName={:?}, which are not this release's: \
         a stack of another project is left alone; name this project or config otherwise",
        tag("ProjectName"),
        tag("ConfigName")
    )
}
