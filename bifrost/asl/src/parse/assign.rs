//! Parses `Assign`.

use super::fields::Fields;
use crate::model::Assign;

pub(super) fn assign(fields: &Fields<'_>) -> Assign {
    let variables = fields.object_template("Assign");
    check_names(fields, variables.iter().flat_map(|template| template.names()));
    Assign { variables }
}

/// Reports each name that a variable must not have.
pub(super) fn check_names<'n>(fields: &Fields<'_>, names: impl Iterator<Item = &'n str>) {
    for name in names.filter(|name| !is_variable_name(name)) {
        let message = format!(
            "{name:?} is not a valid variable name; use up to 80 letters, digits and `_`, no digit first, and not `states`"
        );
        fields.report(&format!("Assign.{name}"), message);
    }
}

fn is_variable_name(name: &str) -> bool {
    let mut characters = name.chars();
    name != "states"
        && name.chars().count() <= 80
        && characters.next().is_some_and(|c| c.is_alphabetic() || c == '_')
        && characters.all(|c| c.is_alphanumeric() || c == '_')
}
