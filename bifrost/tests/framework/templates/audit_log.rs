//! The template of the audit log: what its bucket, table and key refuse, and to whom.

use super::iam::{Request, allows, denied_by, permits, statements};
use super::{NAME, identity, name, resolved};
use bifrost::bootstrap::{AuditLogOptions, LockMode, Retention, audit_stack, audit_template};
use bifrost::cloud::CHECKPOINT_KEY;
use bifrost::release::ObjectKey;
use serde_json::{Value, json};

const DEPLOYERS: &str = "000000000000";
const FUNCTION: &str = "arn:aws:iam::000000000000:role/Acme-Board-lambda";
const ADMINISTRATOR: &str = "arn:aws:iam::000000000000:role/Administrator";

fn log(mode: LockMode, deployer_account: Option<&str>) -> Value {
    let deployer_account = deployer_account.map(|id| id.parse().unwrap());
    resolved(&audit_template(&name(), &AuditLogOptions { retention: Retention::Years(7), mode, deployer_account }))
}

fn properties(template: &Value, resource: &str) -> Value {
    template["Resources"][resource]["Properties"].clone()
}

fn bucket_policy() -> Value {
    properties(&log(LockMode::Compliance, None), "BucketPolicy")
}

fn object(key: &str) -> String {
    format!("arn:aws:s3:::{}/{key}", identity().audit_bucket())
}

/// A request over TLS.
fn request(action: &str, resource: &str, principal: &str) -> Request {
    Request::new(action, resource).with("aws:SecureTransport", "true").with("aws:PrincipalArn", principal)
}

/// A put by a function.
fn put(key: &str) -> Request {
    request("s3:PutObject", &object(key), FUNCTION)
}

fn put_new(key: &str) -> Request {
    put(key).with("s3:if-none-match", "*")
}

fn refusal(request: &Request) -> Option<String> {
    denied_by(&bucket_policy(), request)
}

#[test]
fn resources_have_the_names_of_the_identity() {
    let (template, identity) = (log(LockMode::Compliance, None), identity());
    let named = |resource: &str, field: &str| properties(&template, resource)[field].clone();
    assert_eq!(named("Bucket", "BucketName"), json!({"Fn::Sub": identity.audit_bucket()}));
    assert_eq!(named("Table", "TableName"), identity.audit_table());
    assert_eq!(named("SigningKeyAlias", "AliasName"), format!("alias/{}", identity.audit_table()));
    assert_eq!(ObjectKey::checkpoint().as_str(), CHECKPOINT_KEY);
}

#[test]
fn nothing_is_deleted_with_the_stack() {
    let template = log(LockMode::Governance, None);
    for (resource, attributes) in template["Resources"].as_object().unwrap() {
        assert_eq!(attributes["DeletionPolicy"], "RetainExceptOnCreate", "{resource}");
        assert_eq!(attributes["UpdateReplacePolicy"], "Retain", "{resource}");
    }
}

#[test]
fn retention_is_the_chosen_one() {
    let rule = |mode, retention| {
        let template = audit_template(&name(), &AuditLogOptions { retention, mode, deployer_account: None });
        properties(&template, "Bucket")["ObjectLockConfiguration"]["Rule"]["DefaultRetention"].clone()
    };
    assert_eq!(rule(LockMode::Compliance, Retention::Years(7)), json!({"Mode": "COMPLIANCE", "Years": 7}));
    assert_eq!(rule(LockMode::Governance, Retention::Days(400)), json!({"Mode": "GOVERNANCE", "Days": 400}));
}

#[test]
fn only_replaced_checkpoints_expire() {
    let rules = properties(&log(LockMode::Compliance, None), "Bucket")["LifecycleConfiguration"]["Rules"].clone();
    let expiring: Vec<_> =
        rules.as_array().unwrap().iter().filter(|rule| rule.to_string().contains("Expiration")).cloned().collect();
    let [rule] = expiring.as_slice() else { panic!("{expiring:?}") };
    assert_eq!(rule["Prefix"], CHECKPOINT_KEY);
    assert!(rule.get("ExpirationInDays").is_none());
}

