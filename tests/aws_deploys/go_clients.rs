//! The originals' client, and their definition: both drive our deployer.

use crate::fixture::{AccountsFixture, DEPLOYER, FUNCTION};
use crate::project::Project;
use serde_json::{Map, Value, json};

/// The release as the Go executable sends it: beside what a person writes it fills in what only the deployer should say.
fn sent_by_the_original(project: &Project<'_>) -> Value {
    let mut release = project.release.clone();
    let now = chrono::Utc::now();
    let fields = [
        ("aws_region", json!("us-east-1")),
        ("release_id", json!(format!("release-{}-qjcvdmf", now.format("%Y-%m-%dT%H-%M-%SZ")))),
        ("bucket", json!("coinbase-odin-000000000000")),
        // Go writes the nanoseconds and the zone of the machine.
        ("created_at", json!(now.format("%Y-%m-%dT%H:%M:%S.%f+00:00").to_string())),
        ("started_at", json!(now.format("%Y-%m-%dT%H:%M:%S.%f+00:00").to_string())),
        ("user_data_sha256", json!(Project::user_data_sha256())),
    ];
    for (field, value) in fields {
        release[field] = value;
    }
    for service in release["services"].as_object_mut().unwrap().values_mut() {
        service["Healthy"] = json!(false);
    }
    release
}

/// The definition as the originals wrote it: a task gets its name and its input, and nothing else.
fn original_definition(fixture: &AccountsFixture) -> Value {
    let mut definition: Value = serde_json::from_str(&fixture.definition()).unwrap();
    for state in definition["States"].as_object_mut().unwrap().values_mut() {
        if let Some(Value::Object(parameters)) = state.get_mut("Parameters") {
            parameters.retain(|name, _| name == "Task" || name == "Input.$");
        }
    }
    definition
}

#[test]
fn a_release_of_the_originals_client_is_deployed_and_its_states_say_nothing_that_it_refuses() {
    let Some(fixture) = AccountsFixture::enter() else { return };
    let project = Project::make(&fixture, "original");
    let release = sent_by_the_original(&project);
    project.upload(&release);
    let executed = project.execute("original", &release);
    assert_eq!(executed.path.last().unwrap(), "Success", "{executed:#?}");
    assert!(!executed.outputs.is_empty());
    for output in &executed.outputs {
        knows(output, RELEASE, "release");
        for service in output["services"].as_object().unwrap().values() {
            knows(service, SERVICE, "service");
            if let Some(report) = service.get("healthy_report") {
                for count in ["target_healthy", "target_launched", "healthy", "launching", "terminating"] {
                    assert!(report[count].is_u64(), "its client follows by all five: {report}");
                }
            }
        }
    }
    assert_eq!(project.names().len(), 2);
}

#[test]
fn the_originals_definition_runs_our_function() {
    let Some(fixture) = AccountsFixture::enter() else { return };
    let project = Project::make(&fixture, "chart");
    let machine = fixture.aws(DEPLOYER, "stepfunctions", "DescribeStateMachine", json!({"stateMachineArn": MACHINE}));
    let made = json!({"name": "original-odin", "definition": original_definition(&fixture).to_string(),
        "roleArn": machine["roleArn"]});
    fixture.aws(DEPLOYER, "stepfunctions", "CreateStateMachine", made);
    let release = sent_by_the_original(&project);
    project.upload(&release);
    let executed = project.execute_on("original-odin", "chart", &release);
    assert_eq!(executed.path.last().unwrap(), "Success", "{executed:#?}\n{}", fixture.moto.function_log(FUNCTION));
}

const MACHINE: &str = "arn:aws:states:us-east-1:000000000000:stateMachine:coinbase-odin";

/// All that a release may say by contract §2 and §7.
const RELEASE: &[&str] = &[
    "aws_account_id",
    "aws_region",
    "uuid",
    "release_id",
    "project_name",
    "config_name",
    "bucket",
    "created_at",
    "started_at",
    "timeout",
    "metadata",
    "error",
    "success",
    "subnets",
    "ami",
    "user_data_sha256",
    "services",
    "lifecycle",
    "healthy",
    "wait_for_healthy",
    "wait_for_detach",
    "detach_strategy",
    "safe_release",
];

/// All that a service may say.
const SERVICE: &[&str] = &[
    "instance_type",
    "security_groups",
    "elbs",
    "target_groups",
    "profile",
    "tags",
    "spot_price",
    "ebs_volume_size",
    "ebs_volume_type",
    "ebs_device_name",
    "placement_group_name",
    "placement_group_strategy",
    "placement_group_partition_count",
    "placement_tenancy",
    "associate_public_ip_address",
    "autoscaling",
    "service_name",
    "created_asg",
    "previous_desired_capacity",
    "Healthy",
    "resources",
    "healthy_report",
];

fn knows(said: &Value, known: &[&str], what: &str) {
    let said: &Map<String, Value> = said.as_object().unwrap();
    let unknown: Vec<_> = said.keys().filter(|field| !known.contains(&field.as_str())).collect();
    assert!(unknown.is_empty(), "its client refuses these fields of a {what}: {unknown:?}");
}
