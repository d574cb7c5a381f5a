//! The function is replaced while a deploy runs, by a version that knows more or fewer fields, and the deploy ends as it would have.

use bifrost::Deployer;
use bifrost::lifecycle::{Context, LockFailure, TaskFailure, fail, lock, succeed, validate};
use bifrost::local::{LocalDeployer, LocalSession, RegionState, Resources};
use bifrost::release::Release;
use bifrost::testing::{HarnessError, RecordedState, Recording, TestHarness};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The size of each dish on a table, with the release that served it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Dishes(BTreeMap<String, (u32, String)>);

impl Resources for Dishes {}

struct Table(LocalSession<Dishes>);

/// Defines a version of the deployer: its fields beside those that all have, and what `Taste` does with them.
macro_rules! version {
    ($dollar:tt $version:ident, {$($meal:tt)*}, {$($dish:tt)*}, {$($type:item)*}, $tasted:expr) => {
        mod $version {
            use super::*;

            #[bifrost::fields]
            pub(super) struct Meal {
                dishes: BTreeMap<String, Dish>,
                #[serde(default)]
                spoils: bool,
                #[set_by_deployer]
                tastings: u32,
                #[set_by_deployer]
                done: bool,
                $($meal)*
            }

            #[bifrost::field_type]
            pub(super) struct Dish {
                size: u32,
                #[serde(default)]
                #[unused_by_clean_up]
                style: Style,
                #[set_by_deployer]
                served: bool,
                $($dish)*
            }

            #[bifrost::field_type]
            #[derive(Default)]
            #[serde(rename_all = "lowercase")]
            pub(super) enum Style { #[default] Plain, Fancy }

            $($type)*

            bifrost::state_machine! {
                pub(super) machine Chart(Release<Meal>, Table) starts at Validate, changes from Serve;

                task Validate = validate { validates; next Lock; catch _ => FailureClean; }
                task Lock = lock { locks; next Serve; catch LockFailure::LockExists => FailureClean; catch _ => Unlock; }
                task Serve = serve { looks for halt; next Pause; catch _ => Remove; }
                wait Pause for 5 seconds { next Taste; }
                task Taste = taste { looks for halt; next IsDone; catch _ => Remove; }
                choice IsDone { $dollar.done == true => Finish; _ => Pause; }
                task Finish = succeed { unlocks; next Success; catch _ => FailureDirty; }
                task Remove = remove { cleans up; next Unlock; catch _ => FailureDirty; }
                task Unlock = fail { cleans up; unlocks; next FailureClean; catch _ => FailureDirty; }
                succeed Success;
                fail FailureClean = "FailureClean";
                fail FailureDirty = "FailureDirty";
            }

            async fn serve(context: &Context<Table>, mut release: Release<Meal>) -> Result<Release<Meal>, TaskFailure> {
                let table = context.target(&release.envelope).await?;
                let proof = context.lock_proof(&release.envelope).await?;
                let id = release.envelope.release_id.to_string();
                for (name, dish) in &mut release.fields.dishes {
                    let serve = |region: &mut RegionState<'_, Dishes>| {
                        region.resources.0.insert(name.clone(), (dish.size, id.clone()));
                        Ok(())
                    };
                    table.0.change(&proof, "table:PutDish", name, serve).await?;
                    dish.served = true;
                }
                Ok(release)
            }

            async fn taste(context: &Context<Table>, mut release: Release<Meal>) -> Result<Release<Meal>, TaskFailure> {
                let table = context.target(&release.envelope).await?;
                let count = |region: &mut RegionState<'_, Dishes>| Ok(region.resources.0.len());
                let found = table.0.call("table:ListDishes", "", count).await?;
                let fields = &mut release.fields;
                fields.tastings += 1;
                let is_good = fields.dishes.values().all(|dish| dish.served) && found >= fields.dishes.len();
                fields.done = is_good && fields.tastings > 2;
                let tasted: fn(&mut Meal) = $tasted;
                tasted(fields);
                if release.fields.spoils && release.fields.tastings > 1 {
                    return Err(TaskFailure::Permanent(spoiled()));
                }
                Ok(release)
            }

            async fn remove(context: &Context<Table>, release: Release<Meal>) -> Result<Release<Meal>, TaskFailure> {
                let table = context.target(&release.envelope).await?;
                let id = release.envelope.release_id.as_str();
                if let Some(proof) = context.ownership(&release.envelope).await?.proof(Some(id)) {
                    for name in release.fields.dishes.keys() {
                        let remove = |region: &mut RegionState<'_, Dishes>| {
                            region.resources.0.remove(name);
                            Ok(())
                        };
                        table.0.change(&proof, "table:DeleteDish", name, remove).await?;
                    }
                }
                Ok(release)
            }

            pub(super) struct Cook;

            impl Deployer for Cook {
                type Fields = Meal;
                type Machine = Chart;

                const NAME: &'static str = "cook";
                const TIMEOUT_SECONDS: u32 = 60;
            }

            impl LocalDeployer for Cook {
                type Resources = Dishes;

                fn local_ports(session: LocalSession<Dishes>) -> Table {
                    Table(session)
                }
            }
        }
    };
}

