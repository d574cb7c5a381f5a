//! What Step needs of the stack to upgrade a deployer.

use super::iam::{Request, permits};
use super::{deployer, identity};
use bifrost::bootstrap::DeployerOptions;
use bifrost::release::StepOptIn;
use serde_json::json;

#[test]
fn function_and_state_machine_have_the_tags_that_opt_in() {
    let step = StepOptIn { project: "acme/board".parse().unwrap(), config: "production".parse().unwrap() };
    let (without, with) =
        (DeployerOptions::default(), DeployerOptions { step: Some(step), ..DeployerOptions::default() });
    let (without, mut with) = (deployer(&without), deployer(&with));
    let tags = json!([
        {"Key": "ProjectName", "Value": "acme/board"},
        {"Key": "ConfigName", "Value": "production"},
        {"Key": "DeployWith", "Value": "step-deployer"},
    ]);
    for resource in ["Function", "Machine"] {
        let properties = with["Resources"][resource]["Properties"].as_object_mut().unwrap();
        assert_eq!(properties.remove("Tags"), Some(tags.clone()), "{resource}");
    }
    // The function for acts of people is not Step's to update.
    assert_eq!(with, without);
}

#[test]
fn state_machine_may_run_every_version_of_its_function() {
    let template = deployer(&DeployerOptions::default());
    let policy = &template["Resources"]["MachineRole"]["Properties"]["Policies"][0]["PolicyDocument"];
    let function = identity().function_arn();
    for (function, permitted) in
        [(function.clone(), true), (format!("{function}:12"), true), (format!("{function}-audit"), false)]
    {
        assert_eq!(permits(policy, &Request::new("lambda:InvokeFunction", &function)), permitted, "{function}");
    }
}
