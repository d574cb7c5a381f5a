//! What the commands show.

use crate::machine::Cache;
use crate::release::{Settings, is_earlier, table_name};
use bifrost::client::{Action, ClientContext, ClientDeployer, DeployPlan, PlannedChange, Prepared};
use bifrost::error_code::CodedError;

impl ClientDeployer for Cache {
    const ABOUT: &'static str = "Deploys a DynamoDB table for each release";

    // Without it, `cache plan` has no changes to show. `ClientDeployer` has more such functions,
    // all with defaults.
    async fn plan(
        context: &ClientContext<Self>,
        prepared: &Prepared<Settings>,
    ) -> Result<Option<DeployPlan>, CodedError> {
        let envelope = &prepared.release.envelope;
        let change = |action, resource: String| PlannedChange {
            action,
            resource,
            kind: "AWS::DynamoDB::Table".into(),
            details: Vec::new(),
            is_stateful: true,
        };
        let new = change(Action::Add, table_name(envelope));
        let earlier = context
            .ports
            .list()
            .await?
            .into_iter()
            .filter(|name| is_earlier(envelope, name));
        Ok(Some(DeployPlan::of(
            [new]
                .into_iter()
                .chain(earlier.map(|name| change(Action::Remove, name))),
        )))
    }
}