version!($ old, {}, {}, {}, |_| ());

version!(
    $ new,
    {
        note: Option<String>,
        #[set_by_deployer]
        last: Option<Tasting>,
        #[set_by_deployer]
        longest: u32,
    },
    {
        #[set_by_deployer]
        tasted: Option<Tasting>,
    },
    {
        /// What a tasting found.
        #[bifrost::field_type]
        #[derive(Default)]
        pub(super) struct Tasting {
            #[serde(default)]
            good: u32,
            hints: Vec<String>,
        }
    },
    |meal| {
        meal.longest = meal.longest.max(meal.tastings);
        meal.last = Some(Tasting { good: meal.tastings, hints: vec!["salt".into()] });
        for dish in meal.dishes.values_mut() {
            dish.tasted.get_or_insert_default().good += 1;
        }
    }
);

use new::Cook as New;
use old::Cook as Old;

fn spoiled() -> bifrost::cloud::CloudError {
    bifrost::cloud::CloudError {
        operation: "table:ListDishes",
        resource: String::new(),
        kind: bifrost::cloud::ErrorKind::Invalid,
        code: "Spoiled".into(),
        message: "the soup is cold".into(),
        request_id: None,
    }
}

fn meal(spoils: bool) -> Value {
    json!({"dishes": {"soup": {"size": 2, "style": "fancy"}, "stew": {"size": 3}}, "spoils": spoils})
}

async fn record<D: LocalDeployer<Resources = Dishes>>(fields: &Value) -> Recording {
    let harness = TestHarness::<D>::seeded().unwrap();
    let release = harness.release(fields);
    harness.upload(&release, &[]).await.unwrap();
    harness.record(&release).await.unwrap()
}

/// The states after the first one, whose input a client wrote.
fn later(recording: &Recording) -> impl Iterator<Item = &(String, RecordedState)> {
    recording.states.iter().filter(|(name, _)| name != "Validate")
}

/// Whether a version of the deployer, given each state of another, ends as the other did, and leaves the same.
async fn check<From: LocalDeployer<Resources = Dishes>, To: LocalDeployer<Resources = Dishes>>(spoils: bool) {
    let recording = record::<From>(&meal(spoils)).await;
    assert_eq!(recording.deploy.end, if spoils { "FailureClean" } else { "Success" }, "{:?}", recording.errors);
    assert_eq!(later(&recording).count(), if spoils { 5 } else { 4 });
    for (name, state) in later(&recording) {
        let there = recording.deploy.finish::<To>(name, state).await.unwrap();
        assert_eq!(there.deploy.end, recording.deploy.end, "{name}: {:?}", there.errors);
        assert_eq!((there.holds_lock, &there.cloud), (false, &recording.cloud), "{name}");
        // And back, at each of the states that follow.
        for (second, state) in &there.states {
            let back = there.deploy.finish::<From>(second, state).await.unwrap();
            assert_eq!(back.deploy.end, recording.deploy.end, "{name}, {second}: {:?}", back.errors);
            assert_eq!((back.holds_lock, &back.cloud), (false, &recording.cloud), "{name}, {second}");
        }
    }
}

#[tokio::test]
async fn newer_version_finishes_every_state() {
    check::<Old, New>(false).await;
    check::<Old, New>(true).await;
}

#[tokio::test]
async fn older_version_finishes_every_state() {
    check::<New, Old>(false).await;
    check::<New, Old>(true).await;
}

