//! Expanded templates in the local cloud.

use super::template::Template;
use super::{FenrirAccount, validation_error};
use crate::cloud::ExpandedTemplates;
use async_trait::async_trait;
use bifrost::cloud::CloudError;
use bifrost::local::LocalSession;
use serde_json::{Value, json};

#[async_trait]
impl ExpandedTemplates for LocalSession<FenrirAccount> {
    async fn expanded_template(&self, stack: &str, change_set: &str) -> Result<Option<Value>, CloudError> {
        self.call("cloudformation:GetTemplate", change_set, |region_state| {
            let partition = region_state.region.partition();
            let region = region_state.resources.regions.entry(region_state.region.clone()).or_default();
            let found = region.found(stack).and_then(|(_, stack)| stack.change_set(change_set));
            let Some((_, found)) = found else { return Ok(None) };
            let Template { resources, outputs } =
                Template::process(&found.template, partition).map_err(validation_error)?;
            Ok(Some(json!({"Resources": resources, "Outputs": outputs})))
        })
        .await
    }
}
