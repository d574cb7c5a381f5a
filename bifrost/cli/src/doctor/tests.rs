//! Each fault that `doctor` finds, and its remedy.

mod audit;
mod fixture;
mod states;

use super::examine::Observed;
use super::{DoctorFinding, Status};
use audit::{protecting, with_settings, with_statements};
use bifrost_core::cloud::FunctionConfiguration;
use bifrost_core::self_check::{Assumption, VERSION};
use fixture::{
    by_step, checks, commands, definition, denied, edited, everything_is_denied, faults, findings, findings_in,
    findings_of, function, healthy, machine, nothing_exists, other_version, policy, report, returned, with_failure,
    with_function, with_machine, with_options, with_policy, with_time_to_live,
};
use serde_json::{Value, json};
use states::states;

const FUNCTION_ARN: &str = "arn:aws:lambda:us-east-1:111111111111:function:coinbase-odin";

#[test]
fn every_state_fails_its_checks() {
    for (state, observed, expected) in states() {
        assert_eq!(checks(&observed), expected, "{state}");
    }
}

#[test]
fn every_fault_has_a_remedy_and_no_good_finding_has_one() {
    for (state, observed, _) in states() {
        for DoctorFinding { what, status, next_step, .. } in findings(&observed) {
            assert_eq!(next_step.is_none(), status == Status::Good, "{state}: {what}");
        }
    }
}

/// A remedy may be run as printed in every state in which it appears. What holds locks, releases or traffic is not
/// deleted.
#[test]
fn remedies_are_complete_commands_that_delete_nothing() {
    for (state, observed, _) in states() {
        for fault in faults(&observed) {
            for command in commands(fault.next_step.as_deref().unwrap()) {
                let is_program =
                    ["odin ", "aws ", "bifrost ", "step-deployer "].iter().any(|program| command.starts_with(program));
                assert!(is_program, "{state}: {command}");
                assert!(!command.contains("delete") && !command.contains('<'), "{state}: {command}");
            }
        }
    }
}

/// `bootstrap` without the options of the last time removes the resources that they created.
#[test]
fn remedies_repeat_the_options_of_the_deployer() {
    for observed in [
        Observed { table: Ok(None), ..with_options(Assumption::Assumed) },
        with_options(Assumption::Denied("AccessDenied".into())),
    ] {
        let faults = faults(&observed);
        let next_step = faults[0].next_step.as_deref().unwrap();
        let bootstrap = commands(next_step).into_iter().find(|command| command.contains(" bootstrap ")).unwrap();
        assert!(bootstrap.contains(" --external-id ") && bootstrap.contains(" --no-session-tags"), "{bootstrap}");
        if !bootstrap.contains(" --target ") {
            assert!(bootstrap.contains(" --also-bucket \"$(aws "), "{bootstrap}");
            assert!(bootstrap.contains(" --audit-log best-effort --audit-account 999999999999"), "{bootstrap}");
        }
    }
    let next_step = |observed: &Observed| faults(observed)[0].next_step.clone().unwrap();
    assert_eq!(commands(&next_step(&nothing_exists())), ["odin bootstrap --apply"]);
    assert!(!next_step(&nothing_exists()).contains("--reader"));
    let without_table = Observed { table: Ok(None), ..healthy() };
    assert!(next_step(&without_table).contains(" options --alarm-email and --reader"));
    let denied = Observed { function: Err(denied("lambda:GetFunctionConfiguration", "no")), ..without_table };
    let next_step = faults(&denied).into_iter().find(|fault| fault.what == "lock table").unwrap().next_step.unwrap();
    assert!(
        next_step.contains(
            " options --external-id, --no-session-tags, --also-bucket, --audit-log, --audit-account, --step-project, \
             --step-config, --alarm-email and --reader"
        ),
        "{next_step}"
    );
}

