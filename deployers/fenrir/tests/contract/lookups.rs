//! Lookups.

use super::fixture::{REGION, RegionFixture, tags};
use fenrir::rules::{Answer, Key, Lookup, Role, SecurityGroup, Subnet, Tags};
use std::collections::BTreeSet;

async fn look_up(fixture: &RegionFixture, lookup: Lookup) -> Answer {
    let answers = fixture.ports.lookups.look_up(&BTreeSet::from([lookup.clone()])).await.unwrap();
    assert_eq!(answers.len(), 1);
    answers[&lookup].clone()
}

fn project() -> Tags {
    tags(&[("ProjectName", "coinbase/deploy-test")])
}

pub async fn named_resources_have_their_tags(fixture: RegionFixture) {
    let (account, private) = (&fixture.account, tags(&[("Name", "private")]));
    let queue = Lookup::Tags(format!("arn:aws:sqs:{REGION}:{account}:jobs"));
    let asked = [
        Lookup::Role("hello-role".into()),
        Lookup::SecurityGroups("private".into()),
        Lookup::Subnets("private".into()),
        Lookup::Subnets(fixture.seeded.subnet.clone()),
        queue,
    ];
    let answers = fixture.ports.lookups.look_up(&asked.iter().cloned().collect()).await.unwrap();
    let subnets = Answer::Subnets(vec![Subnet { id: fixture.seeded.subnet.clone(), tags: private.clone() }]);
    let expected = [
        Answer::Role(Some(Role { arn: format!("arn:aws:iam::{account}:role/hello-role"), tags: project() })),
        Answer::SecurityGroups(vec![SecurityGroup { id: fixture.seeded.security_group.clone(), tags: private }]),
        subnets.clone(),
        subnets,
        Answer::Tags(Some(project())),
    ];
    assert_eq!(answers, asked.into_iter().zip(expected).collect());
}

pub async fn missing_resource_is_an_answer(fixture: RegionFixture) {
    let nothing = "nothing".to_owned();
    for (lookup, answer) in [
        (Lookup::Role(nothing.clone()), Answer::Role(None)),
        (Lookup::SecurityGroups(nothing.clone()), Answer::SecurityGroups(Vec::new())),
        (Lookup::Subnets(nothing.clone()), Answer::Subnets(Vec::new())),
        (Lookup::Subnets("subnet-0a0a0a0a0a0a0a0a0".into()), Answer::Subnets(Vec::new())),
        (Lookup::Key("alias/nothing".into()), Answer::Key(None)),
        (Lookup::Key("00000000-0000-0000-0000-000000000000".into()), Answer::Key(None)),
        (Lookup::TableStream(nothing), Answer::TableStream(None)),
        (Lookup::Tags(format!("arn:aws:sqs:{REGION}:{}:nothing", fixture.account)), Answer::Tags(None)),
        (Lookup::Tags(format!("arn:aws:sns:{REGION}:{}:news", fixture.account)), Answer::Tags(None)),
    ] {
        assert_eq!(look_up(&fixture, lookup.clone()).await, answer, "{lookup:?}");
    }
}

pub async fn key_is_found_by_alias_id_and_arn(fixture: RegionFixture) {
    let found = Answer::Key(Some(Key { id: fixture.seeded.key.clone(), tags: project() }));
    let arn = format!("arn:aws:kms:{REGION}:{}:key/{}", fixture.account, fixture.seeded.key);
    for name in ["alias/hello", &fixture.seeded.key, &arn] {
        assert_eq!(look_up(&fixture, Lookup::Key(name.to_owned())).await, found, "{name}");
    }
}

pub async fn table_has_its_latest_stream(fixture: RegionFixture) {
    let Answer::TableStream(Some(arn)) = look_up(&fixture, Lookup::TableStream("streaming".into())).await else {
        panic!("no stream");
    };
    let beginning = format!("arn:aws:dynamodb:{REGION}:{}:table/streaming/stream/", fixture.account);
    assert!(arn.starts_with(&beginning), "{arn}");
    assert_eq!(look_up(&fixture, Lookup::TableStream("quiet".into())).await, Answer::TableStream(None));
}
