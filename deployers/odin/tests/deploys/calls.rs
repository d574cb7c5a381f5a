//! The number of AWS calls of a deploy, and the longest chain of calls that wait for one another.

#[path = "../../examples/calls/measure.rs"]
mod measure;

use bifrost::audit::AuditMode;
use measure::{Calls, Hooks};

/// The number of calls that Go Odin makes for one service, all of them sequentially.
const GO_ODIN_CALLS: usize = 64;

/// Go Odin has no audit log.
async fn calls_of(services: &[&str], hooks: Hooks) -> Calls {
    measure::calls_of(services, hooks, AuditMode::Off).await
}

#[tokio::test]
async fn call_chain_is_a_third_of_go_odin() {
    let calls = calls_of(&["web"], Hooks::None).await;
    insta::assert_snapshot!(calls, @r"
    task               calls  chain
    Validate               3      1
    Lock                   4      2
    ValidateResources     13      3
    Deploy                11      5
    CheckHealthy           5      1
    DetachForSuccess       9      3
    CleanUpSuccess        13      5
    the whole deploy      58     20
    ");
    assert!(
        calls.chain() <= 20 && calls.calls() < GO_ODIN_CALLS,
        "{} calls, a chain of {}",
        calls.calls(),
        calls.chain()
    );
}

#[tokio::test]
async fn termination_hooks_cost_few_calls() {
    let (without, with) = (calls_of(&["web"], Hooks::None).await, calls_of(&["web"], Hooks::Termination).await);
    insta::assert_snapshot!(with, @r"
    task               calls  chain
    Validate               3      1
    Lock                   4      2
    ValidateResources     15      3
    Deploy                11      5
    CheckHealthy           5      1
    DetachForSuccess      12      5
    CleanUpSuccess        13      5
    the whole deploy      63     22
    ");
    // Two for the role and the topic of a hook; to scale the old group to 0; to read lock and groups once more.
    assert_eq!(with.calls() - without.calls(), 2 + 1 + 2);
}

#[tokio::test]
async fn second_service_does_not_lengthen_the_chain() {
    let (one, two) = (calls_of(&["web"], Hooks::None).await, calls_of(&["web", "worker"], Hooks::None).await);
    insta::assert_snapshot!(two, @r"
    task               calls  chain
    Validate               3      1
    Lock                   4      2
    ValidateResources     14      3
    Deploy                15      5
    CheckHealthy           5      1
    DetachForSuccess      12      3
    CleanUpSuccess        17      5
    the whole deploy      70     20
    ");
    assert_eq!(two.chain(), one.chain());
}

#[tokio::test]
async fn audit_log_costs_few_calls() {
    let calls = measure::calls_of(&["web"], Hooks::None, AuditMode::Required).await;
    insta::assert_snapshot!(calls, @r"
    task               calls  chain
    Validate              16     12
    Lock                   7      5
    ValidateResources     16      6
    Deploy                15      9
    CheckHealthy           9      5
    DetachForSuccess      13      7
    CleanUpSuccess        30     20
    the whole deploy     106     64
    ");
}
