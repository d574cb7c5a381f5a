//! Lookups of the resources to which a release refers.

use super::fixture::{REGION, RegionFixture, capacity, proof, tags};
use bifrost::cloud::{CloudError, ErrorKind};
use odin::cloud::Filter;

fn names(name: &str) -> Filter {
    Filter::Names(vec![name.into(), "another".into()])
}

fn error_of<T: std::fmt::Debug>(answer: Result<T, CloudError>) -> (ErrorKind, String) {
    let error = answer.unwrap_err();
    (error.kind, error.code)
}

pub async fn resources_are_found_by_id_and_name_tag(fixture: RegionFixture) {
    let compute = &fixture.ports.compute;
    let images = compute.images(&names("ubuntu")).await.unwrap();
    assert_eq!(images.len(), 1);
    assert_eq!((images[0].id.as_str(), images[0].state.as_str()), (fixture.seeded.image.as_str(), "available"));
    assert_eq!(images[0].tags, tags(&[("Name", "ubuntu")]));
    assert_eq!(compute.images(&Filter::Ids(vec![fixture.seeded.image.clone()])).await.unwrap(), images);

    let subnets = compute.subnets(&names("private_a")).await.unwrap();
    assert!(subnets.iter().map(|subnet| &subnet.id).eq([&fixture.seeded.subnet]), "{subnets:?}");
    assert_eq!(compute.subnets(&Filter::Ids(vec![fixture.seeded.subnet.clone()])).await.unwrap(), subnets);

    let groups = compute.security_groups(&names("web")).await.unwrap();
    assert!(groups.iter().map(|group| &group.id).eq([&fixture.seeded.security_group]), "{groups:?}");
    assert_eq!(
        compute.security_groups(&Filter::Ids(vec![fixture.seeded.security_group.clone()])).await.unwrap(),
        groups
    );
}

pub async fn instance_types_have_architectures_and_zones(fixture: RegionFixture) {
    let compute = &fixture.ports.compute;
    let subnets = compute.subnets(&names("private_a")).await.unwrap();
    let zone = subnets[0].availability_zone.clone().unwrap();
    let types = ["t3.small", "z9.missing"].map(str::to_owned);
    let found = compute.instance_types(&types).await.unwrap();
    assert!(found.keys().eq(["t3.small"]), "{found:?}");
    assert_eq!(found["t3.small"].architectures, ["x86_64"]);
    assert!(found["t3.small"].zones.contains(&zone), "{zone}: {found:?}");
    assert_eq!(compute.instance_types(&[]).await.unwrap().len(), 0);
    // moto does not keep the architecture of an image.
    let images = compute.images(&names("ubuntu")).await.unwrap();
    assert!(images[0].architecture.as_deref().is_none_or(|architecture| architecture == "x86_64"), "{images:?}");
}

pub async fn missing_resources_are_not_errors(fixture: RegionFixture) {
    let ports = &fixture.ports;
    for filter in [Filter::Names(vec!["other".into()]), Filter::Ids(vec!["ami-00000000".into()])] {
        assert_eq!(ports.compute.images(&filter).await.unwrap(), []);
        assert_eq!(ports.compute.subnets(&filter).await.unwrap(), []);
        assert_eq!(ports.compute.security_groups(&filter).await.unwrap(), []);
    }
    assert_eq!(ports.compute.placement_group("other").await.unwrap(), None);
    assert_eq!(ports.balancers.load_balancer("other").await.unwrap(), None);
    assert_eq!(ports.target_groups.target_group("other").await.unwrap(), None);
    assert_eq!(ports.iam.instance_profile("other").await.unwrap(), None);
    assert_eq!(ports.iam.role("other").await.unwrap(), None);
    assert_eq!(ports.topics.topic_arn("other").await.unwrap(), None);
    assert_eq!(ports.groups.group("other").await.unwrap(), None);
    assert_eq!(ports.groups.groups(&[("ProjectName", "other")]).await.unwrap(), []);
    assert_eq!(ports.templates.launch_templates(&[("ProjectName", "other")]).await.unwrap(), []);
}

pub async fn calls_for_missing_resources_are_not_found(fixture: RegionFixture) {
    let ports = &fixture.ports;
    let arn = fixture.target_group().await.replace("web-tg", "other");
    let not_found = |code: &str| (ErrorKind::NotFound, code.to_owned());
    assert_eq!(error_of(ports.balancers.instance_health("other").await), not_found("LoadBalancerNotFound"));
    assert_eq!(error_of(ports.target_groups.target_health(&arn).await), not_found("TargetGroupNotFound"));
    assert_eq!(error_of(ports.groups.delete_group(&proof(), "other").await), not_found("ValidationError"));
    assert_eq!(
        error_of(ports.groups.set_capacity(&proof(), "other", capacity(0, 0, 0)).await),
        not_found("ValidationError")
    );
    assert_eq!(
        error_of(ports.groups.delete_launch_configuration(&proof(), "other").await),
        not_found("ValidationError")
    );
    let code = "InvalidLaunchTemplateName.NotFoundException";
    assert_eq!(error_of(ports.templates.delete_launch_template(&proof(), "other").await), not_found(code));
    let code = "InvalidPlacementGroup.Unknown";
    assert_eq!(error_of(ports.compute.delete_placement_group(&proof(), "other").await), not_found(code));
}

pub async fn profiles_roles_and_topics_have_arns(fixture: RegionFixture) {
    let (ports, account) = (&fixture.ports, &fixture.account);
    let profile = ports.iam.instance_profile("web").await.unwrap().unwrap();
    assert_eq!(profile.arn, format!("arn:aws:iam::{account}:instance-profile/odin/web"));
    assert_eq!(profile.path, "/odin/");
    let role = ports.iam.role("hooks").await.unwrap().unwrap();
    assert_eq!(role.arn, format!("arn:aws:iam::{account}:role/hooks"));
    let topic = ports.topics.topic_arn("hooks").await.unwrap().unwrap();
    assert_eq!(topic, format!("arn:aws:sns:{REGION}:{account}:hooks"));
}

pub async fn balancers_have_tags_and_slow_start(fixture: RegionFixture) {
    let service = tags(&[("ServiceName", "web")]);
    let balancer = fixture.ports.balancers.load_balancer("web-elb").await.unwrap().unwrap();
    assert_eq!((balancer.name.as_str(), &balancer.tags), ("web-elb", &service));
    let group = fixture.ports.target_groups.target_group("web-tg").await.unwrap().unwrap();
    assert_eq!((group.name.as_str(), &group.tags, group.slow_start_seconds), ("web-tg", &service, 60));
    assert_eq!(group.target_type, "instance");
    let other = fixture.ports.target_groups.target_group("ip-tg").await.unwrap().unwrap();
    assert_eq!((other.target_type.as_str(), other.slow_start_seconds), ("ip", 0));
    let arn = format!("arn:aws:elasticloadbalancing:{REGION}:{}:targetgroup/web-tg/", fixture.account);
    assert!(group.arn.starts_with(&arn), "{}", group.arn);
}
