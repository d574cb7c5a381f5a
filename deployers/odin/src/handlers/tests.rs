//! Executions of the chart in the embedded world, as far as they show what a handler alone would not.

use crate::Odin;
use crate::release::sample;
use bifrost::Deployer;
use bifrost::local::{Fault, FaultKind};
use bifrost::testing::{Lab, Run};
use serde_json::{Value, json};

struct World(Value);

impl World {
    fn new() -> Self {
        Self(serde_json::from_str(Odin::WORLD).unwrap())
    }

    fn lab(self) -> Lab<Odin> {
        Lab::new(serde_json::from_value(self.0).unwrap()).unwrap()
    }

    fn with(mut self, pointer: &str, value: Value) -> Self {
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        self.0.pointer_mut(parent).unwrap()[key] = value;
        self
    }
}

async fn deploy(lab: &Lab<Odin>, release: &Value) -> Run {
    lab.deploy(release, &[("userdata", sample::USER_DATA)]).await.unwrap()
}

#[tokio::test]
async fn a_first_release_succeeds() {
    let lab = World::new().lab();
    let run = deploy(&lab, &sample::sent()).await;
    println!("{:?} {:?}", run.path(), run.errors());
    println!("{:#?}", run.execution);
    panic!();
}
