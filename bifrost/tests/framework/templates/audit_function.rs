//! What a deployer needs to write the audit log, and its function for acts of people.

use super::iam::{Request, allows, denied_by, permits, statements};
use super::{NAME, deployer, identity, variables, without_audit_log};
use bifrost::audit::AuditMode;
use bifrost::bootstrap::{
    AUDIT_ACCOUNT_VARIABLE, AUDIT_BUCKET_VARIABLE, AUDIT_KEY_VARIABLE, AUDIT_TABLE_VARIABLE, AUDIT_VARIABLE,
    AuditSettings, DeployerOptions,
};
use bifrost::cloud::CHECKPOINT_KEY;
use serde_json::{Value, json};

fn with_audit_log(mode: AuditMode, log_account: Option<&str>) -> Value {
    let log_account = log_account.map(|id| id.parse().unwrap());
    deployer(&DeployerOptions { audit: AuditSettings { mode, log_account }, ..DeployerOptions::default() })
}

fn resource(name: &str) -> Value {
    with_audit_log(AuditMode::Required, None)["Resources"][name].clone()
}

fn object(key: &str) -> String {
    format!("arn:aws:s3:::{}/{key}", identity().audit_bucket())
}

#[test]
fn functions_know_the_log() {
    let template = with_audit_log(AuditMode::Required, None);
    let variables = variables(&template);
    assert_eq!(variables[AUDIT_VARIABLE], "required");
    assert_eq!(variables[AUDIT_BUCKET_VARIABLE], json!({"Fn::Sub": identity().audit_bucket()}));
    assert_eq!(variables[AUDIT_TABLE_VARIABLE], identity().audit_table());
    assert_eq!(variables[AUDIT_KEY_VARIABLE], format!("alias/{}", identity().audit_table()));
    assert_eq!(variables.get(AUDIT_ACCOUNT_VARIABLE), None);
    assert_eq!(resource("AuditFunction")["Properties"]["Environment"]["Variables"], *variables);
    let best_effort = with_audit_log(AuditMode::BestEffort, None);
    assert_eq!(super::variables(&best_effort)[AUDIT_VARIABLE], "best-effort");
}

#[test]
fn log_in_another_account_is_named_by_arn() {
    let template = with_audit_log(AuditMode::Required, Some("999999999999"));
    let variables = variables(&template);
    let arn = |service: &str, resource: &str| json!({"Fn::Sub": format!("arn:aws:{service}:us-east-1:999999999999:{resource}-000000000000")});
    assert_eq!(variables[AUDIT_ACCOUNT_VARIABLE], "999999999999");
    assert_eq!(variables[AUDIT_TABLE_VARIABLE], arn("dynamodb", "table/Acme-audit"));
    assert_eq!(variables[AUDIT_KEY_VARIABLE], arn("kms", "alias/Acme-audit"));
    assert_eq!(variables[AUDIT_BUCKET_VARIABLE], json!({"Fn::Sub": identity().audit_bucket()}));
    let role = &template["Resources"]["FunctionRole"];
    assert!(permits(role, &Request::new("kms:Sign", "arn:aws:kms:us-east-1:999999999999:key/1")));
    assert!(!permits(role, &Request::new("kms:Sign", "arn:aws:kms:us-east-1:000000000000:key/1")));
}

#[test]
fn deployer_without_audit_log_has_none_of_it() {
    let template = without_audit_log();
    assert!(!template.to_string().contains("BIFROST_AUDIT"));
    let resources = template["Resources"].as_object().unwrap();
    assert!(resources.keys().all(|name| !name.starts_with("Audit")), "{:?}", resources.keys());
}

#[test]
fn function_writes_its_own_records_and_the_log() {
    let role = resource("FunctionRole");
    let put = |key: &str| permits(&role, &Request::new("s3:PutObject", &object(key)));
    for key in
        [&format!("records/{NAME}/deploy-1/000001"), "log/tile/0/000", CHECKPOINT_KEY, "bundles/2026-01-01/000001"]
    {
        assert!(put(key), "{key}");
    }
    for key in ["records/Acme-Other/deploy-1/000001", "records/_people/1", "notes"] {
        assert!(!put(key), "{key}");
    }
    let read = |key: &str| permits(&role, &Request::new("s3:GetObject", &object(key)));
    assert!(read(&format!("records/{NAME}/deploy-1/000001")) && !read("records/Acme-Other/deploy-1/000001"));
    let retain = |key: &str| permits(&role, &Request::new("s3:PutObjectRetention", &object(key)));
    assert!(retain(CHECKPOINT_KEY) && !retain("log/tile/0/000"));
    let sign = |alias: &str| {
        let sign = Request::new("kms:Sign", "arn:aws:kms:us-east-1:000000000000:key/1");
        permits(&role, &sign.with("kms:ResourceAliases", alias))
    };
    assert!(sign("alias/Acme-audit") && !sign("alias/other"));
}

