//! Why a group cannot launch instances, in its scaling activities.

use super::*;
use crate::cloud::local::StoredSubnet;

/// The activities of the group, oldest first: the second at which each began, its zone, its status, and its message.
async fn activities(fixture: &PortsFixture) -> Vec<(i64, String, String, String)> {
    let found = fixture.ports.groups.scaling_activities(GROUP).await.unwrap();
    let line = |found: crate::cloud::ScalingActivity| {
        let zone = found.availability_zone.unwrap_or_default();
        (found.start_time.timestamp(), zone, found.status, found.status_message.unwrap_or_default())
    };
    found.into_iter().rev().map(line).collect()
}

/// The failed attempts of a group of this capacity in changed resources, until this second: second and message.
async fn failures(change: impl FnOnce(&mut OdinRegion), capacity: Capacity, until: i64) -> Vec<(i64, String)> {
    let fixture = PortsFixture::with_template().await;
    fixture.ports.groups.create_group(&proof(), &group(capacity)).await.unwrap();
    fixture.change(change);
    fixture.advance_to(until);
    let failed = activities(&fixture).await.into_iter().filter(|(_, _, status, _)| status == "Failed");
    failed.map(|(second, _, _, message)| (second, message)).collect()
}

#[tokio::test]
async fn successful_launches_are_listed() {
    let fixture = PortsFixture::with_group(capacity(1, 1, 3)).await;
    let found = fixture.ports.groups.scaling_activities(GROUP).await.unwrap();
    assert_eq!((found.len(), found[0].status.as_str()), (1, "Successful"));
    assert!(found[0].description.starts_with("Launching a new EC2 instance: i-"), "{found:?}");
    fixture.ports.groups.set_capacity(&proof(), GROUP, capacity(2, 2, 3)).await.unwrap();
    fixture.advance_to(65);
    let found = fixture.ports.groups.scaling_activities(GROUP).await.unwrap();
    assert_eq!((found.len(), found[0].status.as_str()), (2, "InProgress"));
    assert!(fixture.ports.groups.scaling_activities("other").await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn missing_capacity_fails_zone_after_zone_with_growing_pauses() {
    let fixture = PortsFixture::of(&sample_resources()).add_template().await;
    fixture.change(|region| {
        region.spare_capacity.insert("t3.small".into(), 2);
        let zone = Some("us-east-1f".to_owned());
        region.subnets.insert("subnet-b".into(), StoredSubnet { availability_zone: zone, ..StoredSubnet::default() });
    });
    let subnet_ids = vec!["subnet-a".into(), "subnet-b".into()];
    let group = NewAutoScalingGroup { subnet_ids, ..group(capacity(5, 5, 5)) };
    fixture.ports.groups.create_group(&proof(), &group).await.unwrap();
    fixture.advance_to(200);
    let found = activities(&fixture).await;
    let lines: Vec<_> = found.iter().map(|(second, zone, status, _)| format!("{second} {zone} {status}")).collect();
    assert_eq!(
        lines,
        [
            "2 us-east-1a Successful",
            "2 us-east-1f Successful",
            "2 us-east-1a Failed",
            "62 us-east-1f Failed",
            "182 us-east-1a Failed",
        ]
    );
    let message = &found[2].3;
    assert!(message.starts_with("We currently do not have sufficient t3.small capacity"), "{message}");
    assert!(message.ends_with("Launching EC2 instance failed."), "{message}");
    // What was missing is there.
    fixture.change(|region| region.spare_capacity.clear());
    fixture.advance_to(230);
    assert_eq!(fixture.states().await.len(), 5);
}

#[tokio::test]
async fn missing_resources_fail_in_the_words_of_ec2() {
    let one = capacity(1, 1, 1);
    let image = failures(|region| region.images.clear(), one, 10).await;
    assert_eq!(image, [(2, "The image id '[ami-1]' does not exist. Launching EC2 instance failed.".to_owned())]);
    let security_group = failures(|region| region.security_groups.clear(), one, 10).await;
    assert!(security_group[0].1.starts_with("The security group 'sg-1' does not exist."), "{security_group:?}");
    let template = failures(|region| region.launch_templates.clear(), one, 10).await;
    assert!(template[0].1.starts_with("The specified launch template, with template name"), "{template:?}");
}

#[tokio::test]
async fn missing_profile_fails_until_it_exists() {
    let fixture = PortsFixture::with_template().await;
    fixture.ports.groups.create_group(&proof(), &group(capacity(1, 1, 1))).await.unwrap();
    let profiles = |state: &mut LocalState<OdinAccount>, exist: bool| {
        let all = &mut state.accounts.get_mut(&ACCOUNT.parse().unwrap()).unwrap().resources.iam.instance_profiles;
        let path = "/odin/".to_owned();
        *all = exist.then(|| ("web".to_owned(), crate::cloud::local::StoredProfile { path })).into_iter().collect();
        state.accounts.values_mut().for_each(|account| account.resources.advance(state.clock));
    };
    fixture.store.transact(|state| profiles(state, false)).unwrap();
    fixture.advance_to(30);
    let found = activities(&fixture).await;
    assert!(found[0].3.contains("Invalid IAM Instance Profile ARN"), "{found:?}");
    fixture.store.transact(|state| profiles(state, true)).unwrap();
    fixture.advance_to(60);
    assert_eq!(activities(&fixture).await.last().unwrap().2, "Successful");
}

#[tokio::test]
async fn quota_counts_the_instances_of_all_groups() {
    let fixture = PortsFixture::with_template().await;
    fixture.change(|region| {
        region.instance_limits.insert("t3.small".into(), 3);
    });
    for (name, size) in [("other", 2), (GROUP, 2)] {
        let group = NewAutoScalingGroup { name: name.into(), ..group(capacity(size, size, size)) };
        fixture.ports.groups.create_group(&proof(), &group).await.unwrap();
        fixture.advance_to(fixture.store.now().timestamp() + 30);
    }
    let found = activities(&fixture).await;
    assert_eq!(found.iter().map(|(_, _, status, _)| status.as_str()).collect::<Vec<_>>(), ["Successful", "Failed"]);
    assert!(found[1].3.contains("more instances (4) than your current instance limit of 3"), "{found:?}");
}

#[tokio::test]
async fn instance_that_never_entered_service_has_a_cancelled_launch() {
    let crashing = json!({"boots_after_seconds": 20, "terminates_after_seconds": 5, "stops_after_seconds": 5});
    let mut resources = sample_resources();
    resources["regions"][REGION]["images"]["ami-1"]["instances"] = crashing;
    let fixture = PortsFixture::of(&resources).add_template().await;
    fixture.ports.groups.create_group(&proof(), &group(capacity(1, 1, 1))).await.unwrap();
    fixture.advance_to(8);
    let found = activities(&fixture).await;
    assert_eq!(found[0].2, "Cancelled");
    assert!(found[0].3.contains("Termination Reason: Client.UserInitiatedShutdown"), "{found:?}");

    let fixture = PortsFixture::with_template().await;
    let hook = hook("autoscaling:EC2_INSTANCE_LAUNCHING", "unanswered");
    let hooked = NewAutoScalingGroup { lifecycle_hooks: vec![hook], ..group(capacity(1, 1, 1)) };
    fixture.ports.groups.create_group(&proof(), &hooked).await.unwrap();
    fixture.advance_to(63);
    let found = activities(&fixture).await;
    assert!(found[0].3.contains("Lifecycle Action was abandoned"), "{found:?}");
}

#[tokio::test]
async fn latest_hundred_activities_are_kept() {
    let fixture = PortsFixture::with_group(capacity(0, 0, 200)).await;
    fixture.ports.groups.set_capacity(&proof(), GROUP, capacity(150, 150, 200)).await.unwrap();
    fixture.advance_to(120);
    assert_eq!(activities(&fixture).await.len(), 100);
}
