//! The role of a target account: it can do what stacks need, and little more.

use crate::evaluation::Request;
use crate::exceptions::{NEEDED_BEYOND, NO_ACTIONS, NOT_NEEDED};
use crate::resources::{context, resources};
use crate::tables::{TABLES, statements};
use bifrost::Deployer;
use fenrir::Fenrir;
use fenrir::rules::EXPANDED_TYPES;
use std::collections::BTreeSet;

fn is_needed(of_type: &str, action: &str) -> bool {
    let mut exceptions = NOT_NEEDED.iter().filter(|(known, _, _)| [of_type, "*"].contains(known));
    !exceptions.any(|(_, actions, _)| actions.contains(&action))
}

/// The pairs of type and action that stacks need.
fn needed() -> impl Iterator<Item = (&'static str, &'static str)> {
    let handlers = TABLES.handlers.iter();
    let pairs = handlers.flat_map(|(of_type, all)| all.iter().map(|action| (of_type.as_str(), action.as_str())));
    pairs.filter(|(of_type, action)| is_needed(of_type, action))
}

fn is_in_reference(action: &str) -> bool {
    TABLES.action(action).is_some()
}

#[test]
fn tables_have_all_types() {
    assert_eq!(TABLES.handlers.keys().map(String::as_str).collect::<Vec<_>>(), EXPANDED_TYPES);
}

#[test]
fn role_allows_what_each_type_needs() {
    let mut denied = BTreeSet::new();
    for (of_type, action) in needed().filter(|(_, action)| is_in_reference(action)) {
        let (context, resources) = (context(action, of_type), resources(action, of_type));
        assert!(!resources.is_empty(), "no example of a resource for {action}");
        for resource in &resources {
            if !(Request { action, resource, context: &context }).is_allowed(Fenrir::PERMISSIONS) {
                denied.insert(format!("{of_type} {action} {resource}"));
            }
        }
    }
    assert_eq!(denied, BTreeSet::new());
}

#[test]
fn reference_has_all_other_actions() {
    let lacking: BTreeSet<_> = needed().map(|(_, action)| action).filter(|action| !is_in_reference(action)).collect();
    assert_eq!(lacking, BTreeSet::from(NO_ACTIONS));
}

/// Each exception is one: the handler lists the action, and the role lacks it, unless another type needs it.
#[test]
fn exceptions_are_not_allowed() {
    for (of_type, actions, reason) in NOT_NEEDED {
        for action in *actions {
            let types = TABLES.handlers.iter().filter(|(known, _)| of_type == known || *of_type == "*");
            let mut listed = types.flat_map(|(_, all)| all).filter(|listed| listed == action);
            assert!(listed.next().is_some(), "{of_type} does not list {action}");
            let is_beyond = NEEDED_BEYOND.iter().any(|(beyond, _)| beyond == action);
            if !is_beyond && !needed().any(|(_, needed)| needed.eq_ignore_ascii_case(action)) {
                let mut allowed = Fenrir::PERMISSIONS.iter().flat_map(|permission| permission.actions);
                assert!(!allowed.any(|allowed| allowed == action), "{action}: {reason}");
            }
        }
    }
}

/// No statement for stacks allows an action that no type needs.
#[test]
fn role_allows_no_more_actions() {
    let needed: BTreeSet<_> = needed().map(|(_, action)| action.to_ascii_lowercase()).collect();
    let beyond: BTreeSet<_> = NEEDED_BEYOND.iter().map(|(action, _)| *action).collect();
    let is_by_stacks = |key: &str| key == "aws:CalledVia";
    for permission in
        Fenrir::PERMISSIONS.iter().filter(|one| one.conditions.iter().any(|(_, key, _)| is_by_stacks(key)))
    {
        for pattern in permission.actions {
            let matching: Vec<_> = TABLES.matching(pattern).collect();
            assert!(!matching.is_empty(), "{pattern} matches no action");
            for action in matching {
                let known = needed.contains(&action.to_ascii_lowercase()) || beyond.contains(action);
                assert!(known, "{} allows {action}, which no type needs", permission.sid);
            }
        }
    }
}