/// `bootstrap` would leave code and definition as they are.
#[test]
fn what_step_deployed_is_upgraded_with_step() {
    let next_step = |observed: Observed, what: &str| {
        let found = faults(&observed).into_iter().find(|fault| fault.what == what).unwrap();
        found.next_step.unwrap()
    };
    let deploy = "step-deployer deploy FILE";
    for (observed, what) in [
        (other_version(), "function's answer"),
        (other_version(), "definition"),
        (with_machine(machine(edited())), "definition"),
        (with_failure("UnmarshalError"), "function's answer"),
        (Observed { answer: None, ..with_machine(machine(edited())) }, "definition"),
    ] {
        assert_eq!(commands(&next_step(by_step(observed), what)), [deploy], "{what}");
    }
    let without_table = next_step(Observed { table: Ok(None), ..by_step(healthy()) }, "lock table");
    let commands = commands(&without_table);
    assert_eq!(commands.first(), Some(&"odin bootstrap --apply --step-project acme/odin --step-config production"));
    // Reverting drift reverts what Step deployed.
    assert_eq!(commands.last(), Some(&deploy));
}

#[test]
fn definition_with_a_version_of_the_function_is_the_same() {
    let message = |arn: &str, definition: fn() -> Value| {
        let mut machine = machine(definition());
        machine.definition["States"]["Lock"]["Resource"] = json!(format!("{FUNCTION_ARN}{arn}"));
        let mut own = definition();
        own["States"]["Lock"]["Resource"] = json!(FUNCTION_ARN);
        let answer = Some(Ok(returned(&report(own.clone(), Assumption::Assumed))));
        let findings = findings_of(&Observed { answer, ..with_machine(machine) }, own);
        let finding = findings.into_iter().find(|finding| finding.what == "definition").unwrap();
        (finding.status, finding.message)
    };
    for (qualifier, version) in [("", None), (":$LATEST", None), (":12", Some("version 12"))] {
        let (status, message) = message(qualifier, definition);
        assert_eq!(status, Status::Good, "{message}");
        assert_eq!(message.contains("version"), version.is_some(), "{message}");
        assert!(message.contains(version.unwrap_or_default()), "{message}");
    }
    assert_eq!(message(":live", definition).0, Status::Bad);
}

#[test]
fn ttl_is_enabled_by_command_in_the_region() {
    let next_step = |time_to_live| faults(&with_time_to_live(time_to_live))[0].next_step.clone().unwrap();
    let update = "aws --region us-east-1 dynamodb update-time-to-live --table-name coinbase-odin-locks \
                  --time-to-live-specification";
    let enable = format!("{update} Enabled=true,AttributeName=expires_at");
    assert!(commands(&next_step(Ok(None))).contains(&enable.as_str()));
    let disable = format!("{update} Enabled=false,AttributeName=ttl");
    assert_eq!(commands(&next_step(Ok(Some("ttl".into())))), [disable, enable]);
}

/// A definition that was made by an earlier version has no timeouts: the function is compared with that of this client.
#[test]
fn function_must_end_before_its_task() {
    let timed = |timeout: u32, task: Option<u32>| {
        let mut machine = machine(definition());
        machine.definition["States"]["Lock"]["TimeoutSeconds"] = json!(task);
        let function = FunctionConfiguration { timeout_seconds: timeout, ..function() };
        let observed = Observed { machine: Ok(Some(machine)), ..with_function(function) };
        let fault = faults(&observed).into_iter().find(|fault| fault.what == "function")?;
        let next_step = fault.next_step.unwrap();
        Some(format!("{:?} {}", fault.status, commands(&next_step)[0].rsplit(' ').next().unwrap()))
    };
    assert_eq!(timed(300, Some(301)), None);
    assert_eq!(timed(301, Some(301)), Some("Bad 291".into()));
    assert_eq!(timed(900, Some(301)), Some("Bad 291".into()));
    assert_eq!(timed(309, None), None);
    assert_eq!(timed(310, None), Some("Bad 300".into()));
    assert_eq!(timed(30, None), Some("Warning 300".into()));
}

