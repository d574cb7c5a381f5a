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

pub(super) fn policies(context: &mut RuleContext<'_, '_>, node: &Node) -> Value {
    let Some(policies) = node.as_sequence().filter(|policies| !policies.is_empty()) else {
        let names = TEMPLATES.map(|(name, _)| name).join(", ");
        let message = "should be a list of at least one SAM policy template";
        context.refuse(FindingCode::WrongType, node.span, message, format!("supported policy templates: {names}"));
        return node.into();
    };
    let walked = policies.iter().enumerate();
    walked.map(|(position, policy)| walk(&mut context.at(position), policy)).collect()
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

fn refuse(context: &mut RuleContext<'_, '_>, node: &Node, only: Option<(&String, &Entry)>) {
    let names = TEMPLATES.map(|(name, _)| name);
    let written = only.map(|(name, _)| name.as_str()).or(node.as_str());
    let found = written.map_or(node.kind().to_owned(), |name| format!("`{name}`"));
    let help = match written.and_then(|name| nearest(name, names)) {
        Some(name) => format!("did you mean `{name}`?"),
        None => format!("use one of {}, or set `Role` instead of `Policies`", names.join(", ")),
    };
    let message = format!("{found} is not a supported SAM policy template");
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
            {"LambdaInvokePolicy": {"FunctionName": {"Ref": "hello"}}},
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
    fn other_policies_are_refused() {
        let statement = json!([{"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}]);
        for (policies, path, code) in [
            (json!("AdministratorAccess"), "", FindingCode::WrongType),
            (json!([]), "", FindingCode::WrongType),
            (json!({"VPCAccessPolicy": {}}), "", FindingCode::WrongType),
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
