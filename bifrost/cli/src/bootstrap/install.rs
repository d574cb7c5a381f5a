//! Deploys a deployer: its stack, then the function's code to the bucket of the stack, then the stack with the code.

use super::{Applied, ApplyError, Builder, Code};
use bifrost_core::cloud::{NewStack, Objects};
use bifrost_core::release::{BucketName, ObjectKey, Sha256};
use serde_json::Value;

/// A deployer to deploy.
#[derive(Debug)]
pub struct Installation<'a> {
    /// The name of its stack in CloudFormation.
    pub stack: String,
    /// The template of the stack, by [`deployer_template`](super::deployer_template).
    pub template: Value,
    /// The bucket that the template creates.
    pub bucket: &'a BucketName,
    /// The code of its function.
    pub code: &'a Code,
}

impl Installation<'_> {
    /// Creates missing resources and updates existing ones. After an interruption, the next call completes the
    /// installation.
    ///
    /// # Errors
    /// [`ApplyError`].
    pub async fn install(&self, builder: &mut Builder<'_>, objects: &dyn Objects) -> Result<Applied, ApplyError> {
        let is_new = builder.find(&self.stack).await?.is_none();
        if is_new {
            builder.apply(&self.stack(&without_code(&self.template), "")).await?;
        }
        let key = ObjectKey::code(&Sha256::of(&self.code.zip));
        // The key contains the hash of the code, so an existing object has the same content.
        objects.put_new(self.bucket, &key, self.code.zip.clone()).await?;
        let applied = builder.apply(&self.stack(&self.template, key.as_str())).await?;
        Ok(if is_new { Applied::Created } else { applied })
    }

    fn stack(&self, template: &Value, code_key: &str) -> NewStack {
        let parameters = [("CodeKey", code_key), ("Architecture", self.code.architecture.name())];
        NewStack {
            name: self.stack.clone(),
            template: template.to_string(),
            parameters: parameters.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        }
    }
}

/// The template without the resources that need code. The condition `HasCode` has the same effect in CloudFormation,
/// but emulations of AWS do not create on an update a resource that a condition excluded before.
fn without_code(template: &Value) -> Value {
    let mut template = template.clone();
    if let Some(Value::Object(resources)) = template.get_mut("Resources") {
        resources.retain(|_, resource| resource.get("Condition").is_none());
    }
    template
}
