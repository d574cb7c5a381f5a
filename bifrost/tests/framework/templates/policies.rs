//! The policies of the templates.

use super::{NAME, PERMISSION, deployer, identity, name, target};
use bifrost::bootstrap::{BUCKETS_VARIABLE, DeployerOptions, project_template};
use bifrost::cloud::{EndedBy, EndedItem};
use chrono::DateTime;
use serde_json::{Value, json};

/// The templates of `bootstrap`, with all options.
fn templates() -> Vec<Value> {
    let options = DeployerOptions {
        external_id: Some("a-secret".into()),
        session_tags: true,
        alarm_email: Some("ops@acme.example".into()),
        readers: vec!["222222222222".parse().unwrap(), "o-exampleorgid".parse().unwrap()],
        also_buckets: ["acme-files".parse().unwrap()].into(),
    };
    let project = project_template(&name(), &"acme/shop".parse().unwrap());
    vec![deployer(&options), target(Some("a-secret"), true, &[PERMISSION]), project]
}

/// The statements with this effect, at any depth.
fn statements(template: &Value, effect: &str) -> Vec<Value> {
    match template {
        Value::Object(fields) if fields.get("Effect").is_some_and(|found| found == effect) => vec![template.clone()],
        Value::Object(fields) => fields.values().flat_map(|value| statements(value, effect)).collect(),
        Value::Array(values) => values.iter().flat_map(|value| statements(value, effect)).collect(),
        _ => Vec::new(),
    }
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(values) => values.iter().flat_map(texts).collect(),
        value => value.as_str().map(ToOwned::to_owned).into_iter().collect(),
    }
}

/// Whether a statement allows an action. IAM ignores case, and `*` and `?` are wildcards.
fn allows(statement: &Value, action: &str) -> bool {
    fn covers(pattern: &[u8], action: &[u8]) -> bool {
        match (pattern, action) {
            ([b'*', rest @ ..], _) => (0..=action.len()).any(|skipped| covers(rest, &action[skipped..])),
            ([one, rest @ ..], [first, others @ ..]) => {
                (*one == b'?' || one.eq_ignore_ascii_case(first)) && covers(rest, others)
            }
            ([], []) => true,
            _ => false,
        }
    }
    statement.get("NotAction").is_some()
        || texts(&statement["Action"]).iter().any(|pattern| covers(pattern.as_bytes(), action.as_bytes()))
}

fn resource(name: &str) -> Value {
    deployer(&DeployerOptions::default())["Resources"][name].clone()
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

#[test]
fn only_operators_may_scan_and_stop() {
    for action in ["dynamodb:Scan", "states:StopExecution"] {
        for template in templates() {
            let resources = template["Resources"].as_object().unwrap();
            let allowing = |resource: &&Value| statements(resource, "Allow").iter().any(|one| allows(one, action));
            let allowing: Vec<_> = resources.iter().filter(|(_, resource)| allowing(resource)).collect();
            let expected = if resources.contains_key("OperatePolicy") { vec!["OperatePolicy"] } else { vec![] };
            assert_eq!(allowing.into_iter().map(|(name, _)| name).collect::<Vec<_>>(), expected, "{action}");
        }
    }
}

/// The policies allow users to write no item of the lock table; operators delete root locks and put `ended/…`.
#[test]
fn operators_write_only_what_unlock_writes() {
    let keys = |policy: &str, action: &str| -> Vec<String> {
        let allowed = statements(&resource(policy), "Allow").into_iter().filter(|statement| allows(statement, action));
        allowed.flat_map(|one| texts(&one["Condition"]["ForAnyValue:StringLike"]["dynamodb:LeadingKeys"])).collect()
    };
    let ended = EndedItem::key("*");
    for (action, allowed) in [("dynamodb:PutItem", ended.as_str()), ("dynamodb:DeleteItem", "????????????/*/lock")] {
        assert_eq!(keys("OperatePolicy", action), [allowed]);
    }
    for action in ["PutItem", "DeleteItem", "UpdateItem", "BatchWriteItem", "PartiQLUpdate"] {
        let action = format!("dynamodb:{action}");
        let unconditional = |policy: &str| {
            let allowed = statements(&resource(policy), "Allow").into_iter().filter(|one| allows(one, &action));
            allowed.filter(|one| one.get("Condition").is_none()).count()
        };
        assert_eq!((unconditional("StartPolicy"), unconditional("OperatePolicy")), (0, 0), "{action}");
    }
}

/// Otherwise the halt flag of a cleared lock would halt the next deploy.
#[test]
fn operators_delete_what_unlock_deletes() {
    let allowed = statements(&resource("OperatePolicy"), "Allow");
    let delete = allowed.iter().find(|statement| allows(statement, "s3:DeleteObject")).unwrap();
    let names: Vec<_> =
        objects(&delete["Resource"]).iter().map(|arn| arn.rsplit('/').next().unwrap().to_owned()).collect();
    assert_eq!(names, ["halt", "lock", "user-lock"]);
}

/// The ARNs of a statement.
fn objects(resources: &Value) -> Vec<String> {
    match resources {
        Value::Array(values) => values.iter().flat_map(objects).collect(),
        value => value.get("Fn::Sub").unwrap_or(value).as_str().map(ToOwned::to_owned).into_iter().collect(),
    }
}

#[test]
fn function_uses_other_buckets_as_its_own() {
    let also_buckets = ["acme-files".parse().unwrap(), "acme-more".parse().unwrap()].into();
    let template = deployer(&DeployerOptions { also_buckets, ..DeployerOptions::default() });
    let function = &template["Resources"]["Function"]["Properties"];
    assert_eq!(function["Environment"]["Variables"], json!({BUCKETS_VARIABLE: "acme-files,acme-more"}));
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
