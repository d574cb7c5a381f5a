//! Functions whose traffic shifts to new code step by step: `AutoPublishAlias` with `DeploymentPreference`.

use crate::template::{Content, Node};

/// Each such function, with how its traffic shifts and which alarms undo that.
#[must_use]
pub(crate) fn shifts(template: &Node) -> Vec<(String, String)> {
    let resources = template.get("Resources").and_then(Node::as_mapping).into_iter().flatten();
    resources.filter_map(|(name, entry)| Some((name.clone(), shift(entry.value.get("Properties")?)?))).collect()
}

fn shift(properties: &Node) -> Option<String> {
    let preference = properties.get("DeploymentPreference")?;
    if preference.get("Enabled").is_some_and(|enabled| enabled.content == Content::Boolean(false)) {
        return None;
    }
    let alias = properties.get("AutoPublishAlias")?.as_str()?;
    let kind = preference.get("Type")?.as_str()?;
    let alarms: Vec<&str> =
        preference.get("Alarms").and_then(Node::as_sequence).into_iter().flatten().filter_map(named).collect();
    let alarms = match alarms.as_slice() {
        [] => "no alarm undoes it".to_owned(),
        alarms => format!("undone if {} goes off", alarms.join(" or ")),
    };
    Some(format!("alias {alias} shifts to the new code by {kind}; {alarms}"))
}

/// An alarm of the template, or one by its name.
fn named(alarm: &Node) -> Option<&str> {
    alarm.as_str().or_else(|| alarm.get("Ref")?.as_str())
}
