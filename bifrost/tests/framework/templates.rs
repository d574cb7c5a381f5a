//! The templates of `bootstrap`, for a deployer without permissions in a target account.

mod alarms;
mod audit_function;
mod audit_log;
mod iam;
mod policies;
mod step;

use crate::board::BoardDeployer;
use bifrost::audit::AuditMode;
use bifrost::bootstrap::{
    AuditSettings, BUCKETS_VARIABLE, DeployerName, DeployerOptions, EXTERNAL_ID_VARIABLE, SESSION_TAGS_VARIABLE,
    TargetOptions, deployer_template, project_stack, target_template,
};
use bifrost::{Boundary, DEPLOYERS_BUCKET, Identity, Permission};
use serde_json::{Value, json};

const NAME: &str = "Acme-Board";
const PERMISSION: Permission =
    Permission { sid: "Pin", why: "pins", actions: &["board:PinNote"], resources: &["*"], conditions: &[] };

fn identity() -> Identity {
    Identity { name: NAME.into(), account: "000000000000".parse().unwrap(), region: "us-east-1".parse().unwrap() }
}

fn name() -> DeployerName {
    NAME.parse().unwrap()
}

/// A template with that account and region filled in.
fn resolved(template: &Value) -> Value {
    let text = template.to_string();
    let text = text.replace("${AWS::AccountId}", "000000000000").replace("${AWS::Region}", "us-east-1");
    serde_json::from_str(&text.replace("${AWS::Partition}", "aws")).unwrap()
}

fn deployer(options: &DeployerOptions) -> Value {
    resolved(&deployer_template::<BoardDeployer>(&name(), options))
}

/// The template of a deployer that writes no audit log.
fn without_audit_log() -> Value {
    let audit = AuditSettings { mode: AuditMode::Off, log_account: None };
    deployer(&DeployerOptions { audit, ..DeployerOptions::default() })
}

fn variables(template: &Value) -> &Value {
    &template["Resources"]["Function"]["Properties"]["Environment"]["Variables"]
}

fn target(external_id: Option<&str>, session_tags: bool, permissions: &[Permission]) -> Value {
    let external_id = external_id.map(Into::into);
    let options = TargetOptions { deployer_account: identity().account, external_id, session_tags };
    resolved(&target_template(&name(), permissions, None, &options))
}

