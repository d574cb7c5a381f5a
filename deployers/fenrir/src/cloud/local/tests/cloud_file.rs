//! The seed file `examples/clouds/fenrir.json`.

use super::*;
use crate::rules::{Answer, Lookup};
use bifrost::local::{SeedError, read_seed};
use std::path::Path;

const SEED: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/clouds/fenrir.json"));

fn read(text: &str) -> Result<LocalState<FenrirAccount>, SeedError> {
    read_seed(Path::new("fenrir.json"), text.as_bytes())
}

#[tokio::test]
async fn sample_seed_has_what_its_readme_lists() {
    let state = read(SEED).unwrap();
    let (account, region) = (state.deployer_account.clone(), state.deployer_region.clone());
    let ports = ports(LocalSession::new(Store::in_memory(state), account, region));
    let arn = |service: &str, name: &str| Lookup::Tags(format!("arn:aws:{service}:us-east-1:000000000000:{name}"));
    let all = [
        Lookup::Role("hello-role".into()),
        Lookup::SecurityGroups("private".into()),
        Lookup::Subnets("private".into()),
        Lookup::Key("alias/hello".into()),
        Lookup::TableStream("hello-orders".into()),
        arn("dynamodb", "table/hello-orders"),
        arn("sqs", "hello-jobs"),
        arn("sns", "hello-news"),
    ];
    let answers = ports.lookups.look_up(&all.into()).await.unwrap();
    for (lookup, answer) in answers {
        let found = match &answer {
            Answer::Role(role) => role.is_some(),
            Answer::SecurityGroups(groups) => groups.len() == 1,
            Answer::Subnets(subnets) => subnets.len() == 2,
            Answer::Key(key) => key.is_some(),
            Answer::TableStream(stream) => stream.is_some(),
            Answer::Tags(tags) => tags.is_some(),
        };
        assert!(found, "{lookup:?}");
    }
}

#[tokio::test]
async fn lookups_name_the_partition_of_the_region() {
    for (region, partition) in [("us-gov-west-1", "aws-us-gov"), ("cn-north-1", "aws-cn")] {
        let state = SEED.replace("us-east-1", region).replace("arn:aws:", &format!("arn:{partition}:"));
        let session = LocalSession::new(
            Store::in_memory(read(&state).unwrap()),
            DEPLOYER.parse().unwrap(),
            region.parse().unwrap(),
        );
        let role = Lookup::Role("hello-role".into());
        let stream = Lookup::TableStream("hello-orders".into());
        let table = format!("arn:{partition}:dynamodb:{region}:{DEPLOYER}:table/hello-orders");
        let tags = Lookup::Tags(table.clone());
        let lookups = [role.clone(), stream.clone(), tags.clone()].into();
        let answers = ports(session).lookups.look_up(&lookups).await.unwrap();

        let Answer::Role(Some(found)) = &answers[&role] else { panic!("no role in {region}") };
        assert!(found.arn.starts_with(&format!("arn:{partition}:iam::{DEPLOYER}:role/")), "{}", found.arn);
        let Answer::TableStream(Some(found)) = &answers[&stream] else { panic!("no stream in {region}") };
        assert!(found.starts_with(&format!("{table}/stream/")), "{found}");
        assert!(matches!(answers[&tags], Answer::Tags(Some(_))), "no tags in {region}");
    }
}

#[test]
fn unknown_resource_type_is_refused_with_its_path() {
    let error = read(&SEED.replace("\"subnets\"", "\"subnet\"")).unwrap_err().to_string();
    assert!(
        error.contains("fenrir.json") && error.contains("regions.us-east-1") && error.contains("subnet"),
        "{error}"
    );
}

#[tokio::test]
async fn stack_in_a_seed_is_read() {
    let arn = format!("arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{STACK}/1");
    let fixture = PortsFixture::of(&json!({"stacks": {arn.as_str(): {"status": "ROLLBACK_COMPLETE"}}}));
    assert_eq!(fixture.stack().await.id, arn);
    let refused = fixture.create_change_set(&create("first", &hello())).await.unwrap_err();
    assert!(refused.message.contains("already exists and cannot be created again"), "{refused}");
    fixture.ports.stacks.delete_stack(&proof(), STACK, "token").await.unwrap();
    assert_eq!(fixture.deployed(&create("first", &hello())).await.status.as_str(), "CREATE_COMPLETE");
}

#[tokio::test]
async fn stored_operation_is_read_back() {
    let fixture = PortsFixture::empty();
    fixture.start(&create("first", &hello())).await;
    fixture.advance(3);
    let region = fixture.region();
    let text = serde_json::to_value(&region).unwrap();
    assert_eq!(json::read::<FenrirRegion>(&text).unwrap(), region);

    // The names in files of earlier versions.
    let (arn, _) = region.stacks.first_key_value().unwrap();
    let operation = &text["stacks"][arn]["operation"];
    let fields: Vec<_> = operation.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = "kind phase token target before without_code waiting running touched leavings failed cancelled";
    assert_eq!(fields.join(" "), expected);
    assert_eq!((&operation["kind"], &operation["phase"]), (&json!("Create"), &json!("Forward")));
    let (running, waiting) = (&operation["running"]["table"], &operation["waiting"]["hello"]);
    assert_eq!((&running["deed"], &waiting["aim"]), (&json!("Create"), &json!("Make")), "{operation}");
}

#[tokio::test]
async fn resource_of_a_stack_has_tags() {
    let fixture = PortsFixture::empty();
    fixture.deployed(&create("first", &hello_with("Tags", json!({"ServiceName": "hello"})))).await;
    let lookup = Lookup::Tags(format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:fenrir-hello"));
    let answers = fixture.ports.lookups.look_up(&[lookup.clone()].into()).await.unwrap();
    let tags = [("ProjectName", "coinbase/deploy-test"), ("ServiceName", "hello"), ("lambda:createdBy", "SAM")];
    let tags = tags.map(|(key, value)| (key.to_owned(), value.to_owned()));
    assert_eq!(answers[&lookup], Answer::Tags(Some(tags.into())));
}
