//! A day of five projects: 200 releases, some of which fail, are halted, or start while another of their project is deployed. After
//! each of them, and at the end of the day, the guarantees of the design hold.

use crate::fixture::{Deploy, Fixture, root_lock};
use crate::invariants;
use crate::sample_cloud::{Scenario, set};
use bifrost::testing::Run;
use futures_util::FutureExt;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const PROJECTS: usize = 5;
const RELEASES: usize = 200;

/// Images of the sample cloud: twice the one whose instances become healthy.
const IMAGES: [&str; 5] = ["ubuntu", "ubuntu", "ubuntu-never-healthy", "ubuntu-terminates", "ubuntu-second-terminates"];

/// One release of the day.
#[derive(Debug, Clone)]
struct Step {
    project: usize,
    image: &'static str,
    min: u32,
    spare: u32,
    max_terms: u32,
    bake: bool,
    /// Whether an operator halts the project when this release has started.
    halt: bool,
    /// How many waits of running deploys pass before the next release.
    waits: usize,
    /// By how much policies change the desired capacity of the project's groups before it, if none is deployed.
    scale: u32,
}

fn step() -> impl Strategy<Value = Step> {
    let release = (0..PROJECTS, prop::sample::select(&IMAGES[..]), 1_u32..4, 0_u32..3, 0_u32..2, any::<bool>());
    let world = (prop::bool::weighted(0.1), 0_usize..60, 0_u32..2);
    (release, world).prop_map(|((project, image, min, spare, max_terms, bake), (halt, waits, scale))| Step {
        project,
        image,
        min,
        spare,
        max_terms,
        bake,
        halt,
        waits,
        scale,
    })
}

fn project(number: usize) -> String {
    if number == 0 { "coinbase/deploy-test".into() } else { format!("coinbase/project-{number}") }
}

/// Only the first project has balancers.
fn release(fixture: &Fixture, number: usize, step: &Step) -> Value {
    let mut release = fixture.release(&number.to_string());
    set(&mut release, "/project_name", json!(project(step.project)));
    set(&mut release, "/ami", json!(step.image));
    set(&mut release, "/timeout", json!(120));
    if step.bake {
        set(&mut release, "/bake_time", json!(20));
    }
    let services = release["services"].as_object_mut().unwrap();
    if step.project > 0 {
        services.shift_remove("web");
    }
    for service in services.values_mut() {
        service.as_object_mut().unwrap().shift_remove("profile");
        service["autoscaling"]["min_size"] = json!(step.min);
        service["autoscaling"]["max_size"] = json!(step.min + step.spare);
        service["autoscaling"]["max_terms"] = json!(step.max_terms);
    }
    release
}

/// The deploys that run, and how the others ended.
struct Day {
    fixture: Fixture,
    running: Vec<(usize, Deploy)>,
    ends: BTreeMap<&'static str, usize>,
    /// The number of the release that was deployed last, by project.
    deployed: BTreeMap<usize, usize>,
}

impl Day {
    fn new() -> Self {
        let group = "/security_groups/sg-0a1b2c3d4e5f60001/tags/ProjectName";
        let fixture = Scenario::sample().in_region(group, json!("_all")).build();
        Self { fixture, running: Vec::new(), ends: BTreeMap::new(), deployed: BTreeMap::new() }
    }

    async fn start(&mut self, number: usize, step: &Step) {
        if !self.running.iter().any(|(_, deploy)| deploy.plan.project == project(step.project)) {
            self.scale(step);
        }
        let release = release(&self.fixture, number, step);
        self.fixture.upload(&release).await;
        let deploy = self.fixture.start(&release).await;
        if step.halt {
            self.fixture.halt_release(&release, "a bad day").await;
        }
        self.running.push((number, deploy));
    }

    fn scale(&self, step: &Step) {
        self.fixture.change(|region| {
            let groups = region.auto_scaling_groups.values_mut();
            let own = groups.filter(|group| group.tags["ProjectName"] == project(step.project) && !group.deleting);
            for group in own.filter(|group| group.tags["ConfigName"] == "development") {
                group.capacity.desired = (group.capacity.desired + step.scale).min(group.capacity.max_size);
            }
        });
    }

