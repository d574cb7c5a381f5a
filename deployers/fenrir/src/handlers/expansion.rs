//! The check of a change set's template after SAM's expansion.

use crate::cloud::{ChangeSet, ExpandedTemplates};
use crate::errors::{ChangeSetFailure, ReleaseError, TemplateRefused};
use crate::names::{change_set_name, stack_name};
use crate::release::FenrirRelease;
use crate::resolve::facts;
use crate::rules::{CheckedTemplate, check_expanded};
use bifrost::lifecycle::BadRelease;

/// Checks that the expanded template reaches only what belongs to the stack, and what the rules let its template use.
///
/// # Errors
/// [`ChangeSetFailure`], with all findings.
pub(super) async fn check_expansion(
    expansions: &dyn ExpandedTemplates,
    release: &FenrirRelease,
    found: &ChangeSet,
    checked: &CheckedTemplate,
) -> Result<(), ChangeSetFailure> {
    let Some(expanded) = expansions.expanded_template(&stack_name(&release.envelope), &found.id).await? else {
        let change_set = change_set_name(&release.envelope);
        return Err(BadRelease::rule(ReleaseError::ChangeSetDiffers { change_set }).into());
    };
    let findings = check_expanded(&expanded, &checked.allowed, &facts(release));
    if findings.refuse() {
        return Err(BadRelease::rule(TemplateRefused(findings)).into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::{ChangeSetStatus, ExecutionStatus};
    use crate::release::sample;
    use crate::template::Findings;
    use async_trait::async_trait;
    use bifrost::cloud::CloudError;
    use bifrost::lifecycle::TaskFailure;
    use serde_json::{Value, json};
    use std::collections::{BTreeMap, BTreeSet};

    /// A CloudFormation that expands every template to this one.
    struct Expanded(Option<Value>);

    #[async_trait]
    impl ExpandedTemplates for Expanded {
        async fn expanded_template(&self, _: &str, _: &str) -> Result<Option<Value>, CloudError> {
            Ok(self.0.clone())
        }
    }

    const TOPIC: &str = "arn:aws:sns:us-east-1:000000000000:alerts";

    /// Checks a rule whose target is a topic, after the rules allowed some names.
    async fn check(expanded: Option<Value>, allowed: &[&str]) -> Result<(), ChangeSetFailure> {
        let found = ChangeSet {
            id: "arn:changes".into(),
            stack_id: "arn:stack".into(),
            status: ChangeSetStatus::CreateComplete,
            status_reason: None,
            execution_status: ExecutionStatus::Available,
            tags: BTreeMap::new(),
            changes: Vec::new(),
        };
        let checked = CheckedTemplate {
            template: json!({}),
            findings: Findings::default(),
            needs: BTreeSet::new(),
            allowed: allowed.iter().map(|name| (*name).to_owned()).collect(),
        };
        check_expansion(&Expanded(expanded), &sample::release(), &found, &checked).await
    }

    #[tokio::test]
    async fn expansion_that_reaches_others_is_refused() {
        let rule = json!({"Resources": {"rule": {
            "Type": "AWS::Events::Rule", "Properties": {"Targets": [{"Arn": TOPIC, "Id": "x"}]},
        }}});
        assert!(check(Some(rule.clone()), &[TOPIC]).await.is_ok());
        for expanded in [Some(rule), Some(json!("Resources: {}")), Some(json!({})), None] {
            let refused = check(expanded.clone(), &[]).await;
            assert!(
                matches!(refused, Err(ChangeSetFailure::Standard(TaskFailure::BadRelease(_)))),
                "{expanded:?}: {refused:?}"
            );
        }
    }
}
