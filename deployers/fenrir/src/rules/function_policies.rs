//! `Policies` of a function: few SAM policy templates, so that a release gets access only to its own resources.

use super::rule_context::RuleContext;
use super::table::Shape::{Object, Required, Rule};
use super::table::{Table, refuse_non_literal};
use super::{local, outside};
use crate::template::{Entry, FindingCode, Node, nearest};
use serde_json::{Value, json};

/// The supported policy templates, each with its parameters.
pub(super) const TEMPLATES: [(&str, Table); 5] = [
    ("DynamoDBCrudPolicy", &[("TableName", Required(&Rule(table)))]),
    ("SQSPollerPolicy", &[("QueueName", Required(&Rule(queue)))]),
    ("LambdaInvokePolicy", &[("FunctionName", Required(&Rule(function)))]),
    ("KMSDecryptPolicy", &[("KeyId", Required(&Rule(key)))]),
    ("VPCAccessPolicy", &[]),
];

/// Whether SAM's role gets no policies, as if there was no such property.
pub(super) fn is_empty(policies: &Node) -> bool {
    policies.as_sequence().is_some_and(<[Node]>::is_empty)
}

/// The rule of `Policies`: a list of policy templates, or one of them.
pub(super) fn policies(context: &mut RuleContext<'_, '_>, node: &Node) -> Value {
    match node.as_sequence() {
        Some(policies) => {
            let walked = policies.iter().enumerate();
            walked.map(|(position, policy)| walk(&mut context.at(position), policy)).collect()
        }
        None => Value::Array(vec![walk(context, node)]),
    }
}

fn walk(context: &mut RuleContext<'_, '_>, node: &Node) -> Value {
    let only = node.as_mapping().filter(|mapping| mapping.len() == 1).and_then(|mapping| mapping.first());
    let Some((table, name, entry)) = only.and_then(|(name, entry)| Some((template(name)?, name, entry))) else {
        refuse(context, node, only);
        return node.into();
    };
    json!({name: Object(table).walk(&mut context.within(name), &entry.value)})
}

fn template(name: &str) -> Option<Table> {
    TEMPLATES.iter().find(|(known, _)| *known == name).map(|(_, table)| *table)
}

/// The policies of AWS that SAM attaches to the role by itself, with what makes it do so.
const ATTACHED: [(&str, &str); 7] = [
    ("AWSLambdaBasicExecutionRole", "to every role that it creates"),
    ("AWSLambdaVPCAccessExecutionRole", "to the role of a function with `VpcConfig`"),
    ("AWSXRayDaemonWriteAccess", "to the role of a function with `Tracing: Active`"),
    ("AWSXrayWriteOnlyAccess", "to the role of a function with `Tracing: Active`"),
    ("AWSLambdaSQSQueueExecutionRole", "to the role of a function with an event of the type `SQS`"),
    ("AWSLambdaKinesisExecutionRole", "to the role of a function with an event of the type `Kinesis`"),
    ("AWSLambdaDynamoDBExecutionRole", "to the role of a function with an event of the type `DynamoDB`"),
];

fn refuse(context: &mut RuleContext<'_, '_>, node: &Node, only: Option<(&String, &Entry)>) {
    let names = TEMPLATES.map(|(name, _)| name);
    let own_role = "for other permissions, create a role outside of the template, and set `Role` to its name in place of `Policies`";
    let indented = node.as_mapping().and_then(|mapping| mapping.keys().find(|name| template(name).is_some()));
    let of_list = || format!("use {}; {own_role}", names.join(", "));
    let (message, help) = match (node.as_str(), only) {
        (Some(managed), _) => {
            let name = managed.rsplit('/').next().unwrap_or(managed);
            let attached = ATTACHED.iter().find(|(attached, _)| *attached == name);
            let help = attached.map_or_else(of_list, |(_, when)| format!("remove it: SAM adds it {when}"));
            (format!("the managed policy `{managed}` is not allowed"), help)
        }
        (None, Some((name, _))) if node.intrinsic().is_none() && name != "Statement" => {
            let help = nearest(name, names).map_or_else(of_list, |name| format!("did you mean `{name}`?"));
            (format!("the SAM policy template `{name}` is not supported"), help)
        }
        _ if let Some(name) = indented => {
            let message = format!("`{name}` should be the only key of its policy");
            (message, format!("indent its parameters further, or write `{name}: {{<parameter>: <value>}}`"))
        }
        _ if node.get("Statement").is_some() => ("inline policies are not allowed".to_owned(), of_list()),
        _ => (format!("should be a SAM policy template, but is {}", node.kind()), of_list()),
    };
    context.refuse(FindingCode::UnknownPolicy, node.span, message, help);
}

