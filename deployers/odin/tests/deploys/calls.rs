//! The number of AWS calls of a deploy, and the longest chain of calls that wait for one another.

#[path = "../../examples/calls/measure.rs"]
mod measure;

use bifrost::audit::AuditMode;
use measure::calls_of;

/// The number of calls that Go Odin makes for one service, all of them sequentially.
const GO_ODIN_CALLS: usize = 64;

#[tokio::test]
async fn call_chain_is_a_third_of_go_odin() {
    // Go Odin has no audit log.
    let calls = calls_of(&["web"], AuditMode::Off).await;
    insta::assert_snapshot!(calls, @r"
    task               calls  chain
    Validate               3      1
    Lock                   4      2
    ValidateResources     14      3
    Deploy                12      5
    CheckHealthy           5      1
    DetachForSuccess       8      3
    CleanUpSuccess        13      6
    the whole deploy      59     21
    ");
    assert!(calls.chain() * 3 <= GO_ODIN_CALLS, "a chain of {}", calls.chain());
}

#[tokio::test]
async fn second_service_does_not_lengthen_the_chain() {
    let mode = AuditMode::Off;
    let (one, two) = (calls_of(&["web"], mode).await, calls_of(&["web", "worker"], mode).await);
    insta::assert_snapshot!(two, @r"
    task               calls  chain
    Validate               3      1
    Lock                   4      2
    ValidateResources     15      3
    Deploy                15      5
    CheckHealthy           5      1
    DetachForSuccess      10      3
    CleanUpSuccess        16      6
    the whole deploy      68     21
    ");
    assert_eq!(two.chain(), one.chain());
}

#[tokio::test]
async fn audit_log_costs_few_calls() {
    let calls = calls_of(&["web"], AuditMode::Required).await;
    insta::assert_snapshot!(calls, @r"
    task               calls  chain
    Validate              16     12
    Lock                   7      5
    ValidateResources     17      6
    Deploy                16      9
    CheckHealthy           9      5
    DetachForSuccess      12      7
    CleanUpSuccess        30     21
    the whole deploy     107     65
    ");
}
