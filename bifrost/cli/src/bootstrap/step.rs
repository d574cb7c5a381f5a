//! Deployers that Step upgrades: `bootstrap` creates the function, and once Step has deployed to it, leaves its code to Step.

use bifrost_core::account::Identity;
use bifrost_core::cloud::{CloudError, DeployedStack, Inventory, NewStack, Stacks};
use bifrost_core::json;
use bifrost_core::machine::{LATEST, function_versions};
use bifrost_core::release::{ObjectKey, StepOptIn};
use serde_json::{Value, json};

/// The parameters of a template for the function's code.
const CODE_PARAMETERS: [&str; 2] = ["CodeKey", "Architecture"];

/// The resources of a template that Step updates. Both need the tags: Step's role may update only what has them.
const UPDATED: [&str; 2] = ["Function", "Machine"];

/// A deployer whose function and state machine are as Step deployed them.
#[derive(Debug)]
pub struct StepDeployed {
    /// The releases that may update it.
    pub opt_in: StepOptIn,
    /// The stack as `bootstrap` deployed it.
    stack: DeployedStack,
    /// The template of that stack; null if it is not JSON.
    template: Value,
    /// The definition that Step deployed; `None` if the state machine does not exist.
    definition: Option<String>,
}

impl StepDeployed {
    /// Finds out whether Step deployed this deployer: its function opted in, and has other code than its stack, or the state machine
    /// names a version of it. `bootstrap` alone does neither.
    ///
    /// # Errors
    /// [`CloudError`] from AWS.
    pub async fn find(
        stacks: &dyn Stacks,
        inventory: &dyn Inventory,
        identity: &Identity,
    ) -> Result<Option<Self>, CloudError> {
        let Some(function) = inventory.function(&identity.name).await? else { return Ok(None) };
        let Some(opt_in) = StepOptIn::from_tags(&inventory.function_tags(&identity.name).await?) else {
            return Ok(None);
        };
        let Some(stack) = stacks.deployed(&identity.name).await? else { return Ok(None) };
        // Without it, the first `bootstrap` was interrupted, and has to be completed.
        let Some(code_key) = stack.parameters.get("CodeKey").filter(|key| !key.is_empty()) else { return Ok(None) };
        let code = function.code_sha256.map(|sha256| ObjectKey::code(&sha256));
        let has_other_code = code.is_none_or(|code| code.as_str() != code_key);
        let machine = inventory.state_machine(&identity.state_machine_arn()).await?;
        let definition = machine.map(|machine| machine.definition);
        let versions = definition.as_ref().map(|definition| function_versions(definition, &identity.function_arn()));
        let names_version = versions.unwrap_or_default().iter().any(|version| version != LATEST);
        let template = json::parse(stack.template.as_bytes()).unwrap_or_default();
        // A definition that our parser refuses is a text.
        let definition = definition.map(|definition| match definition {
            Value::String(text) => text,
            parsed => parsed.to_string(),
        });
        Ok((names_version || has_other_code).then_some(Self { opt_in, stack, template, definition }))
    }

    /// The update of the stack to this template that changes neither the code nor the definition. From then on `opt_in` has the
    /// releases that may update them.
    #[must_use]
    pub fn update(&self, name: &str, mut template: Value, opt_in: &StepOptIn) -> NewStack {
        add_tags(&mut template, opt_in);
        self.keep_definition(&mut template);
        let kept = |(name, _): &(&String, _)| CODE_PARAMETERS.contains(&name.as_str());
        let parameters = self.stack.parameters.iter().filter(kept);
        let parameters = parameters.map(|(name, value)| (name.clone(), value.clone())).collect();
        NewStack { name: name.to_owned(), template: template.to_string(), parameters }
    }

    /// CloudFormation sends the definition with every change of a state machine, and again when it rolls a change back. If nothing else
    /// changes, the definition stays the one of the stack, whatever Step deployed, and the state machine is left alone. Otherwise it is
    /// the one that Step deployed.
    fn keep_definition(&self, template: &mut Value) {
        let deployed = self.template.pointer("/Resources/Machine");
        let Some(machine) = template.pointer_mut("/Resources/Machine") else { return };
        let mut unchanged = machine.clone();
        let stacks_own = deployed.and_then(|deployed| deployed.pointer("/Properties/DefinitionString"));
        set_definition(&mut unchanged, stacks_own.cloned());
        if deployed.is_some_and(|deployed| json::same(deployed, &unchanged)) {
            *machine = unchanged;
        } else {
            set_definition(machine, self.definition.clone().map(Value::String));
        }
    }
}

fn set_definition(machine: &mut Value, definition: Option<Value>) {
    if let (Some(place), Some(definition)) = (machine.pointer_mut("/Properties/DefinitionString"), definition) {
        *place = definition;
    }
}

/// Lets Step update function and state machine of the template.
pub(super) fn add_tags(template: &mut Value, opt_in: &StepOptIn) {
    let tags: Value = opt_in.tags().into_iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect();
    for resource in UPDATED {
        if let Some(Value::Object(properties)) = template.pointer_mut(&format!("/Resources/{resource}/Properties")) {
            properties.insert("Tags".to_owned(), tags.clone());
        }
    }
}
