//! The client and the definition of Go Odin, with our deployer.

use crate::fixture::{AccountsFixture, FUNCTION};
use crate::project::Project;
use serde_json::{Map, Value, json};

/// The release as the Go client sends it, which fills in fields that only the deployer should set.
fn go_client_release(project: &Project<'_>) -> Value {
    let mut release = project.release.clone();
    let now = chrono::Utc::now();
    let fields = [
        ("aws_region", json!("us-east-1")),
        ("release_id", json!(format!("release-{}-qjcvdmf", now.format("%Y-%m-%dT%H-%M-%SZ")))),
        ("bucket", json!("coinbase-odin-000000000000")),
        // Go writes nanoseconds and the time zone of the machine.
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

/// A definition in the format of Go Odin: a task gets only its name and its input.
fn go_definition(fixture: &AccountsFixture) -> Value {
    let mut definition: Value = serde_json::from_str(&fixture.definition()).unwrap();
    for state in definition["States"].as_object_mut().unwrap().values_mut() {
        if let Some(Value::Object(parameters)) = state.get_mut("Parameters") {
            parameters.retain(|name, _| name == "Task" || name == "Input.$");
        }
    }
    definition
}

#[test]
fn go_client_knows_all_fields_of_the_states() {
    let Some(fixture) = AccountsFixture::shared() else { return };
    let project = Project::create(&fixture, "go-client");
    let release = go_client_release(&project);
    project.upload(&release);
    let executed = project.execute("go-client", &release);
    assert_eq!(executed.path.last().unwrap(), "Success", "{executed:#?}");
    assert!(!executed.outputs.is_empty());
    for output in &executed.outputs {
        assert_known_fields(output, RELEASE, "release");
        for service in output["services"].as_object().unwrap().values() {
            assert_known_fields(service, SERVICE, "service");
            if let Some(report) = service.get("healthy_report") {
                for count in ["target_healthy", "target_launched", "healthy", "launching", "terminating"] {
                    assert!(report[count].is_u64(), "Go Odin's client needs all five counts: {report}");
                }
            }
        }
    }
    assert_eq!(project.names().len(), 2);
}

#[test]
fn go_definition_runs_our_function() {
    let Some(fixture) = AccountsFixture::shared() else { return };
    let project = Project::create(&fixture, "definition");
    fixture.create_machine("go-odin", &go_definition(&fixture), FUNCTION);
    let release = go_client_release(&project);
    project.upload(&release);
    let executed = project.execute_on("go-odin", "definition", &release);
    assert_eq!(executed.path.last().unwrap(), "Success", "{executed:#?}\n{}", fixture.moto.function_log(FUNCTION));
}

/// The fields of a release, from sections 2 and 7 of the contract.
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

/// The fields of a service.
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

fn assert_known_fields(object: &Value, known: &[&str], what: &str) {
    let object: &Map<String, Value> = object.as_object().unwrap();
    let unknown: Vec<_> = object.keys().filter(|field| !known.contains(&field.as_str())).collect();
    assert!(unknown.is_empty(), "Go Odin's client refuses these fields of a {what}: {unknown:?}");
}