    /// Runs all deploys for some waits, and checks each that ends.
    async fn run(&mut self, mut waits: usize) {
        while waits > 0 && !self.running.is_empty() {
            let executions: Vec<_> = self.running.iter().map(|(_, deploy)| deploy.name.clone()).collect();
            let has_ended = |name: &String| {
                let run = self.fixture.harness.execution(name).now_or_never().unwrap().unwrap();
                run.execution.stop_date.is_some()
            };
            let done = || {
                waits = waits.saturating_sub(1);
                waits == 0 || executions.iter().any(has_ended)
            };
            self.fixture.harness.run_until(done).await.unwrap();
            self.check_ended().await;
        }
    }

    async fn check_ended(&mut self) {
        for (number, deploy) in std::mem::take(&mut self.running) {
            let run = self.fixture.harness.execution(&deploy.name).await.unwrap();
            if run.execution.stop_date.is_none() {
                self.running.push((number, deploy));
                continue;
            }
            self.check(number, &deploy, &run);
        }
    }

    fn check(&mut self, number: usize, deploy: &Deploy, run: &Run) {
        let state = self.fixture.local_state();
        let mut violations = std::mem::take(&mut self.fixture.journal().violations);
        violations.extend(invariants::at_end(deploy, run, &state, &self.fixture.journal()));
        let (path, errors) = (run.path(), run.errors());
        assert!(violations.is_empty(), "release {number}: {violations:#?}\n{path:?}\n{errors:#?}");
        let end = ["Success", "FailureClean"].into_iter().find(|end| path.last() == Some(end));
        let end = end.unwrap_or_else(|| panic!("release {number}: {path:?}\n{errors:#?}"));
        *self.ends.entry(end).or_default() += 1;
        if end == "Success" {
            let project = (0..PROJECTS).find(|number| project(*number) == deploy.plan.project).unwrap();
            self.deployed.insert(project, number);
        }
    }

    /// What is left when nothing is deployed any more: of each project the release that was deployed last, and its lock is free.
    fn check_evening(&self) {
        let (state, region) = (self.fixture.local_state(), self.fixture.region());
        for number in 0..PROJECTS {
            let of_project = |tags: &BTreeMap<String, String>| {
                tags.get("ProjectName") == Some(&project(number)) && tags["ConfigName"] == "development"
            };
            let expected = self.deployed.get(&number).map(|number| format!("release-1-{number}"));
            let groups = region.auto_scaling_groups.values().filter(|group| of_project(&group.tags));
            let releases: Vec<_> = groups.map(|group| group.tags["ReleaseID"].clone()).collect();
            assert!(
                releases.iter().all(|release| Some(release) == expected.as_ref()),
                "{number}: {releases:?} {expected:?}"
            );
            let services = if number == 0 { 2 } else { 1 };
            assert_eq!(releases.len(), if expected.is_some() { services } else { 0 });
            let templates = region.launch_templates.values().filter(|stored| of_project(&stored.template.tags));
            assert_eq!(templates.count(), releases.len());
            let root_dir = format!("{}/{}/development", crate::sample_cloud::TARGET, project(number));
            assert_eq!(root_lock(&state, &root_dir), None, "{root_dir}");
        }
    }
}

#[tokio::test]
async fn guarantees_hold_all_day() {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let steps = vec(step(), RELEASES).new_tree(&mut runner).unwrap().current();
    let mut day = Day::new();
    for (number, step) in steps.iter().enumerate() {
        day.start(number, step).await;
        day.run(step.waits).await;
    }
    day.run(usize::MAX).await;
    day.fixture.settle();
    day.check_evening();
    assert_eq!(day.ends.values().sum::<usize>(), RELEASES);
    // Both ends are common, so neither is checked in vain.
    assert!(day.ends.values().all(|count| *count >= 30), "{:?}", day.ends);
}
