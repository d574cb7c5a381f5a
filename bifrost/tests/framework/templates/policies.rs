//! The policies of the templates.

use super::iam::{allows, objects, statements, texts};
use super::{NAME, PERMISSION, deployer, identity, name, target, variables, without_audit_log};
use bifrost::audit::AuditMode;
use bifrost::bootstrap::{
    AuditLogOptions, AuditSettings, BUCKETS_VARIABLE, DeployerOptions, LockMode, Retention, audit_template,
    project_template,
};
use bifrost::cloud::{EndedBy, EndedItem};
use bifrost::release::StepOptIn;
use chrono::DateTime;
use serde_json::{Value, json};

/// The templates of `bootstrap`, with all options.
fn templates() -> Vec<Value> {
    let step = StepOptIn { project: "acme/board".parse().unwrap(), config: "production".parse().unwrap() };
    let options = DeployerOptions {
        external_id: Some("a-secret".into()),
        session_tags: true,
        alarm_email: Some("ops@acme.example".into()),
        readers: vec!["222222222222".parse().unwrap(), "o-exampleorgid".parse().unwrap()],
        also_buckets: ["acme-files".parse().unwrap()].into(),
        audit: AuditSettings::default(),
        step: Some(step),
    };
    let deployer_account = "222222222222".parse().ok();
    let log = AuditLogOptions { retention: Retention::Years(7), mode: LockMode::Compliance, deployer_account };
    let project = project_template(&name(), &"acme/shop".parse().unwrap());
    let target = target(Some("a-secret"), true, &[PERMISSION]);
    vec![deployer(&options), without_audit_log(), target, project, audit_template(&name(), &log)]
}

fn resource(name: &str) -> Value {
    deployer(&DeployerOptions::default())["Resources"][name].clone()
}

/// Who halts, freezes and unlocks: operators themselves, or the function that records it; in an emergency who has that policy.
fn acting() -> [Value; 3] {
    let operators = without_audit_log()["Resources"]["OperatePolicy"].clone();
    [operators, resource("AuditFunctionRole"), resource("EmergencyPolicy")]
}

#[test]
fn nobody_may_redrive() {
    const REDRIVE: &str = "states:RedriveExecution";
    for pattern in [REDRIVE, "states:*", "states:Re*", "STATES:redrive?xecution", "s*n", "*"] {
        assert!(allows(&json!({"Action": [pattern]}), REDRIVE), "{pattern}");
    }
    assert!(!allows(&json!({"Action": ["states:Start*", "states:Redrive"]}), REDRIVE));
    for template in templates() {
        let allowed = statements(&template, "Allow");
        assert!(!allowed.is_empty());
        assert_eq!(allowed.iter().find(|statement| allows(statement, REDRIVE)), None);
    }
}

/// The names of the resources of a template that allow an action.
fn allowing<'t>(template: &'t Value, action: &str) -> Vec<&'t str> {
    let resources = template["Resources"].as_object().unwrap().iter();
    let allowing =
        resources.filter(|(_, resource)| statements(resource, "Allow").iter().any(|one| allows(one, action)));
    allowing.map(|(name, _)| name.as_str()).collect()
}

#[test]
fn only_operators_may_scan_and_stop() {
    for template in templates() {
        let resources = template["Resources"].as_object().unwrap();
        let is_deployer = resources.contains_key("OperatePolicy");
        let expected = if is_deployer { vec!["OperatePolicy"] } else { vec![] };
        assert_eq!(allowing(&template, "dynamodb:Scan"), expected);
        let has_audit_function = resources.contains_key("AuditFunctionRole");
        let expected = if has_audit_function { vec!["AuditFunctionRole", "EmergencyPolicy"] } else { expected };
        assert_eq!(allowing(&template, "states:StopExecution"), expected);
    }
}

/// The policies allow users to write no item of the lock table; the audit function deletes root locks and puts `ended/…`.
#[test]
fn unlocking_writes_only_what_it_must() {
    let lock_table = identity().lock_table();
    let ended = EndedItem::key("*");
    for policy in acting() {
        let writing = |action: &str| -> Vec<Value> {
            let allowed = statements(&policy, "Allow").into_iter();
            allowed.filter(|one| allows(one, action) && one["Resource"].to_string().contains(&lock_table)).collect()
        };
        let keys = |action: &str| -> Vec<String> {
            let key = |one: &Value| texts(&one["Condition"]["ForAnyValue:StringLike"]["dynamodb:LeadingKeys"]);
            writing(action).iter().flat_map(key).collect()
        };
        for (action, allowed) in [("dynamodb:PutItem", ended.as_str()), ("dynamodb:DeleteItem", "????????????/*/lock")]
        {
            assert_eq!(keys(action), [allowed]);
            assert_eq!(writing(action).len(), 1);
        }
        for action in ["UpdateItem", "BatchWriteItem", "PartiQLUpdate"] {
            assert!(writing(&format!("dynamodb:{action}")).is_empty(), "{action}");
        }
    }
    let start = statements(&resource("StartPolicy"), "Allow");
    for action in ["PutItem", "DeleteItem", "UpdateItem", "BatchWriteItem", "PartiQLUpdate"] {
        assert!(!start.iter().any(|one| allows(one, &format!("dynamodb:{action}"))), "{action}");
    }
}