#[tokio::test]
async fn older_version_passes_on_what_the_newer_one_wrote() {
    let mut fields = meal(false);
    fields["note"] = json!("for ann");
    let recording = record::<New>(&fields).await;
    let (name, state) = later(&recording).last().unwrap();
    assert_eq!(name, "Finish");
    let finished = recording.deploy.finish::<Old>(name, state).await.unwrap();
    assert_eq!(finished.output, recording.output);
    assert_eq!(finished.output["note"], "for ann");
    assert_eq!(finished.output["dishes"]["soup"]["tasted"], json!({"good": 3, "hints": []}));
    // The newer version goes on where it was, although the older one tasted in the meantime.
    let (name, state) = later(&recording).find(|(name, _)| name == "Taste").unwrap();
    let tasted = recording.deploy.finish::<Old>(name, state).await.unwrap();
    assert_eq!(tasted.output["note"], "for ann");
}

#[tokio::test]
async fn unknown_fields_at_any_depth_change_nothing() {
    let harness = TestHarness::<Old>::seeded().unwrap();
    for spoils in [false, true] {
        let recording = record::<Old>(&meal(spoils)).await;
        for (name, state) in later(&recording) {
            let input = harness.with_unknown_fields(&state.input).unwrap();
            assert!(input["dishes"]["soup"].as_object().unwrap().len() > 3, "{input}");
            let state = RecordedState { input, cloud: state.cloud.clone() };
            let finished = recording.deploy.finish::<Old>(name, &state).await.unwrap();
            assert_eq!(finished.deploy.end, recording.deploy.end, "{name}: {:?}", finished.errors);
            assert_eq!((finished.holds_lock, &finished.cloud), (false, &recording.cloud), "{name}");
            let unknown = &state.input["dishes"]["soup"]["field_of_another_version"];
            assert_eq!(finished.output["dishes"]["soup"]["field_of_another_version"], *unknown, "{name}");
        }
    }
}

/// Finishes a failing deploy from a state that was changed at a JSON pointer.
async fn finish_changed(name: &str, pointer: &str, value: Value) -> Recording {
    let recording = record::<Old>(&meal(true)).await;
    let (_, state) = later(&recording).find(|(state, _)| state == name).unwrap();
    let input = bifrost::testing::with(state.input.clone(), &[(pointer, value)]);
    recording.deploy.finish::<Old>(name, &RecordedState { input, cloud: state.cloud.clone() }).await.unwrap()
}

#[tokio::test]
async fn clean_up_does_without_what_it_does_not_use() {
    for value in [json!("rustic"), json!({"kind": "rustic"}), json!(["rustic"])] {
        for name in ["Serve", "Taste", "Remove", "Unlock"] {
            let finished = finish_changed(name, "/dishes/soup/style", value.clone()).await;
            assert_eq!(finished.deploy.end, "FailureClean", "{name} {value}: {:?}", finished.errors);
            assert_eq!(finished.output["dishes"]["soup"]["style"], value, "it is passed on");
            assert!(!finished.holds_lock);
            assert_eq!(finished.cloud["accounts"]["000000000000"]["resources"], json!({}), "nothing is left");
        }
    }
}

#[tokio::test]
async fn state_that_clean_up_cannot_read_ends_dirty_with_the_lock() {
    for (pointer, value, path) in [
        ("/dishes/soup/size", json!("large"), "dishes.soup.size"),
        ("/dishes", json!(["soup", "stew"]), "dishes"),
        ("/tastings", json!("three"), "tastings"),
        ("/aws_region", json!(7), "aws_region"),
        ("/uuid", json!("01JDPZ"), "uuid"),
    ] {
        for name in ["Remove", "Unlock"] {
            let finished = finish_changed(name, pointer, value.clone()).await;
            assert_eq!(finished.deploy.end, "FailureDirty", "{name} {path}");
            assert!(finished.holds_lock, "{name} {path}");
            let raised = finished.errors.last().unwrap();
            assert_eq!(raised.code.as_deref(), Some("task/state-unreadable"), "{raised:?}");
            assert!(raised.message.starts_with(&format!("{path}: ")), "{raised:?}");
        }
    }
}

#[tokio::test]
async fn release_of_a_client_is_read_strictly() {
    let harness = TestHarness::<Old>::seeded().unwrap();
    let release = harness.release(&json!({"dishes": {}, "note": "for ann"}));
    assert!(matches!(harness.upload(&release, &[]).await, Err(HarnessError::Release(_))));
    let recording = record::<New>(&json!({"dishes": {}, "note": "for ann"})).await;
    let (name, state) = &recording.states[0];
    let finished = recording.deploy.finish::<Old>(name, state).await.unwrap();
    assert_eq!((name.as_str(), finished.deploy.end.as_str()), ("Validate", "FailureClean"));
    assert_eq!(finished.errors[0].code.as_deref(), Some("release/unknown-field"));
}
