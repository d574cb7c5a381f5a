//! What a function cannot have with the role that SAM creates, because neither the role nor its boundary allows it.

use super::rule_context::RuleContext;
use super::{Answer, Lookup, arns, tags};
use crate::template::{FindingCode, Node};
use std::collections::BTreeMap;

/// The log groups that the boundary allows by their names: those that Lambda creates.
const LOG_GROUPS: &str = "/aws/lambda/fenrir-";

/// Checks the properties of a function without `Role`.
pub(super) fn check(context: &mut RuleContext<'_, '_>, node: &Node) {
    if let Some(file_systems) = node.get("FileSystemConfigs") {
        let message = "`FileSystemConfigs` requires `Role`: the role that SAM creates may not mount a file system";
        let help = "set `Role` to a role that may, such as with elasticfilesystem:ClientMount, and remove `Policies`";
        let context = &mut context.within("FileSystemConfigs");
        context.refuse(FindingCode::MissingProperty, file_systems.span, message, help);
    }
    check_log_group(context, node);
    check_tags(context, node);
}

/// Refuses a log group that only the tag `FenrirAllowed:<project>:<config>` lets the project use. The boundary is the same for all
/// projects of an account, and no policy can have the name of the project in a condition key.
fn check_log_group(context: &mut RuleContext<'_, '_>, node: &Node) {
    let Some(group) = node.get("LoggingConfig").and_then(|config| config.get("LogGroup")) else { return };
    let Some(name) = group.as_str().filter(|name| !name.starts_with(LOG_GROUPS)) else { return };
    let arn = arns::arn(context.facts(), "logs", &format!("log-group:{name}"));
    let Some(Answer::Tags(Some(found))) = context.look_up(Lookup::Tags(arn)) else { return };
    if tags::only_allowed(context.facts(), found) {
        let message = format!("the role that SAM creates may not write to `{name}`, which belongs to another project");
        let help = "set `Role` to a role that may, and remove `Policies`; or add the tag FenrirAllAllowed=true to the log group";
        let mut config = context.within("LoggingConfig");
        config.within("LogGroup").refuse(FindingCode::OtherProject, group.span, message, help);
    }
}

/// Refuses tags whose keys differ only in case. SAM copies the tags of a function to its role, and IAM does not distinguish case.
fn check_tags(context: &mut RuleContext<'_, '_>, node: &Node) {
    let own = tags::KEYS.into_iter().map(|key| (key.to_ascii_lowercase(), key));
    let mut known: BTreeMap<String, &str> = own.collect();
    for (key, entry) in node.get("Tags").and_then(Node::as_mapping).into_iter().flatten() {
        let same = *known.entry(key.to_ascii_lowercase()).or_insert(key);
        if same != key {
            let message = format!("the tag `{key}` differs from `{same}` only in case, which IAM refuses for the role");
            let mut context = context.within("Tags");
            context.within(key).refuse(FindingCode::Conflict, entry.key_span, message, "remove one of the two tags");
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::fixture::{RulesFixture, function, own_tags, tags};
    use crate::rules::{Answer, Lookup, Role, Tags};
    use crate::template::FindingCode;
    use serde_json::{Value, json};

    fn with(properties: &Value) -> Value {
        json!({"hello": function(properties.clone())})
    }

    fn with_role(properties: &Value) -> Value {
        let mut properties = properties.clone();
        properties["Role"] = json!("ours");
        properties["Policies"] = Value::Null;
        with(&properties)
    }

    fn knows_role() -> RulesFixture {
        let role = Role { arn: "arn:aws:iam::000000000000:role/ours".to_owned(), tags: own_tags("hello") };
        RulesFixture::default().knows(Lookup::Role("ours".to_owned()), Answer::Role(Some(role)))
    }

    #[test]
    fn file_system_requires_a_role() {
        let file_system = json!({"FileSystemConfigs": [{
            "Arn": "arn:aws:elasticfilesystem:us-east-1:000000000000:access-point/fsap-1", "LocalMountPath": "/mnt/a",
        }]});
        let path = "hello.Properties.FileSystemConfigs";
        RulesFixture::default().refuses(with(&file_system), path, FindingCode::MissingProperty);
        let findings = knows_role().with(with_role(&file_system)).findings;
        assert!(findings.all().iter().all(|finding| finding.code != FindingCode::MissingProperty), "{findings}");
    }

    fn knows_group(fixture: RulesFixture, tags: Tags) -> RulesFixture {
        let arn = "arn:aws:logs:us-east-1:000000000000:log-group:/payments".to_owned();
        fixture.knows(Lookup::Tags(arn), Answer::Tags(Some(tags)))
    }

    #[test]
    fn log_group_of_another_project_requires_a_role() {
        let group = json!({"LoggingConfig": {"LogGroup": "/payments"}});
        let path = "hello.Properties.LoggingConfig.LogGroup";
        let allowed = || tags([("ProjectName", "org/payments"), ("FenrirAllowed:org/shop:development", "true")]);
        knows_group(RulesFixture::default(), allowed()).refuses(with(&group), path, FindingCode::OtherProject);
        knows_group(knows_role(), allowed()).accepts(with_role(&group));
        for usable in [own_tags("x"), tags([("FenrirAllAllowed", "true")])] {
            knows_group(RulesFixture::default(), usable).accepts(with(&group));
        }
    }

    #[test]
    fn log_group_of_a_function_needs_no_tags() {
        let group = json!({"LoggingConfig": {"LogGroup": "/aws/lambda/fenrir-org-shop-development-other"}});
        let findings = RulesFixture::default().with(with(&group)).findings;
        assert!(findings.all().iter().all(|finding| finding.code != FindingCode::OtherProject), "{findings}");
    }

    #[test]
    fn tags_that_differ_only_in_case_are_refused() {
        for (tags, path) in
            [(json!({"projectname": "org/shop"}), "projectname"), (json!({"Team": "a", "team": "b"}), "team")]
        {
            let path = format!("hello.Properties.Tags.{path}");
            RulesFixture::default().refuses(with(&json!({"Tags": tags})), &path, FindingCode::Conflict);
        }
        RulesFixture::default().accepts(with(&json!({"Tags": {"Team": "a"}})));
    }
}
