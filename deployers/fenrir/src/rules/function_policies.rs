//! `Policies` of a function: SAM policy templates, and few of them, so that a release has rights to its own things alone.

use super::rule_context::RuleContext;
use super::table::Shape::{Object, Required, Rule};
use super::table::{Table, refuse_intrinsic};
use super::{Answer, Lookup, local, tags};
use crate::template::{Entry, Node, nearest};
use serde_json::{Value, json};

/// The templates, and what each may be about.
pub(super) const TEMPLATES: [(&str, Table); 5] = [
    ("DynamoDBCrudPolicy", &[("TableName", Required(&Rule(table)))]),
    ("SQSPollerPolicy", &[("QueueName", Required(&Rule(queue)))]),
    ("LambdaInvokePolicy", &[("FunctionName", Required(&Rule(function)))]),
    ("KMSDecryptPolicy", &[("KeyId", Required(&Rule(key)))]),
    ("VPCAccessPolicy", &[]),
];

/// The rule of `Policies`.
pub(super) fn policies(context: &mut RuleContext<'_, '_>, node: &Node) -> Value {
    let Some(policies) = node.as_sequence().filter(|policies| !policies.is_empty()) else {
        let names = TEMPLATES.map(|(name, _)| name).join(", ");
        let message = "should be a list of at least one SAM policy template";
        context.refuse_with(node.span, message, format!("these may be in it: {names}"));
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
    let is = written.map_or(node.kind().to_owned(), |name| format!("`{name}`"));
    let help = match written.and_then(|name| nearest(name, names)) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("write one of {}, or a `Role` in place of policies", names.join(", ")),
    };
    context.refuse_with(node.span, format!("{is} is not a supported SAM policy template"), help);
}

fn table(context: &mut RuleContext<'_, '_>, node: &Node) -> Value {
    local::by_ref(context, node, &["AWS::Serverless::SimpleTable"]);
    node.into()
}

fn function(context: &mut RuleContext<'_, '_>, node: &Node) -> Value {
    local::by_ref(context, node, &["AWS::Serverless::Function"]);
    node.into()
}

/// `!Ref` of a queue is its URL, and the policy needs its name.
fn queue(context: &mut RuleContext<'_, '_>, node: &Node) -> Value {
    const QUEUE: &[&str] = &["AWS::SQS::Queue"];
    let queue = match local::attribute_of(node) {
        Some(_) => local::by_attribute(context, node, QUEUE, "QueueName"),
        None => local::by_ref(context, node, QUEUE),
    };
    queue.map_or(node.into(), |queue| json!({"Fn::GetAtt": [queue, "QueueName"]}))
}

/// A key or alias with correct tags becomes the key's id.
fn key(context: &mut RuleContext<'_, '_>, node: &Node) -> Value {
    let Some(name) = node.as_str() else {
        refuse_intrinsic(context, node, "the id or alias of a key");
        return node.into();
    };
    match context.look_up(Lookup::Key(name.to_owned())) {
        Some(Answer::Key(Some(key))) => {
            tags::require_correct(context, node.span, &format!("the key `{name}`"), &key.tags);
            json!(key.id)
        }
        Some(Answer::Key(None)) => {
            let help = "write the id or ARN of a key of the target account and region, or `alias/…`";
            context.refuse_with(node.span, format!("there is no key `{name}`"), help);
            node.into()
        }
        _ => node.into(),
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::fixture::{RulesFixture, function, own_tags, tags};
    use crate::rules::{Answer, Key, Lookup};
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
    fn policies_are_about_things_of_the_template() {
        let policies = json!([
            {"DynamoDBCrudPolicy": {"TableName": {"Ref": "things"}}},
            {"LambdaInvokePolicy": {"FunctionName": {"Ref": "hello"}}},
            {"VPCAccessPolicy": {}},
        ]);
        let emitted = RulesFixture::default().accepts(with(&policies));
        assert_eq!(emitted["Resources"]["hello"]["Properties"]["Policies"], policies);
        for (policy, path) in [
            (json!({"DynamoDBCrudPolicy": {"TableName": "fenrir-org-other-development-things"}}), "TableName"),
            (json!({"DynamoDBCrudPolicy": {"TableName": "*"}}), "TableName"),
            (json!({"DynamoDBCrudPolicy": {"TableName": {"Ref": "jobs"}}}), "TableName"),
            (json!({"LambdaInvokePolicy": {"FunctionName": {"Fn::ImportValue": "x"}}}), "FunctionName"),
            (json!({"SQSPollerPolicy": {"QueueName": {"Fn::GetAtt": ["jobs", "Arn"]}}}), "QueueName"),
        ] {
            RulesFixture::default().refuses(with(&json!([policy])), &format!("{POLICIES}.0."), "should be");
            RulesFixture::default().refuses(with(&json!([policy])), path, "should be");
        }
    }

    #[test]
    fn a_queue_is_named_to_its_policy_though_ref_is_its_url() {
        for queue in [json!({"Ref": "jobs"}), json!({"Fn::GetAtt": ["jobs", "QueueName"]})] {
            let emitted = RulesFixture::default().accepts(with(&json!([{"SQSPollerPolicy": {"QueueName": queue}}])));
            let policy = &emitted["Resources"]["hello"]["Properties"]["Policies"][0];
            assert_eq!(policy, &json!({"SQSPollerPolicy": {"QueueName": {"Fn::GetAtt": ["jobs", "QueueName"]}}}));
        }
    }

    #[test]
    fn a_key_has_correct_tags_and_becomes_its_id() {
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
            knows_key(key(wrong)).refuses(policy.clone(), path, "the key `alias/shop` has");
        }
        knows_key(None).refuses(policy, path, "there is no key `alias/shop`");
        let computed = with(&json!([{"KMSDecryptPolicy": {"KeyId": {"Ref": "things"}}}]));
        RulesFixture::default().refuses(computed, path, "without an intrinsic function");
    }

    #[test]
    fn anything_but_a_list_of_known_templates_is_refused() {
        for (policies, message) in [
            (json!("AdministratorAccess"), "at least one SAM policy template"),
            (json!([]), "at least one SAM policy template"),
            (json!({"VPCAccessPolicy": {}}), "at least one SAM policy template"),
            (json!(["AWSLambdaExecute"]), "`AWSLambdaExecute` is not a supported SAM policy template"),
            (
                json!([{"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}]),
                "`Statement` is not a supported",
            ),
            (json!([{"S3CrudPolicy": {"BucketName": "x"}}]), "`S3CrudPolicy` is not a supported"),
            (json!([{"DynamoDBCrudPolcy": {}}]), "did you mean `DynamoDBCrudPolicy`?"),
            (json!([{"VPCAccessPolicy": {}, "S3CrudPolicy": {}}]), "is not a supported"),
            (json!([{"VPCAccessPolicy": {"x": 1}}]), "there is no `x` here"),
            (json!([{"KMSDecryptPolicy": {}}]), "`KeyId` is missing"),
        ] {
            RulesFixture::default().refuses(with(&policies), POLICIES, message);
        }
    }
}
