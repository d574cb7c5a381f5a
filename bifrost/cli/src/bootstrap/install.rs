//! Deploys a deployer: its stack, the code into the stack's bucket, and the stack again, with the code.

use super::{Applied, ApplyError, Builder, Code};
use bifrost_core::cloud::{NewStack, Objects};
use bifrost_core::release::{BucketName, ObjectKey, Sha256};
use serde_json::Value;

/// A deployer to be deployed.
#[derive(Debug)]
pub struct Installation<'a> {
    /// The name of its stack.
    pub stack: String,
    /// Its template.
    pub template: Value,
    /// The bucket that the template makes.
    pub bucket: &'a BucketName,
    /// The code of its function.
    pub code: &'a Code,
}

impl Installation<'_> {
    /// Makes all that is missing, and brings what is there up to date. One that was cut off goes on the next time.
    ///
    /// # Errors
    /// [`ApplyError`].
    pub async fn install(&self, builder: &mut Builder<'_>, objects: &dyn Objects) -> Result<Applied, ApplyError> {
        let is_new = builder.find(&self.stack).await?.is_none();
        if is_new {
            builder.apply(&self.stack(&without_code(&self.template), "")).await?;
        }
        let key = ObjectKey::code(&Sha256::of(&self.code.zip));
        // Named by its content: if it is there, it is the same.
        objects.put_new(self.bucket, &key, self.code.zip.clone()).await?;
        let applied = builder.apply(&self.stack(&self.template, key.as_str())).await?;
        Ok(if is_new { Applied::Created } else { applied })
    }

    fn stack(&self, template: &Value, code_key: &str) -> NewStack {
        let parameters = [("CodeKey", code_key), ("Architecture", self.code.architecture)];
        NewStack {
            name: self.stack.clone(),
            template: template.to_string(),
            parameters: parameters.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        }
    }
}

/// The template without the resources that need code, which is what CloudFormation makes of it while there is none. It is
/// said so outright, as emulations of AWS do not make on an update what a condition left out before.
fn without_code(template: &Value) -> Value {
    let mut template = template.clone();
    if let Some(Value::Object(resources)) = template.get_mut("Resources") {
        resources.retain(|_, resource| resource.get("Condition").is_none());
    }
    template
}
