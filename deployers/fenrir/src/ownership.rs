//! Who owns a stack. Two projects can have the same stack name, such as `a/b-c` and `a-b/c`, so its tags decide.

use crate::rules::Tags;
use bifrost::release::{ConfigName, ProjectName};

/// Whether the tags of a stack, or of a change set, name this project and config.
pub(crate) fn owned_by(tags: &Tags, project: &ProjectName, config: &ConfigName) -> bool {
    let tag = |key: &str| tags.get(key).map_or("", String::as_str);
    tag("ProjectName") == project.as_str() && tag("ConfigName") == config.as_str()
}