fn table(context: &mut RuleContext<'_, '_>, node: &Node) -> Value {
    local::by_ref(context, node, &["AWS::Serverless::SimpleTable"]);
    node.into()
}

fn function(context: &mut RuleContext<'_, '_>, node: &Node) -> Value {
    local::by_ref(context, node, &["AWS::Serverless::Function"]);
    node.into()
}

/// Replaces `!Ref` of a queue, which is its URL, by its name, which the policy needs.
fn queue(context: &mut RuleContext<'_, '_>, node: &Node) -> Value {
    const QUEUE: &[&str] = &["AWS::SQS::Queue"];
    let queue = match local::attribute_of(node) {
        Some(_) => local::by_attribute(context, node, QUEUE, "QueueName"),
        None => local::by_ref(context, node, QUEUE),
    };
    queue.map_or(node.into(), |queue| json!({"Fn::GetAtt": [queue, "QueueName"]}))
}

/// Replaces a key or alias with correct tags by the id of the key.
fn key(context: &mut RuleContext<'_, '_>, node: &Node) -> Value {
    let Some(name) = node.as_str() else {
        refuse_non_literal(context, node, "the id or alias of a key");
        return node.into();
    };
    let arn = outside::key_arn(context, node, name);
    arn.as_ref().and_then(|arn| arn.rsplit('/').next()).map_or_else(|| node.into(), Value::from)
}

#[cfg(test)]
mod tests {
    use crate::rules::fixture::{RulesFixture, function, own_tags, tags};
    use crate::rules::{Answer, Key, Lookup};
    use crate::template::FindingCode;
    use serde_json::{Value, json};

    const POLICIES: &str = "hello.Properties.Policies";

    fn with(policies: &Value) -> Value {
        json!({
            "hello": function(json!({"Policies": policies})),
            "worker": function(json!({})),
            "things": {"Type": "AWS::Serverless::SimpleTable"},
            "jobs": {"Type": "AWS::SQS::Queue"},
        })
    }

    fn knows_key(answer: Option<Key>) -> RulesFixture {
        RulesFixture::default().knows(Lookup::Key("alias/shop".to_owned()), Answer::Key(answer))
    }

    #[test]
    fn policies_refer_to_resources_of_the_template() {
        let policies = json!([
            {"DynamoDBCrudPolicy": {"TableName": {"Ref": "things"}}},
            {"LambdaInvokePolicy": {"FunctionName": {"Ref": "worker"}}},
            {"VPCAccessPolicy": {}},
        ]);
        let emitted = RulesFixture::default().accepts(with(&policies));
        assert_eq!(emitted["Resources"]["hello"]["Properties"]["Policies"], policies);
        for (policy, path, code) in [
            (
                json!({"DynamoDBCrudPolicy": {"TableName": "fenrir-org-other-development-things"}}),
                "DynamoDBCrudPolicy.TableName",
                FindingCode::NotAReference,
            ),
            (
                json!({"DynamoDBCrudPolicy": {"TableName": "*"}}),
                "DynamoDBCrudPolicy.TableName",
                FindingCode::NotAReference,
            ),
            (
                json!({"DynamoDBCrudPolicy": {"TableName": {"Ref": "jobs"}}}),
                "DynamoDBCrudPolicy.TableName",
                FindingCode::WrongResourceType,
            ),
            (
                json!({"LambdaInvokePolicy": {"FunctionName": {"Fn::ImportValue": "x"}}}),
                "LambdaInvokePolicy.FunctionName",
                FindingCode::NotAReference,
            ),
            (
                json!({"SQSPollerPolicy": {"QueueName": {"Fn::GetAtt": ["jobs", "Arn"]}}}),
                "SQSPollerPolicy.QueueName",
                FindingCode::NotAReference,
            ),
        ] {
            RulesFixture::default().refuses(with(&json!([policy])), &format!("{POLICIES}.0.{path}"), code);
        }
    }