/// Otherwise the halt flag of a cleared lock would halt the next deploy.
#[test]
fn unlocking_deletes_the_halt_flag() {
    for policy in acting() {
        let allowed = statements(&policy, "Allow");
        let delete = allowed.iter().find(|statement| allows(statement, "s3:DeleteObject")).unwrap();
        let names: Vec<_> =
            objects(&delete["Resource"]).iter().map(|arn| arn.rsplit('/').next().unwrap().to_owned()).collect();
        assert_eq!(names, ["halt", "lock", "user-lock"]);
    }
}

#[test]
fn function_uses_other_buckets_as_its_own() {
    let also_buckets = ["acme-files".parse().unwrap(), "acme-more".parse().unwrap()].into();
    let audit = AuditSettings { mode: AuditMode::Off, log_account: None };
    let template = deployer(&DeployerOptions { also_buckets, audit, ..DeployerOptions::default() });
    assert_eq!(variables(&template)[BUCKETS_VARIABLE], "acme-files,acme-more");
    let (role, own) = (&template["Resources"]["FunctionRole"], identity().bucket().unwrap().to_string());
    let uses_bucket = |statement: &&Value| statement.to_string().contains(":s3:::");
    let all: Vec<_> = [statements(role, "Allow"), statements(role, "Deny")].concat();
    let all: Vec<_> = all.iter().filter(uses_bucket).collect();
    assert_eq!(all.len(), 5);
    for statement in all {
        let arns = objects(statement.get("Resource").or(statement.get("NotResource")).unwrap());
        let of = |bucket: &str| -> Vec<String> {
            let prefix = format!("arn:aws:s3:::{bucket}");
            arns.iter().filter_map(|arn| arn.strip_prefix(&prefix)).map(ToOwned::to_owned).collect()
        };
        assert_eq!((of(&own), of(&own)), (of("acme-files"), of("acme-more")), "{statement}");
        assert!(!of(&own).is_empty());
    }
}

#[test]
fn function_may_make_the_transactions_of_locks() {
    let allowed = statements(&resource("FunctionRole"), "Allow");
    for action in ["ConditionCheckItem", "DeleteItem", "GetItem", "PutItem"] {
        let action = format!("dynamodb:{action}");
        let statement = allowed.iter().find(|statement| allows(statement, &action)).unwrap();
        assert_eq!(
            statement["Resource"]["Fn::Sub"],
            format!("arn:aws:dynamodb:us-east-1:000000000000:table/{}", identity().lock_table())
        );
    }
}

#[test]
fn only_the_function_writes_what_is_deployed() {
    let table = resource("LockTable");
    let denied = statements(&table, "Deny");
    let [statement] = denied.as_slice() else { panic!("{denied:?}") };
    for action in ["PutItem", "DeleteItem", "UpdateItem", "BatchWriteItem", "PartiQLInsert"] {
        assert!(allows(statement, &format!("dynamodb:{action}")), "{action}");
    }
    assert_eq!(statement["Principal"], "*");
    let role = format!("arn:aws:iam::000000000000:role/{NAME}-lambda");
    let expected = json!({
        "ForAnyValue:StringLike": {"dynamodb:LeadingKeys": "deployed/*"},
        "ArnNotEquals": {"aws:PrincipalArn": {"Fn::Sub": role}},
    });
    assert_eq!(statement["Condition"], expected);
    assert_eq!(resource("FunctionRole")["Properties"]["RoleName"], format!("{NAME}-lambda"));
}

#[test]
fn items_of_ended_executions_expire() {
    let table = resource("LockTable");
    let time_to_live = &table["Properties"]["TimeToLiveSpecification"];
    assert_eq!(time_to_live["Enabled"], true);
    let ended = EndedItem::new("an-owner", EndedBy::Execution, true, DateTime::UNIX_EPOCH);
    let ended = serde_json::to_value(ended).unwrap();
    assert!(ended[time_to_live["AttributeName"].as_str().unwrap()].is_i64());
}

/// Otherwise a retry of a task could run beside its first attempt.
#[test]
fn function_ends_before_its_tasks() {
    let definition = resource("Machine")["Properties"]["DefinitionString"]["Fn::Sub"].clone();
    let definition: Value = serde_json::from_str(definition.as_str().unwrap()).unwrap();
    let states = definition["States"].as_object().unwrap().values();
    let tasks: Vec<_> = states.filter(|state| state["Type"] == "Task").collect();
    assert!(!tasks.is_empty());
    let timeout = resource("Function")["Properties"]["Timeout"].as_u64().unwrap();
    assert!(tasks.iter().all(|task| timeout < task["TimeoutSeconds"].as_u64().unwrap()));
}
