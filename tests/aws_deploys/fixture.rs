//! The fixture: a deployer account and a target account, created by `odin bootstrap`.

pub(crate) use crate::accounts::{AccountsFixture, DEPLOYER, REGION, TARGET};
use crate::replay_check::check_replay;
use serde_json::{Value, json};
use std::sync::{Mutex, MutexGuard, OnceLock};

/// The deployer's function, and its state machine.
pub(crate) const FUNCTION: &str = "coinbase-odin";
/// The table of root locks.
pub(crate) const LOCKS: &str = "coinbase-odin-locks";

/// The topic of deploys that failed and may not have cleaned up.
const ALARM: &str = "arn:aws:sns:us-east-1:000000000000:coinbase-odin-alarm";

impl AccountsFixture {
    /// The shared fixture, locked for one test; `None` on a machine that cannot emulate AWS.
    pub(crate) fn shared() -> Option<MutexGuard<'static, Self>> {
        static FIXTURE: OnceLock<Option<Mutex<AccountsFixture>>> = OnceLock::new();
        Some(Self::locked(FIXTURE.get_or_init(|| Self::subscribed("aws", "")).as_ref()?))
    }

    /// As [`shared`](Self::shared), with a deployer that has no audit log: for tests of single calls, among which those of the log would
    /// be in the way.
    pub(crate) fn unaudited() -> Option<MutexGuard<'static, Self>> {
        static FIXTURE: OnceLock<Option<Mutex<AccountsFixture>>> = OnceLock::new();
        Some(Self::locked(FIXTURE.get_or_init(|| Self::subscribed("aws-unaudited", "--audit-log off")).as_ref()?))
    }

    fn subscribed(folder: &str, options: &str) -> Option<Mutex<Self>> {
        let fixture = Self::set(env!("CARGO_BIN_EXE_odin"), folder, options)?;
        fixture.subscribe();
        Some(Mutex::new(fixture))
    }

    fn locked(fixture: &'static Mutex<Self>) -> MutexGuard<'static, Self> {
        let fixture = Self::lock(fixture);
        // Ten minutes of waits take six seconds.
        fixture.moto.pace(&json!({"sfn_scale": 0.01}));
        fixture
    }

    /// Subscribes somebody to the alarm. The emulation confirms it, and cannot do the same for `bootstrap --alarm-email`.
    pub(crate) fn subscribe(&self) {
        let subscribe = json!({"TopicArn": ALARM, "Protocol": "email", "Endpoint": "ops@example.com"});
        self.aws(DEPLOYER, "sns", "Subscribe", subscribe);
    }

    /// Removes the subscriptions to the alarm.
    pub(crate) fn unsubscribe(&self) {
        let subscriptions = self.aws(DEPLOYER, "sns", "ListSubscriptionsByTopic", json!({"TopicArn": ALARM}));
        for subscription in subscriptions["Subscriptions"].as_array().unwrap() {
            let arn = json!({"SubscriptionArn": subscription["SubscriptionArn"]});
            self.aws(DEPLOYER, "sns", "Unsubscribe", arn);
        }
    }

    /// From now on no target becomes healthy: deploys run until a halt, a timeout or [`Self::healthy_at_once`].
    pub(crate) fn never_healthy(&self) {
        self.moto.pace(&json!({"tg_initial": 1e9}));
    }

    /// From now on targets are healthy immediately.
    pub(crate) fn healthy_at_once(&self) {
        self.moto.pace(&json!({"tg_initial": 0.0}));
    }

    /// The definition of the deployer's state machine.
    pub(crate) fn definition(&self) -> String {
        self.definition_of(FUNCTION)
    }

    /// The history of an execution. Checks that our interpreter takes the same path.
    pub(crate) fn checked_history(&self, arn: &str) -> Vec<Value> {
        let history = self.history(arn);
        check_replay(&self.definition(), self.execution(arn)["input"].as_str().unwrap(), &history);
        history
    }
}