/// The function cannot have the time that a call may take and end before such a task.
#[test]
fn task_must_last_longer_than_a_call() {
    let mut machine = machine(definition());
    machine.definition["States"]["Lock"]["TimeoutSeconds"] = json!(60);
    let function = FunctionConfiguration { timeout_seconds: 50, ..function() };
    let observed = Observed { machine: Ok(Some(machine)), ..with_function(function) };
    let fault = faults(&observed).into_iter().find(|fault| fault.what == "function").unwrap();
    let next_step = fault.next_step.unwrap();
    assert!(next_step.contains("TASK_TIMEOUT_SECONDS") && !next_step.contains("--timeout 50"), "{next_step}");
}

#[test]
fn denied_calls_name_the_permission() {
    let faults = faults(&everything_is_denied());
    let steps: Vec<&str> = faults.iter().filter_map(|fault| fault.next_step.as_deref()).collect();
    for permission in
        ["sts:GetCallerIdentity", "lambda:GetFunctionConfiguration", "lambda:InvokeFunction", "s3:ListBucket"]
    {
        assert!(steps.iter().any(|step| step.ends_with(permission)), "{permission}: {steps:?}");
    }
}

#[test]
fn policy_must_deny_all_actions_of_all_without_tls() {
    let checks_with = |field: &str, value: Value| {
        let mut policy = policy();
        policy["Statement"][field] = value;
        checks(&with_policy(Some(policy)))
    };
    assert!(checks_with("Condition", json!({"Bool": {"aws:SecureTransport": [false]}})).is_empty());
    assert!(checks_with("Principal", json!("*")).is_empty());
    for (field, value) in [
        ("Effect", json!("Allow")),
        ("Principal", json!({"AWS": "arn:aws:iam::111111111111:user/ada"})),
        ("Action", json!("s3:GetObject")),
        ("Condition", json!({"Bool": {"aws:SecureTransport": "true"}})),
    ] {
        assert_eq!(checks_with(field, value), ["Bad bucket: TLS only"], "{field}");
    }
}

/// `put-bucket-policy` replaces the whole policy.
#[test]
fn policy_remedy_keeps_existing_statements() {
    let readers =
        json!({"Sid": "Readers", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "it's"});
    for statements in [json!([readers]), readers.clone()] {
        let observed = with_policy(Some(json!({"Version": "2012-10-17", "Id": "team", "Statement": statements})));
        let next_step = faults(&observed)[0].next_step.clone().unwrap();
        let (_, policy) = commands(&next_step)[0].split_once(" --policy ").unwrap();
        let policy = policy.strip_prefix('\'').unwrap().strip_suffix('\'').unwrap().replace(r"'\''", "'");
        let policy: Value = serde_json::from_str(&policy).unwrap();
        assert_eq!((&policy["Id"], &policy["Statement"][0]), (&json!("team"), &readers));
        assert_eq!(policy["Statement"][1]["Condition"], json!({"Bool": {"aws:SecureTransport": "false"}}));
    }
    let unreadable = with_policy(Some(json!("not JSON that is read")));
    let next_step = faults(&unreadable)[0].next_step.clone().unwrap();
    assert!(commands(&next_step).is_empty(), "{next_step}");
}

#[test]
fn each_protection_of_the_audit_log_is_missed() {
    assert!(checks(&with_statements(&protecting())).is_empty());
    for without in 0..protecting().len() {
        let statements: Vec<_> = protecting()
            .into_iter()
            .enumerate()
            .filter(|(at, _)| *at != without)
            .map(|(_, statement)| statement)
            .collect();
        assert_eq!(checks(&with_statements(&statements)), ["Bad audit log: policy"], "{without}");
    }
}

/// A statement that has one more condition, or does not apply to all principals, does not protect.
#[test]
fn protection_with_an_exception_is_none() {
    for (field, value) in [
        ("Effect", json!("Allow")),
        ("Principal", json!({"AWS": "arn:aws:iam::111111111111:user/ada"})),
        ("Condition", json!({"StringEquals": {"aws:username": "ada"}})),
        ("Action", json!(["s3:DeleteObject", "s3:BypassGovernanceRetention"])),
    ] {
        let mut statements = protecting();
        statements[1][field] = value;
        assert_eq!(checks(&with_statements(&statements)), ["Bad audit log: policy"], "{field}");
    }
}

