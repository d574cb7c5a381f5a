//! Every call of a whole deploy fails for good; and the promises about ends are held against the world.

use crate::Odin;
use crate::cloud::local::{OdinAccount, OdinRegion};
use crate::lab::{deploy, groups, region, release, world};
use bifrost::local::{Fault, FaultKind, World};
use bifrost::testing::{Lab, Run};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

/// A call as a fault can name it: operation, resource, state.
type Call = (&'static str, String, String);

/// A second deploy, over a first that runs: of an image that becomes healthy, or of one whose instances terminate.
struct Second {
    world: World<OdinAccount>,
    release: Value,
}

impl Second {
    async fn of_image(ami: &str) -> Self {
        let lab = world(&[]);
        deploy(&lab, &release(2, &[])).await;
        Self { world: lab.store().read(World::clone).unwrap(), release: release(1, &[("/ami", json!(ami))]) }
    }

    /// The calls that it makes.
    async fn calls(&self) -> BTreeSet<Call> {
        let lab: Lab<Odin> = Lab::new(self.world.clone()).unwrap();
        let calls = Arc::new(Mutex::new(BTreeSet::new()));
        let seen = Arc::clone(&calls);
        lab.store().watch(Box::new(move |record, _, _| {
            let name = &record.call.name;
            if !name.attempt.state.is_empty() {
                let call = (name.operation, name.resource.clone(), name.attempt.state.clone());
                seen.lock().unwrap().insert(call);
            }
        }));
        deploy(&lab, &self.release).await;
        let calls = calls.lock().unwrap();
        calls.clone()
    }

    /// Deploys while a call fails, and answers how that ended, if not as promised.
    async fn broken_promise(&self, fault: Fault) -> Option<String> {
        let told = format!("{fault:?}");
        let lab = Lab::new(World { faults: vec![fault], ..self.world.clone() }).unwrap();
        let (old, before) = (groups(&lab), region(&lab));
        let run = deploy(&lab, &self.release).await;
        let (now, after) = (groups(&lab), region(&lab));
        let free = lab.store().read(lock_is_free).unwrap();
        let new: Vec<_> = old.iter().map(|name| name.replace("T10-00-00Z", "T11-00-00Z")).collect();
        let kept = match run.path().last().copied() {
            Some("Success") => {
                free && now == new && after.launch_templates.len() == new.len() && after.alarms.len() == 2
            }
            Some("FailureClean") => free && now == old && is_untouched(&old, &before, &after),
            Some("FailureDirty") => true,
            _ => false,
        };
        let Run { execution, .. } = &run;
        (!kept).then(|| {
            format!(
                "{told}\n  {:?} {:?}\n  {:?}\n  {now:?}, lock free: {free}",
                run.path(),
                execution.status,
                run.errors()
            )
        })
    }
}

/// Whether what ran before runs as it did, and nothing else is there.
fn is_untouched(old: &[String], before: &OdinRegion, after: &OdinRegion) -> bool {
    let group = |region: &OdinRegion, name: &String| {
        let group = &region.auto_scaling_groups[name];
        // The first release's surplus instances may still go.
        (group.capacity, group.attachments.clone(), group.instances.len().min(group.capacity.desired as usize))
    };
    after.launch_templates == before.launch_templates
        && after.alarms == before.alarms
        && after.placement_groups == before.placement_groups
        && old.iter().all(|name| group(before, name) == group(after, name))
}

fn kinds() -> [FaultKind; 3] {
    let error = || "InternalFailure".to_owned();
    [FaultKind::Error(error()), FaultKind::ErrorAfter(error()), FaultKind::DieAfter]
}

fn lock_is_free(world: &World<OdinAccount>) -> bool {
    world.accounts.values().all(|account| account.lock_tables.values().all(BTreeMap::is_empty))
}

async fn assert_all_kept(second: &Second) {
    let mut broken = Vec::new();
    for (operation, resource, state) in second.calls().await {
        for kind in kinds() {
            let (resource, state) = (Some(resource.clone()), Some(state.clone()));
            let fault = Fault { operation: operation.into(), resource, state, skip: 0, times: None, kind };
            broken.extend(second.broken_promise(fault).await);
        }
    }
    assert!(broken.is_empty(), "{} promises are broken:\n{}", broken.len(), broken.join("\n"));
}

#[tokio::test]
async fn a_call_that_fails_for_good_on_the_way_to_success_leads_to_a_declared_end() {
    assert_all_kept(&Second::of_image("ubuntu").await).await;
}

#[tokio::test]
async fn a_call_that_fails_for_good_on_the_way_back_leads_to_a_declared_end() {
    assert_all_kept(&Second::of_image("ubuntu-terminates").await).await;
}