/// A release names its bucket, so the functions are denied all buckets but their own and that of the log.
#[test]
fn other_buckets_are_denied() {
    for role in ["FunctionRole", "AuditFunctionRole"] {
        let policy = resource(role);
        let denied = |arn: &str| denied_by(&policy, &Request::new("s3:GetObject", arn));
        assert_eq!(denied(&object(CHECKPOINT_KEY)), None, "{role}");
        assert_eq!(denied("arn:aws:s3:::others/secret").as_deref(), Some("NoOtherBucket"), "{role}");
    }
}

#[test]
fn each_end_of_an_execution_invokes_the_audit_function() {
    let rule = resource("AuditEnds")["Properties"].clone();
    let pattern: Value = serde_json::from_str(rule["EventPattern"]["Fn::Sub"].as_str().unwrap()).unwrap();
    assert_eq!(pattern["detail"]["stateMachineArn"], json!([identity().state_machine_arn()]));
    assert_eq!(pattern["detail"]["status"], json!(["SUCCEEDED", "FAILED", "ABORTED", "TIMED_OUT"]));
    let input = &rule["Targets"][0]["InputTransformer"];
    assert_eq!(input["InputPathsMap"], json!({"execution": "$.detail.executionArn"}));
    // `EventBridge` puts quotes around a text.
    let template = input["InputTemplate"].as_str().unwrap().replace("<execution>", "\"arn\"");
    assert_eq!(serde_json::from_str::<Value>(&template).unwrap(), json!({"Audit": {"close": "arn"}}));
    assert_invokes_the_audit_function("AuditEnds");
}

/// The rule has the function as its only target, and may invoke it. Without code there is neither.
fn assert_invokes_the_audit_function(rule: &str) {
    let targets = resource(rule)["Properties"]["Targets"].clone();
    assert_eq!(targets.as_array().unwrap().len(), 1);
    assert_eq!(targets[0]["Arn"], json!({"Fn::GetAtt": ["AuditFunction", "Arn"]}));
    let permission = resource(&format!("{rule}Permission"));
    let properties = &permission["Properties"];
    assert_eq!(properties["SourceArn"], json!({"Fn::GetAtt": [rule, "Arn"]}));
    assert_eq!(properties["FunctionName"], json!({"Ref": "AuditFunction"}));
    assert_eq!(properties["Principal"], "events.amazonaws.com");
    for resource in [resource(rule), permission, resource("AuditFunction")] {
        assert_eq!(resource["Condition"], "HasCode");
    }
}

#[test]
fn log_is_completed_once_a_day() {
    let rule = resource("AuditDaily")["Properties"].clone();
    assert_eq!(rule["ScheduleExpression"], "rate(1 day)");
    let input: Value = serde_json::from_str(rule["Targets"][0]["Input"].as_str().unwrap()).unwrap();
    assert_eq!(input, json!({"Audit": {"reconcile": {}}}));
    assert_ne!(rule["Name"], resource("AuditEnds")["Properties"]["Name"]);
    assert_invokes_the_audit_function("AuditDaily");
}

/// Bundles have the records of all deployers that share the log.
#[test]
fn audit_function_reads_all_records_and_writes_its_own() {
    let role = resource("AuditFunctionRole");
    let may = |action: &str, key: &str| permits(&role, &Request::new(action, &object(key)));
    for (key, writes) in [
        (&*format!("records/{NAME}/deploy-1/000001"), true),
        ("records/_people/1", true),
        ("records/Acme-Other/deploy-1/000001", false),
        ("bundles/2026-01-01/000001", true),
        (CHECKPOINT_KEY, true),
    ] {
        assert!(may("s3:GetObject", key), "{key}");
        assert_eq!(may("s3:PutObject", key), writes, "{key}");
    }
    assert!(!may("s3:GetObject", "notes"));
}

/// A release may be in another bucket, with its lock and its halt flag.
#[test]
fn people_act_on_releases_in_other_buckets() {
    let also_buckets: std::collections::BTreeSet<_> = ["acme-files".parse().unwrap()].into();
    let template = |mode| {
        let audit = AuditSettings { mode, log_account: None };
        let also_buckets = also_buckets.clone();
        deployer(&DeployerOptions { also_buckets, audit, ..DeployerOptions::default() })["Resources"].clone()
    };
    let (audited, unaudited) = (template(AuditMode::Required), template(AuditMode::Off));
    let policies = [
        (&audited["AuditFunctionRole"], true),
        (&audited["EmergencyPolicy"], false),
        (&unaudited["OperatePolicy"], true),
    ];
    for (policy, sees) in policies {
        let may = |action: &str, bucket: &str, name: &str| {
            let arn = format!("arn:aws:s3:::{bucket}/111111111111/acme/shop/development/{name}");
            permits(policy, &Request::new(action, &arn))
        };
        for bucket in [identity().bucket().unwrap().as_str(), "acme-files"] {
            assert!(may("s3:PutObject", bucket, "halt") && may("s3:PutObject", bucket, "user-lock"), "{bucket}");
            assert!(may("s3:DeleteObject", bucket, "halt") && may("s3:DeleteObject", bucket, "lock"), "{bucket}");
            assert!(!may("s3:PutObject", bucket, "lock") && !may("s3:DeleteObject", bucket, "release"), "{bucket}");
            assert_eq!(may("s3:GetObject", bucket, "lock"), sees, "{bucket}");
            let list = Request::new("s3:ListBucket", &format!("arn:aws:s3:::{bucket}"));
            assert_eq!(permits(policy, &list), sees, "{bucket}");
        }
        assert!(!may("s3:PutObject", "others", "halt") && !may("s3:GetObject", "others", "lock"));
    }
}