#[test]
fn function_writes_each_key_once() {
    for key in
        ["records/Acme-Board/deploy-1/000001", "records/_people/1", "log/tile/0/000", "bundles/2026-01-01/000001"]
    {
        assert_eq!(refusal(&put_new(key)), None, "{key}");
        assert_eq!(refusal(&put(key)).as_deref(), Some("WriteOnce"), "{key}");
        assert_eq!(refusal(&put(key).with("s3:if-match", "tag")).as_deref(), Some("WriteOnce"), "{key}");
    }
    assert_eq!(refusal(&put_new("notes/1")).as_deref(), Some("OnlyKnownKeys"));
}

#[test]
fn checkpoint_is_replaced_only_by_who_has_read_it() {
    assert_eq!(refusal(&put_new(CHECKPOINT_KEY)), None);
    assert_eq!(refusal(&put(CHECKPOINT_KEY).with("s3:if-match", "tag")), None);
    assert_eq!(refusal(&put(CHECKPOINT_KEY)).as_deref(), Some("ReplaceReadCheckpoint"));
    assert_eq!(refusal(&put("log/checkpoint.old")).as_deref(), Some("WriteOnce"));
}

#[test]
fn only_functions_of_the_prefix_write() {
    let by = |principal: &str| {
        let put = request("s3:PutObject", &object("log/tile/0/000"), principal).with("s3:if-none-match", "*");
        refusal(&put)
    };
    for function in ["Acme-Board-lambda", "Acme-Board-audit-lambda", "Acme-Other-lambda"] {
        assert_eq!(by(&format!("arn:aws:iam::000000000000:role/{function}")), None, "{function}");
    }
    for other in [
        ADMINISTRATOR,
        "arn:aws:iam::000000000000:root",
        "arn:aws:iam::000000000000:role/Other-Board-lambda",
        "arn:aws:iam::111111111111:role/Acme-Board-lambda",
        "arn:aws:iam::000000000000:user/Acme-Board-lambda",
        "arn:aws:iam::000000000000:role/Acme-Board-lambda-admin",
    ] {
        assert_eq!(by(other).as_deref(), Some("OnlyFunctionsWrite"), "{other}");
    }
    let without_principal = Request::new("s3:PutObject", &object("log/tile/0/000")).with("s3:if-none-match", "*");
    assert!(refusal(&without_principal).is_some());
}

#[test]
fn retention_below_the_rule_is_refused_except_for_the_checkpoint() {
    let days = |key: &str, days: &str| put_new(key).with("s3:object-lock-remaining-retention-days", days);
    let record = "records/Acme-Board/deploy-1/000001";
    for (request, sid) in [
        (days(record, "1"), Some("RetainLong")),
        (days(record, "2553"), Some("RetainLong")),
        (days(record, "2555"), None),
        (days(record, "9000").with("s3:object-lock-mode", "GOVERNANCE"), Some("RetainStrictly")),
        (days(record, "9000").with("s3:object-lock-mode", "COMPLIANCE"), None),
        (days(CHECKPOINT_KEY, "1").with("s3:object-lock-mode", "GOVERNANCE"), None),
    ] {
        assert_eq!(refusal(&request).as_deref(), sid, "{request:?}");
    }
    let shorten = request("s3:PutObjectRetention", &object(record), FUNCTION);
    let shorten = shorten.with("s3:object-lock-remaining-retention-days", "1");
    assert_eq!(refusal(&shorten).as_deref(), Some("RetainLong"));
    let governance = properties(&log(LockMode::Governance, None), "BucketPolicy");
    assert_eq!(denied_by(&governance, &days(record, "9000").with("s3:object-lock-mode", "GOVERNANCE")), None);
}