    #[test]
    fn queue_policy_gets_the_name_of_the_queue() {
        for queue in [json!({"Ref": "jobs"}), json!({"Fn::GetAtt": ["jobs", "QueueName"]})] {
            let emitted = RulesFixture::default().accepts(with(&json!([{"SQSPollerPolicy": {"QueueName": queue}}])));
            let policy = &emitted["Resources"]["hello"]["Properties"]["Policies"][0];
            assert_eq!(policy, &json!({"SQSPollerPolicy": {"QueueName": {"Fn::GetAtt": ["jobs", "QueueName"]}}}));
        }
    }

    #[test]
    fn key_with_correct_tags_becomes_its_id() {
        let policy = with(&json!([{"KMSDecryptPolicy": {"KeyId": "alias/shop"}}]));
        assert_eq!(RulesFixture::default().needs(policy.clone()), [Lookup::Key("alias/shop".to_owned())]);
        let key = |tags| Some(Key { id: "1234".to_owned(), tags });
        for correct in [
            own_tags("x"),
            tags([("FenrirAllowed:org/shop:development", "true")]),
            tags([("FenrirAllAllowed", "true")]),
        ] {
            let emitted = knows_key(key(correct)).accepts(policy.clone());
            let policies = &emitted["Resources"]["hello"]["Properties"]["Policies"];
            assert_eq!(policies[0]["KMSDecryptPolicy"]["KeyId"], "1234");
        }
        let path = &format!("{POLICIES}.0.KMSDecryptPolicy.KeyId");
        for wrong in [
            tags([]),
            tags([("FenrirAllowed:org/shop:production", "true")]),
            tags([("FenrirAllAllowed", "yes")]),
            tags([("ProjectName", "_all"), ("ConfigName", "_all")]),
        ] {
            knows_key(key(wrong)).refuses(policy.clone(), path, FindingCode::OtherProject);
        }
        knows_key(None).refuses(policy, path, FindingCode::NotFound);
        let computed = with(&json!([{"KMSDecryptPolicy": {"KeyId": {"Ref": "things"}}}]));
        RulesFixture::default().refuses(computed, path, FindingCode::NotALiteral);
    }

    #[test]
    fn one_policy_needs_no_list() {
        let emitted = RulesFixture::default().accepts(with(&json!({"VPCAccessPolicy": {}})));
        assert_eq!(emitted["Resources"]["hello"]["Properties"]["Policies"], json!([{"VPCAccessPolicy": {}}]));
    }

    #[test]
    fn other_policies_are_refused() {
        let statement = json!([{"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}]);
        for (policies, path, code) in [
            (json!("AdministratorAccess"), "", FindingCode::UnknownPolicy),
            (json!({"S3CrudPolicy": {}}), "", FindingCode::UnknownPolicy),
            (json!(3), "", FindingCode::UnknownPolicy),
            (json!({"Fn::ImportValue": "x"}), "", FindingCode::UnknownPolicy),
            (json!(["AWSLambdaExecute"]), ".0", FindingCode::UnknownPolicy),
            (statement, ".0", FindingCode::UnknownPolicy),
            (json!([{"S3CrudPolicy": {"BucketName": "x"}}]), ".0", FindingCode::UnknownPolicy),
            (json!([{"VPCAccessPolicy": {}, "S3CrudPolicy": {}}]), ".0", FindingCode::UnknownPolicy),
            (json!([{"VPCAccessPolicy": {"x": 1}}]), ".0.VPCAccessPolicy.x", FindingCode::UnknownProperty),
            (json!([{"KMSDecryptPolicy": {}}]), ".0.KMSDecryptPolicy", FindingCode::MissingProperty),
        ] {
            RulesFixture::default().refuses(with(&policies), &format!("{POLICIES}{path}"), code);
        }
        let misspelt = with(&json!([{"DynamoDBCrudPolcy": {}}]));
        let path = &format!("{POLICIES}.0");
        RulesFixture::default().proposes(misspelt, path, FindingCode::UnknownPolicy, "DynamoDBCrudPolicy");
    }
}
