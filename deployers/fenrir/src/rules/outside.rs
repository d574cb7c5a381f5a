//! Resources outside of the template: which ones a project may use.

use super::arns::{arn, is_arn, require_correct_tags, require_own_account, resource_of};
use super::reference::Outside;
use super::rule_context::RuleContext;
use super::{Answer, Facts, Lookup, tags};
use crate::template::{FindingCode, Node};
use serde_json::{Value, json};

/// The value for CloudFormation, after a check of the resource; `None` if the text has another form.
pub(super) fn resolve(outside: &Outside, context: &mut RuleContext<'_, '_>, node: &Node, text: &str) -> Option<Value> {
    match outside {
        Outside::Arn { service, prefix } => tagged_arn(context, node, text, service, prefix),
        Outside::Name { service, prefix } => tagged_name(context, node, text, service, prefix),
        Outside::BucketArn => {
            let bucket = resource_of(text, "s3").filter(|bucket| is_bucket(bucket))?;
            Some(tagged_bucket(context, node, text, bucket))
        }
        Outside::BucketDomain => {
            let suffix = format!(".s3.{}", context.facts().region.partition().url_suffix());
            let bucket = text.strip_suffix(&suffix).filter(|bucket| is_bucket(bucket))?;
            Some(tagged_bucket(context, node, text, bucket))
        }
        Outside::Key => key(context, node, text),
        Outside::RuntimeVersion => is_runtime_version(context.facts(), text).then(|| {
            context.check.allow(text);
            json!(text)
        }),
        Outside::InAccount => {
            let arn = Arn::of(text)?;
            require_own_account(context, node, text, arn.account);
            context.check.allow(text);
            Some(json!(text))
        }
        Outside::Account => {
            require_own_account(context, node, text, text);
            Some(json!(text))
        }
        Outside::OneOf(words) => words.iter().find(|word| word.eq_ignore_ascii_case(text)).map(|word| json!(word)),
    }
}

/// The parts of an ARN that a rule needs.
struct Arn<'a> {
    account: &'a str,
}

impl<'a> Arn<'a> {
    fn of(text: &'a str) -> Option<Self> {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        match parts.as_slice() {
            ["arn", partition, service, _, account, resource]
                if ![partition, service, resource].iter().any(|part| part.is_empty()) =>
            {
                Some(Self { account })
            }
            _ => None,
        }
    }
}

/// The characters of names in AWS. Others, such as wildcards and variables, could stand for several resources.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-./#+=,@".contains(c))
}

fn is_bucket(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.')
}

fn tagged_arn(
    context: &mut RuleContext<'_, '_>,
    node: &Node,
    text: &str,
    service: &str,
    prefix: &str,
) -> Option<Value> {
    let resource = resource_of(text, service)?.strip_prefix(prefix)?;
    let name = match service {
        // The function has the tags, not its versions and aliases.
        "lambda" => resource.split(':').next().unwrap_or(resource),
        "logs" => resource.strip_suffix(":*").unwrap_or(resource),
        _ => resource,
    };
    let whole = text.strip_suffix(resource)?;
    if !is_name(name) || !resource.strip_prefix(name)?.chars().all(|c| c.is_ascii_alphanumeric() || ":*$-_".contains(c))
    {
        return None;
    }
    require_correct_tags(context, node, text, &format!("{whole}{name}"));
    context.check.allow(text);
    Some(json!(text))
}

fn tagged_name(
    context: &mut RuleContext<'_, '_>,
    node: &Node,
    text: &str,
    service: &str,
    prefix: &str,
) -> Option<Value> {
    if !is_name(text) {
        return None;
    }
    if service == "s3" {
        return is_bucket(text).then(|| tagged_bucket(context, node, text, text));
    }
    let whole = arn(context.facts(), service, &format!("{prefix}{text}"));
    require_correct_tags(context, node, text, &whole);
    Some(json!(text))
}

fn tagged_bucket(context: &mut RuleContext<'_, '_>, node: &Node, text: &str, bucket: &str) -> Value {
    let arn = context.facts().region.partition().s3_arn(bucket);
    require_correct_tags(context, node, text, &arn);
    context.check.allow(text);
    json!(text)
}

/// The alias can point to another key later. Therefore CloudFormation gets the ARN of the key that was checked.
fn key(context: &mut RuleContext<'_, '_>, node: &Node, text: &str) -> Option<Value> {
    if let Some(service) = text.strip_prefix("alias/aws/") {
        return is_name(service).then(|| json!(text));
    }
    let resource = resource_of(text, "kms");
    if is_arn(text) && resource.is_none() || !is_name(resource.unwrap_or(text)) {
        return None;
    }
    if Arn::of(text).is_some_and(|arn| !require_own_account(context, node, text, arn.account)) {
        return Some(json!(text));
    }
    key_arn(context, node, text).map(Value::from).or_else(|| Some(json!(text)))
}

/// The ARN of a key with correct tags. Adds a finding, and returns `None`, if it is not known or may not be used.
pub(super) fn key_arn(context: &mut RuleContext<'_, '_>, node: &Node, name: &str) -> Option<String> {
    match context.look_up(Lookup::Key(name.to_owned())) {
        Some(Answer::Key(Some(key))) => {
            tags::require_correct(context, node.span, &format!("key `{name}`"), &key.tags);
            let arn = arn(context.facts(), "kms", &format!("key/{}", key.id));
            context.check.allow(&arn);
            Some(arn)
        }
        Some(Answer::Key(None)) => {
            let help = "write the id or ARN of a key in the target account and region, or `alias/<name>`";
            context.refuse(FindingCode::NotFound, node.span, format!("no key `{name}` found"), help);
            None
        }
        _ => None,
    }
}

/// Whether IAM takes it as the name of a role.
pub(super) fn is_role_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c))
}

/// The ARN of a role with service tags. Adds a finding, and returns `None`, if it is not known or does not exist.
pub(super) fn role_arn(context: &mut RuleContext<'_, '_>, node: &Node, name: &str) -> Option<String> {
    match context.look_up(Lookup::Role(name.to_owned())) {
        Some(Answer::Role(Some(role))) => {
            tags::require_service(context, node.span, &format!("role `{name}`"), &role.tags);
            context.check.allow(&role.arn);
            Some(role.arn.clone())
        }
        Some(Answer::Role(None)) => {
            let help = "check the name, or create the role in the target account and tag it";
            context.refuse(FindingCode::NotFound, node.span, format!("no role `{name}` found"), help);
            None
        }
        _ => None,
    }
}

/// `arn:<partition>:lambda:<region>::runtime:<digest>`: without an account, because it belongs to AWS.
fn is_runtime_version(facts: &Facts<'_>, text: &str) -> bool {
    let prefix = format!("arn:{}:lambda:{}::runtime:", facts.region.partition().name(), facts.region);
    text.strip_prefix(&prefix).is_some_and(|digest| !digest.is_empty() && digest.chars().all(|c| c.is_ascii_hexdigit()))
}