/// Each action has a resource type to which the statement limits it, or `*` and none.
#[test]
fn statements_have_resources_that_their_actions_support() {
    let mut wrong = BTreeSet::new();
    for permission in statements() {
        for action in permission.actions.iter().flat_map(|pattern| TABLES.matching(pattern)) {
            let is_limited = !permission.resources.contains(&"*");
            if is_limited && TABLES.action(action).unwrap().resources.is_empty() {
                wrong.insert(format!("{} cannot limit {action}", permission.sid));
            }
        }
    }
    assert_eq!(wrong, BTreeSet::new());
}

/// A condition with a key that requests for an action never have makes the statement useless for it.
#[test]
fn statements_have_conditions_that_their_actions_support() {
    /// The keys that requests for any service have.
    const GLOBAL: [&str; 3] = ["aws:CalledVia", "aws:ResourceAccount", "lambda:SourceFunctionArn"];
    let mut wrong = BTreeSet::new();
    for permission in statements() {
        for action in permission.actions.iter().flat_map(|pattern| TABLES.matching(pattern)) {
            for (_, key, _) in permission.conditions.iter().filter(|(_, key, _)| !GLOBAL.contains(key)) {
                if !TABLES.has_key(TABLES.action(action).unwrap(), key) {
                    wrong.insert(format!("{}: {action} has no {key}", permission.sid));
                }
            }
        }
    }
    assert_eq!(wrong, BTreeSet::new());
}

/// Whether CloudFormation may do this with the stack of a release.
fn may(action: &str, resource: &str, of_type: &str) -> bool {
    Request { action, resource, context: &context(action, of_type) }.is_allowed(Fenrir::PERMISSIONS)
}

#[test]
fn resources_of_others_are_out_of_reach() {
    for (action, resource) in [
        ("lambda:UpdateFunctionCode", "arn:aws:lambda:us-east-1:222222222222:function:payments"),
        ("lambda:InvokeFunction", "arn:aws:lambda:us-east-1:222222222222:function:fenrir-org-shop-development-hello"),
        ("dynamodb:DeleteTable", "arn:aws:dynamodb:us-east-1:222222222222:table/payments"),
        ("dynamodb:GetItem", "arn:aws:dynamodb:us-east-1:222222222222:table/fenrir-org-shop-development-things"),
        ("sqs:ReceiveMessage", "arn:aws:sqs:us-east-1:222222222222:fenrir-org-shop-development-jobs"),
        ("sns:DeleteTopic", "arn:aws:sns:us-east-1:222222222222:payments"),
        ("iam:CreateRole", "arn:aws:iam::222222222222:role/administrator"),
        ("s3:GetObject", "arn:aws:s3:::coinbase-fenrir-000000000000/333333333333/org/shop/hello.zip"),
    ] {
        assert!(!may(action, resource, "AWS::Lambda::Function"), "{action} {resource}");
    }
}

#[test]
fn subscription_is_of_a_function_or_queue_of_a_stack() {
    let topic = "arn:aws:sns:us-east-1:222222222222:orders";
    let mut context = context("sns:Subscribe", "AWS::SNS::Subscription");
    for (endpoint, expected) in [
        ("arn:aws:lambda:us-east-1:222222222222:function:fenrir-org-shop-development-hello:live", true),
        ("arn:aws:sqs:us-east-1:222222222222:sam-org-shop-development-q-1", true),
        ("https://example.com/", false),
        ("arn:aws:lambda:us-east-1:333333333333:function:fenrir-x", false),
    ] {
        context.insert("sns:Endpoint".to_owned(), endpoint.to_owned());
        let request = Request { action: "sns:Subscribe", resource: topic, context: &context };
        assert_eq!(request.is_allowed(Fenrir::PERMISSIONS), expected, "{endpoint}");
    }
}

#[test]
fn distribution_needs_tags() {
    let mut context = context("cloudfront:CreateDistribution", "AWS::CloudFront::Distribution");
    context.remove("aws:RequestTag/ProjectName");
    let request = Request { action: "cloudfront:CreateDistribution", resource: "*", context: &context };
    assert!(!request.is_allowed(Fenrir::PERMISSIONS));
}