#[test]
fn nobody_deletes_or_alters() {
    for action in [
        "s3:DeleteObject",
        "s3:DeleteObjectVersion",
        "s3:BypassGovernanceRetention",
        "s3:ReplicateObject",
        "s3:ReplicateDelete",
    ] {
        for principal in [FUNCTION, ADMINISTRATOR, "arn:aws:iam::000000000000:root"] {
            let refused = refusal(&request(action, &object(CHECKPOINT_KEY), principal));
            assert_eq!(refused.as_deref(), Some("NobodyAlters"), "{action} {principal}");
        }
    }
}

#[test]
fn settings_change_only_through_a_stack() {
    let bucket = format!("arn:aws:s3:::{}", identity().audit_bucket());
    for action in ["s3:PutBucketObjectLockConfiguration", "s3:PutLifecycleConfiguration", "s3:DeleteBucket"] {
        let change = request(action, &bucket, ADMINISTRATOR);
        assert_eq!(refusal(&change).as_deref(), Some("KeepSettings"), "{action}");
        let by_stack = change.with("aws:CalledViaFirst", "cloudformation.amazonaws.com");
        assert_eq!(refusal(&by_stack), None, "{action}");
    }
    assert_eq!(refusal(&request("s3:PutBucketPolicy", &bucket, ADMINISTRATOR)), None);
}

#[test]
fn reading_needs_tls() {
    let read = |is_secure: &str| {
        let read = Request::new("s3:GetObject", &object(CHECKPOINT_KEY)).with("aws:SecureTransport", is_secure);
        refusal(&read.with("aws:PrincipalArn", ADMINISTRATOR))
    };
    assert_eq!(read("true"), None);
    assert_eq!(read("false").as_deref(), Some("TlsOnly"));
}

#[test]
fn only_functions_sign_and_only_with_ed25519() {
    let key = properties(&log(LockMode::Compliance, None), "SigningKey");
    assert_eq!((&key["KeySpec"], &key["KeyUsage"]), (&json!("ECC_NIST_EDWARDS25519"), &json!("SIGN_VERIFY")));
    let sign = |principal: &str, algorithm: &str| {
        let sign = Request::new("kms:Sign", "*").with("aws:PrincipalArn", principal);
        permits(&key, &sign.with("kms:SigningAlgorithm", algorithm).with("kms:MessageType", "RAW"))
    };
    assert!(sign(FUNCTION, "ED25519_SHA_512"));
    assert!(!sign(FUNCTION, "ED25519_PH_SHA_512"));
    assert!(!sign(ADMINISTRATOR, "ED25519_SHA_512"));
    let public = Request::new("kms:GetPublicKey", "*");
    assert!(permits(&key, &public.with("aws:PrincipalArn", FUNCTION)), "asks for no algorithm");
}

#[test]
fn nobody_removes_items_and_only_functions_write_them() {
    let table = properties(&log(LockMode::Compliance, None), "Table");
    assert_eq!(table["DeletionProtectionEnabled"], true);
    let arn = format!("arn:aws:dynamodb:us-east-1:000000000000:table/{}", identity().audit_table());
    let refused = |action: &str, principal: &str| denied_by(&table, &request(action, &arn, principal));
    for action in ["dynamodb:DeleteItem", "dynamodb:BatchWriteItem", "dynamodb:PartiQLDelete"] {
        assert_eq!(refused(action, FUNCTION).as_deref(), Some("NobodyRemoves"), "{action}");
    }
    for action in ["dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:PartiQLUpdate", "dynamodb:PartiQLInsert"] {
        assert_eq!(refused(action, FUNCTION), None, "{action}");
        assert_eq!(refused(action, ADMINISTRATOR).as_deref(), Some("OnlyFunctionsWrite"), "{action}");
    }
}

#[test]
fn table_changes_only_through_a_stack() {
    let table = properties(&log(LockMode::Compliance, None), "Table");
    let arn = format!("arn:aws:dynamodb:us-east-1:000000000000:table/{}", identity().audit_table());
    for action in ["DeleteTable", "UpdateTable", "UpdateTimeToLive", "UpdateContinuousBackups"] {
        let action = format!("dynamodb:{action}");
        for principal in [FUNCTION, ADMINISTRATOR, "arn:aws:iam::000000000000:root"] {
            let change = request(&action, &arn, principal);
            assert_eq!(denied_by(&table, &change).as_deref(), Some("KeepSettings"), "{action} {principal}");
            let by_stack = change.with("aws:CalledViaFirst", "cloudformation.amazonaws.com");
            assert_eq!(denied_by(&table, &by_stack), None, "{action} {principal}");
        }
    }
}

