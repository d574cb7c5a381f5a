//! The number of AWS calls of a deploy, and the longest chain of calls that wait for one another.

#[path = "../../examples/calls/measure.rs"]
mod measure;

use measure::calls_of;

/// The number of calls that Go Odin makes for one service, all of them sequentially.
const GO_ODIN_CALLS: usize = 64;

#[tokio::test]
async fn call_chain_is_a_third_of_go_odin() {
    let calls = calls_of(&["web"]).await;
    insta::assert_snapshot!(calls, @r"
    task               calls  chain
    Validate               2      1
    Lock                   4      3
    ValidateResources     13      3
    Deploy                11      5
    CheckHealthy           4      1
    DetachForSuccess       7      3
    CleanUpSuccess        14      5
    the whole deploy      55     21
    ");
    assert!(calls.chain() * 3 <= GO_ODIN_CALLS, "a chain of {}", calls.chain());
}

#[tokio::test]
async fn second_service_does_not_lengthen_the_chain() {
    let (one, two) = (calls_of(&["web"]).await, calls_of(&["web", "worker"]).await);
    insta::assert_snapshot!(two, @r"
    task               calls  chain
    Validate               2      1
    Lock                   4      3
    ValidateResources     14      3
    Deploy                14      5
    CheckHealthy           4      1
    DetachForSuccess       9      3
    CleanUpSuccess        17      5
    the whole deploy      64     21
    ");
    assert_eq!(two.chain(), one.chain());
}
