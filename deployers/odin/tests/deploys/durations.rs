//! How long a deploy may take: Step Functions stops an execution that exceeds the machine's `TimeoutSeconds`, wherever it is, and
//! nothing cleans up.

use crate::paths::REFUSED_BY_VALIDATE;
use crate::sample_cloud::Scenario;
use bifrost::Fields;
use bifrost::deployer::definition;
use odin::Odin;
use odin::release::OdinFields;
use serde_json::{Value, json};

/// The longest `timeout` and `wait_for_detach`, in seconds.
const LONGEST: u32 = OdinFields::MAX_TIMEOUT_SECONDS;

/// A release with the longest accepted times.
fn longest() -> Scenario {
    Scenario::worker().with("/timeout", json!(LONGEST)).with("/wait_for_detach", json!(LONGEST))
}

fn number(fields: &Value, field: &str) -> f64 {
    fields[field].as_f64().unwrap()
}

fn machine_timeout() -> f64 {
    number(&definition::<Odin>("any"), "TimeoutSeconds")
}

/// The longest time in a state, in seconds. A task uses all retries of each kind, and every attempt takes all of its time.
fn longest_time(state: &Value, output: &Value) -> f64 {
    match state["Type"].as_str().unwrap() {
        "Wait" => state["SecondsPath"]
            .as_str()
            .map_or_else(|| number(state, "Seconds"), |path| number(output, path.strip_prefix("$.").unwrap())),
        "Task" => {
            let attempt = number(state, "TimeoutSeconds");
            let retries = state["Retry"].as_array().unwrap().iter().map(|retry| {
                let attempts = number(retry, "MaxAttempts");
                if attempts == 0.0 {
                    return 0.0;
                }
                let last_wait = number(retry, "IntervalSeconds") * number(retry, "BackoffRate").powf(attempts - 1.0);
                attempts * (last_wait + attempt)
            });
            attempt + retries.sum::<f64>()
        }
        _ => 0.0,
    }
}

#[tokio::test]
async fn longest_deploy_ends_before_the_machine_times_out() {
    let fixture = longest().instances(json!({"boots_after_seconds": LONGEST - 600})).build();
    let run = fixture.deploy("first").await;
    assert_eq!(run.path().last(), Some(&"Success"), "{:#?}", run.errors());
    let took = run.execution.stop_date.unwrap() - run.execution.start_date;
    assert!(took.num_seconds() > i64::from(2 * LONGEST - 600), "{took}");
    // Step Functions ends an execution after 25,000 events (contract §7 keeps a distance).
    assert!(run.history.len() < 20_000 && run.path().len() < 10_000, "{} events", run.history.len());

    // Every task is entered once, but health checks repeat until the timeout, and then once more.
    let definition = definition::<Odin>("any");
    let output = run.execution.output.unwrap();
    let states = definition["States"].as_object().unwrap().values();
    let longest = f64::from(LONGEST) + states.map(|state| longest_time(state, &output)).sum::<f64>();
    assert!(longest > f64::from(2 * LONGEST), "{longest}");
    assert!(longest < machine_timeout(), "a deploy may take {longest} s, the machine {}", machine_timeout());
}

#[tokio::test]
async fn longer_times_are_refused() {
    for (field, code) in [("timeout", "release/timeout-too-long"), ("wait_for_detach", "odin/duration")] {
        let fixture = longest().with(&format!("/{field}"), json!(LONGEST + 1)).build();
        let run = fixture.deploy("first").await;
        assert_eq!(run.path(), REFUSED_BY_VALIDATE, "{field}");
        assert_eq!(run.errors()[0].code.as_deref(), Some(code), "{field}");
    }
}