/// A statement protects only if it is for all objects, except that the checkpoint may be overwritten.
#[test]
fn protection_of_some_objects_is_none() {
    const BUCKET: &str = "arn:aws:s3:::coinbase-audit-111111111111-us-east-1";
    let object = |key: &str| json!(format!("{BUCKET}/{key}"));
    let is_protected = |at: usize, field: &str, value: &Value| {
        let mut statements = protecting();
        statements[at].as_object_mut().unwrap().remove("Resource");
        statements[at][field] = value.clone();
        checks(&with_statements(&statements)).is_empty()
    };
    let others = object("*").as_str().unwrap().replace("111111111111", "222222222222");
    for at in 1..protecting().len() {
        for all in [object("*"), json!([BUCKET, object("*")]), json!(["*"])] {
            assert!(is_protected(at, "Resource", &all), "{at} {all}");
        }
        for some in [object("records/*"), json!(BUCKET), json!(others), json!([])] {
            assert!(!is_protected(at, "Resource", &some), "{at} {some}");
        }
        let is_overwriting = protecting()[at].to_string().contains("if-none-match");
        for but_checkpoint in [object("log/checkpoint"), json!([object("log/checkpoint")])] {
            assert_eq!(is_protected(at, "NotResource", &but_checkpoint), is_overwriting, "{at} {but_checkpoint}");
        }
        for but_more in [object("log/*"), json!([object("log/checkpoint"), object("records/*")]), json!([])] {
            assert!(!is_protected(at, "NotResource", &but_more), "{at} {but_more}");
        }
    }
}

#[test]
fn log_in_another_account_is_created_there() {
    let settings = [("BIFROST_AUDIT", "required"), ("BIFROST_AUDIT_ACCOUNT", "999999999999")];
    let mut observed = with_settings(&settings);
    observed.audit_log.as_mut().unwrap().bucket = Ok(None);
    let next_step = faults(&observed)[0].next_step.clone().unwrap();
    assert!(next_step.starts_with("with credentials for account 999999999999: "), "{next_step}");
    let create = "odin bootstrap --audit --audit-retention TIME --audit-account 999999999999 --deployer-account \
                  111111111111 --apply";
    assert_eq!(commands(&next_step), [create]);
}

#[test]
fn bucket_policy_statement_names_the_partition() {
    let observed = with_policy(None);
    for (region, partition) in [("us-gov-west-1", "aws-us-gov"), ("cn-north-1", "aws-cn")] {
        let bucket = format!("arn:{partition}:s3:::coinbase-odin-111111111111");
        let resources = json!([bucket, format!("{bucket}/*")]).to_string();
        let findings = findings_in(region, &observed);
        let names_resources =
            |finding: &DoctorFinding| finding.next_step.as_ref().is_some_and(|step| step.contains(&resources));
        assert!(findings.iter().any(names_resources), "{region}: {findings:?}");
    }
}

#[test]
fn equivalent_definition_has_no_difference() {
    let lock = json!({"Retry": [{"BackoffRate": 2}], "TimeoutSeconds": 310.0, "Type": "Task"});
    let reordered = json!({"States": {"Done": {}, "Lock": lock}, "StartAt": "Lock"});
    assert!(faults(&with_machine(machine(reordered))).is_empty());
}

/// The one place that pins the texts of `doctor`.
#[test]
fn findings_as_text() {
    let line = |finding: DoctorFinding| {
        let DoctorFinding { what, status, message, next_step } = finding;
        let next_step = next_step.map(|step| format!("\n    {step}")).unwrap_or_default();
        format!("{status:?} {what}: {message}{next_step}\n")
    };
    let text = |(state, observed, _): (&str, Observed, _)| {
        let shown = if state == "healthy" { findings(&observed) } else { faults(&observed) };
        format!("# {state}\n{}", shown.into_iter().map(line).collect::<String>())
    };
    let texts: Vec<String> = states().into_iter().map(text).collect();
    insta::assert_snapshot!(texts.join("\n").replace(VERSION, "VERSION"));
}