#[test]
fn audit_function_has_its_own_role_without_target_accounts() {
    assert_eq!(resource("AuditFunction")["Properties"]["FunctionName"], identity().audit_function());
    let role = resource("AuditFunctionRole");
    assert_eq!(role["Properties"]["RoleName"], format!("{NAME}-audit-lambda"));
    for statement in statements(&role["Properties"]["Policies"], "Allow") {
        for action in ["sts:AssumeRole", "states:StartExecution", "states:RedriveExecution", "lambda:InvokeFunction"] {
            assert!(!allows(&statement, action), "{action}");
        }
    }
    let policy = &role["Properties"]["Policies"];
    let put = |arn: &str| permits(policy, &Request::new("s3:PutObject", arn));
    assert!(put(&object("records/_people/1")) && put(&object(&format!("records/{NAME}/deploy-1/000002"))));
    assert!(!put(&object("records/Acme-Other/deploy-1/000001")));
    let bucket = identity().bucket().unwrap();
    let own = |key: &str| format!("arn:aws:s3:::{bucket}/111111111111/acme/shop/{key}");
    assert!(put(&own("development/user-lock")) && put(&own("development/halt")));
    assert!(!put(&own("development/release-1/release")) && !put(&own("development/lock")));
}

/// People who act through the function need no right to do it without a record.
#[test]
fn operators_act_through_the_audit_function() {
    let policy = resource("OperatePolicy");
    assert!(permits(&policy, &Request::new("lambda:InvokeFunction", &identity().audit_function_arn())));
    assert!(!permits(&policy, &Request::new("lambda:InvokeFunction", &identity().function_arn())));
    for statement in statements(&policy, "Allow") {
        for action in
            ["s3:PutObject", "s3:DeleteObject", "dynamodb:PutItem", "dynamodb:DeleteItem", "states:StopExecution"]
        {
            assert!(!allows(&statement, action), "{action}");
        }
    }
}

/// Lambda does not say to others that the function does not exist.
#[test]
fn operators_may_ask_for_an_audit_function_that_does_not_exist() {
    let policy = &without_audit_log()["Resources"]["OperatePolicy"];
    assert!(permits(policy, &Request::new("lambda:InvokeFunction", &identity().audit_function_arn())));
    assert!(!permits(policy, &Request::new("lambda:InvokeFunction", &identity().function_arn())));
}

/// A person with this policy may do what operators may do themselves without an audit log; by default nobody has it.
#[test]
fn emergency_policy_has_the_rights_without_record() {
    let policy = resource("EmergencyPolicy")["Properties"].clone();
    assert_eq!(policy["ManagedPolicyName"], format!("{NAME}-emergency"));
    for attached_to in ["Groups", "Roles", "Users"] {
        assert_eq!(policy.get(attached_to), None);
    }
    let operators = statements(&without_audit_log()["Resources"]["OperatePolicy"], "Allow");
    let emergency = statements(&policy, "Allow");
    let actions =
        ["s3:PutObject", "s3:DeleteObject", "dynamodb:PutItem", "dynamodb:DeleteItem", "states:StopExecution"];
    for action in actions {
        let of = |all: &[Value]| all.iter().filter(|one| allows(one, action)).cloned().collect::<Vec<_>>();
        assert!(!of(&emergency).is_empty(), "{action}");
        assert_eq!(of(&emergency), of(&operators), "{action}");
    }
    assert!(emergency.iter().all(|one| actions.iter().any(|action| allows(one, action))), "{emergency:?}");
    assert_eq!(without_audit_log()["Resources"].get("EmergencyPolicy"), None);
}

#[test]
fn people_read_the_merkle_log_but_no_records() {
    for policy in ["StartPolicy", "OperatePolicy"] {
        let read = |key: &str| permits(&resource(policy), &Request::new("s3:GetObject", &object(key)));
        assert!(read(CHECKPOINT_KEY) && read("log/tile/entries/000"), "{policy}");
        assert!(!read(&format!("records/{NAME}/deploy-1/000001")), "{policy}");
    }
}