/// A failed creation is undone by deleting what was created, which the protection of the table would prevent.
#[test]
fn table_is_created_last() {
    let template = log(LockMode::Compliance, None);
    let resources = template["Resources"].as_object().unwrap();
    let named = |value: &Value| -> Vec<String> {
        let names = value.to_string();
        resources
            .keys()
            .filter(|name| names.contains(&format!("\"{name}\"")) || names.contains(&format!("${{{name}.")))
            .cloned()
            .collect()
    };
    let mut before: Vec<String> = vec!["Table".into()];
    let mut next = 0;
    while let Some(resource) = before.get(next).cloned() {
        let needed =
            named(&resources[&resource]["DependsOn"]).into_iter().chain(named(&resources[&resource]["Properties"]));
        let new: Vec<_> = needed.filter(|name| !before.contains(name)).collect();
        before.extend(new);
        next += 1;
    }
    assert_eq!(before.len(), resources.len(), "{before:?}");
}

#[test]
fn auditors_read_and_change_nothing() {
    let policy = properties(&log(LockMode::Compliance, None), "ReadPolicy");
    for statement in statements(&policy, "Allow") {
        for action in ["s3:PutObject", "s3:DeleteObject", "kms:Sign", "dynamodb:PutItem", "s3:PutBucketPolicy"] {
            assert!(!allows(&statement, action), "{statement}");
        }
    }
    assert!(permits(&policy, &Request::new("s3:GetObjectVersion", &object(CHECKPOINT_KEY))));
}

#[test]
fn log_account_admits_the_deployers_of_one_account() {
    let template = log(LockMode::Compliance, Some("111111111111"));
    let (policy, table) = (properties(&template, "BucketPolicy"), properties(&template, "Table"));
    let bucket = properties(&template, "Bucket")["BucketName"]["Fn::Sub"].as_str().unwrap().to_owned();
    assert_eq!(bucket, identity().audit_bucket().replace(DEPLOYERS, "111111111111"));
    let object = format!("arn:aws:s3:::{bucket}/records/{NAME}/deploy-1/000001");
    let put =
        |principal: &str| permits(&policy, &request("s3:PutObject", &object, principal).with("s3:if-none-match", "*"));
    let function = FUNCTION.replace(DEPLOYERS, "111111111111");
    assert!(put(&function) && !put(FUNCTION) && !put(&ADMINISTRATOR.replace(DEPLOYERS, "111111111111")));
    assert!(permits(&policy, &request("s3:GetObject", &object, ADMINISTRATOR)));
    let item = |action: &str| {
        let arn = "arn:aws:dynamodb:us-east-1:000000000000:table/Acme-audit-111111111111";
        permits(&table, &request(action, arn, &function))
    };
    assert!(item("dynamodb:PutItem") && item("dynamodb:BatchGetItem") && !item("dynamodb:DeleteItem"));
    let principals: Vec<_> =
        statements(&template, "Allow").into_iter().map(|one| one["Principal"].to_string()).collect();
    assert!(principals.iter().all(|principal| !principal.contains('*')), "{principals:?}");
    // An account of logs may have those of several deployer accounts.
    let options = |account: &str| AuditLogOptions {
        retention: Retention::Days(1),
        mode: LockMode::Governance,
        deployer_account: account.parse().ok(),
    };
    assert_ne!(audit_stack(&name(), &options("111111111111")), audit_stack(&name(), &options("222222222222")));
    assert_eq!(audit_stack(&name(), &options("")), identity().audit_table());
}

#[test]
fn template_is_pinned() {
    insta::assert_snapshot!(serde_json::to_string_pretty(&log(LockMode::Compliance, None)).unwrap());
}