fn trust(target: &Value) -> &Value {
    &target["Resources"]["AssumedRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
}

#[test]
fn resources_have_the_names_of_the_identity() {
    let (template, identity) = (deployer(&DeployerOptions::default()), identity());
    let property = |resource: &str, property: &str| template["Resources"][resource]["Properties"][property].clone();
    assert_eq!(property("Function", "FunctionName"), identity.name);
    assert_eq!(property("Machine", "StateMachineName"), identity.name);
    assert_eq!(property("LockTable", "TableName"), identity.lock_table());
    assert_eq!(property("Bucket", "BucketName"), json!({"Fn::Sub": identity.bucket().unwrap()}));
    assert_eq!(property("FunctionRole", "RoleName"), identity.execution_role());
    let assumed = target(None, false, &[])["Resources"]["AssumedRole"]["Properties"]["RoleName"].clone();
    assert_eq!(assumed, identity.assumed_role());
    let policies = template["Resources"].to_string();
    assert!(policies.contains(&identity.function_arn()) && policies.contains(&identity.state_machine_arn()));
    assert!(policies.contains(&identity.execution_arn("*")));
}

#[test]
fn state_machine_runs_the_function_of_its_stack() {
    let template = deployer(&DeployerOptions::default());
    let definition = &template["Resources"]["Machine"]["Properties"]["DefinitionString"]["Fn::Sub"];
    let definition: Value = serde_json::from_str(definition.as_str().unwrap()).unwrap();
    assert_eq!(definition["States"]["Pin"]["Resource"], "${Function.Arn}");
}

#[test]
fn target_account_trusts_only_the_function() {
    let target = target(None, false, &[]);
    let deployer = json!({"AWS": {"Fn::Sub": "arn:aws:iam::000000000000:role/Acme-Board-lambda"}});
    assert_eq!(
        *trust(&target),
        json!([{"Sid": "Deployer", "Effect": "Allow", "Action": ["sts:AssumeRole"], "Principal": deployer}])
    );
}

#[test]
fn external_id_is_sent_and_required() {
    let options = DeployerOptions { external_id: Some("a-secret".into()), ..DeployerOptions::default() };
    assert_eq!(variables(&deployer(&options))[EXTERNAL_ID_VARIABLE], "a-secret");
    let target = target(Some("a-secret"), false, &[]);
    assert_eq!(trust(&target)[0]["Condition"], json!({"StringEquals": {"sts:ExternalId": "a-secret"}}));
}

#[test]
fn session_tags_are_sent_and_allowed() {
    let template = deployer(&DeployerOptions::default());
    assert_eq!(variables(&template)[SESSION_TAGS_VARIABLE], "true");
    assert!(template["Resources"]["FunctionRole"].to_string().contains("sts:TagSession"));
    let target = target(None, true, &[]);
    assert_eq!(trust(&target)[1]["Action"], json!(["sts:TagSession"]));
    assert_eq!(
        trust(&target)[1]["Condition"],
        json!({"ForAllValues:StringEquals": {"aws:TagKeys": ["ProjectName", "ConfigName", "ReleaseID"]}})
    );
}

#[test]
fn session_tags_can_be_turned_off() {
    let template = deployer(&DeployerOptions { session_tags: false, ..DeployerOptions::default() });
    assert_eq!(variables(&template)[SESSION_TAGS_VARIABLE], "false");
    assert!(!template.to_string().contains("sts:TagSession"));
    assert_eq!(trust(&target(None, false, &[])).as_array().unwrap().len(), 1);
}

#[test]
fn optional_parts_are_absent_by_default() {
    let template = deployer(&DeployerOptions::default()).to_string();
    for absent in [EXTERNAL_ID_VARIABLE, BUCKETS_VARIABLE, "AWS::SNS::Subscription"] {
        assert!(!template.contains(absent), "{absent}");
    }
    assert_eq!(target(None, false, &[])["Resources"]["AssumedRole"]["Properties"].get("Policies"), None);
}

#[test]
fn permission_becomes_a_statement_with_its_reason() {
    let target = target(None, false, &[PERMISSION]);
    let role = &target["Resources"]["AssumedRole"];
    assert_eq!(
        role["Properties"]["Policies"][0]["PolicyDocument"]["Statement"],
        json!([{"Sid": "Pin", "Effect": "Allow", "Action": ["board:PinNote"], "Resource": "*"}])
    );
    assert_eq!(role["Metadata"], json!({"Pin": "pins"}));
}

#[test]
fn alarm_sends_mail() {
    let options = DeployerOptions { alarm_email: Some("ops@acme.example".into()), ..DeployerOptions::default() };
    let subscription = &deployer(&options)["Resources"]["AlarmEmail"]["Properties"];
    assert_eq!(subscription["Endpoint"], "ops@acme.example");
}

#[test]
fn deployer_name_must_be_valid_for_all_resources() {
    assert!("coinbase-odin".parse::<DeployerName>().is_ok());
    for wrong in ["", "9-odin", "-odin", "coinbase_odin", "coinbase.odin", &"a".repeat(51)] {
        assert!(wrong.parse::<DeployerName>().is_err(), "{wrong}");
    }
}

/// `coinbase-audit` is the stack of the audit log, and `coinbase-odin-audit` the audit function of `coinbase-odin`.
#[test]
fn deployer_cannot_have_the_name_of_an_audit_log_or_function() {
    for reserved in ["audit", "coinbase-audit", "coinbase-odin-audit", "Audit", "coinbase-AUDIT"] {
        let refused = reserved.parse::<DeployerName>().unwrap_err().to_string();
        assert!(refused.contains("the audit log and the audit function"), "{refused}");
    }
    for other in ["auditor", "coinbase-auditor", "audit-odin", "xaudit"] {
        assert!(other.parse::<DeployerName>().is_ok(), "{other}");
    }
}

#[test]
fn projects_have_stacks_of_their_own() {
    let stack = |project: &str| project_stack(&name(), &project.parse().unwrap());
    assert!(stack("acme/shop").starts_with("Acme-Board-upload-acme-shop-"));
    assert_ne!(stack("acme/shop"), stack("acme-shop"));
    let long = "a".repeat(100);
    assert_ne!(stack(&format!("{long}/a")), stack(&format!("{long}/b")));
    assert!(stack(&long).len() <= 128);
}

#[test]
fn boundary_is_a_policy_with_its_reasons() {
    let options = TargetOptions { deployer_account: identity().account, external_id: None, session_tags: false };
    let boundary = Boundary { name: "notes", permissions: &[PERMISSION] };
    let target = resolved(&target_template(&name(), &[], Some(boundary), &options));
    let policy = &target["Resources"]["Boundary"];
    assert_eq!(policy["Properties"]["ManagedPolicyName"], "notes");
    assert_eq!(policy["Properties"]["PolicyDocument"]["Statement"][0]["Action"], json!(["board:PinNote"]));
    assert_eq!(policy["Metadata"], json!({"Pin": "pins"}));
}

#[test]
fn permission_may_name_the_deployers_bucket() {
    const READ: Permission = Permission { resources: &["arn:aws:s3:::${Bucket}/*"], ..PERMISSION };
    assert!(READ.resources[0].contains(DEPLOYERS_BUCKET));
    let target = target(None, false, &[READ]);
    let policy = &target["Resources"]["AssumedRole"]["Properties"]["Policies"][0]["PolicyDocument"];
    let bucket = identity().bucket().unwrap();
    assert_eq!(policy["Statement"][0]["Resource"], json!({"Fn::Sub": format!("arn:aws:s3:::{bucket}/*")}));
}

#[test]
fn bucket_readers_may_read_only_their_own_account() {
    let policy = |readers: &[&str]| {
        let readers = readers.iter().map(|reader| reader.parse().unwrap()).collect();
        let template = deployer(&DeployerOptions { readers, ..DeployerOptions::default() });
        let statements = template["Resources"]["BucketPolicy"]["Properties"]["PolicyDocument"]["Statement"].clone();
        let statements = statements.as_array().unwrap().clone();
        statements.into_iter().filter(|statement| statement["Effect"] == "Allow").collect::<Vec<_>>()
    };
    assert_eq!(policy(&[]), Vec::<Value>::new());
    let allowed = policy(&["222222222222", "o-exampleorgid"]);
    let bucket = identity().bucket().unwrap();
    for statement in &allowed {
        let own = format!("arn:aws:s3:::{bucket}/${{!aws:PrincipalAccount}}/*");
        assert_eq!(statement["Resource"], json!({"Fn::Sub": own}));
        let role = json!({"Fn::Sub": "arn:aws:iam::*:role/Acme-Board-assumed"});
        assert_eq!(statement["Condition"]["ArnLike"]["aws:PrincipalArn"], role);
    }
    assert_eq!(allowed[0]["Principal"], json!({"AWS": [{"Fn::Sub": "arn:aws:iam::222222222222:root"}]}));
    assert_eq!(allowed[1]["Condition"]["StringEquals"]["aws:PrincipalOrgID"], "o-exampleorgid");
}
