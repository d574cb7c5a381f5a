//! A chart that names standard failures, of a handler that returns them and of one whose own enum holds them.

use super::courier::Parcel;
use bifrost::cloud::CloudError;
use bifrost::lifecycle::{Context, LockFailure, TaskFailure, fail, lock, succeed, validate};
use bifrost::machine::{DefinitionSettings, Machine};
use bifrost::{TaskError, state_machine};

#[derive(Debug, thiserror::Error, TaskError)]
enum WeighFailure {
    #[error("too heavy")]
    TooHeavy,
    #[error(transparent)]
    #[task_error(transparent)]
    Standard(#[from] TaskFailure),
}

/// Every line has another error of the framework.
async fn weigh(context: &Context<()>, parcel: Parcel) -> Result<Parcel, WeighFailure> {
    context.halt(&parcel.envelope).await?;
    context.target(&parcel.envelope).await?;
    bifrost::lifecycle::check(&parcel, &context.account.defaults)?;
    let _: u32 = bifrost::json::read(&serde_json::to_value(context.now())?)?;
    if parcel.envelope.timeout == 0 { Err(WeighFailure::TooHeavy) } else { Ok(parcel) }
}

async fn stamp(context: &Context<()>, parcel: Parcel) -> Result<Parcel, TaskFailure> {
    let answered: Result<(), CloudError> = context.target(&parcel.envelope).await;
    answered?;
    Ok(parcel)
}

state_machine! {
    machine Office(Parcel) starts at Validate, changes from Weigh;
    task Validate = validate { validates; next Lock; catch _ => FailureClean; }
    task Lock = lock { locks; next Weigh; catch LockFailure::LockExists => FailureClean; catch _ => GiveUp; }
    task Weigh = weigh {
        looks for halt;
        next Stamp;
        retry TaskFailure::Transient { max_attempts: 5 }
        catch WeighFailure::TooHeavy => GiveUp;
        catch TaskFailure::Halt => GiveUp;
        catch _ => FailureDirty;
    }
    task Stamp = stamp { next Done; retry TaskFailure::Transient { max_attempts: 1 } catch _ => FailureDirty; }
    task Done = succeed { unlocks; next Success; catch _ => FailureDirty; }
    task GiveUp = fail { unlocks; next FailureClean; catch _ => FailureDirty; }
    succeed Success;
    fail FailureClean = "FailureClean";
    fail FailureDirty = "FailureDirty";
}

#[test]
fn chart_names_standard_failures_of_both() {
    let settings = DefinitionSettings { resource: String::new(), task_timeout_seconds: 1, machine_timeout_seconds: 1 };
    let definition = Office::definition(&settings);
    let names = |state: &str, field: &str| {
        let all = definition["States"][state][field].as_array().unwrap();
        let all = all.iter().map(|it| it["ErrorEquals"][0].as_str().unwrap().to_owned());
        all.filter(|name| !name.starts_with("Lambda.") && !name.starts_with("Sandbox.")).collect::<Vec<_>>()
    };
    assert_eq!(names("Weigh", "Catch"), ["TooHeavyError", "HaltError", "States.ALL"]);
    for state in ["Weigh", "Stamp"] {
        assert!(names(state, "Retry").contains(&"TransientError".into()), "{:?}", names(state, "Retry"));
    }
}
