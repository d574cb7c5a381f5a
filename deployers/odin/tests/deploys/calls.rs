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
    let (one, two) = (calls_of(&["web"]).await, calls_of(&["web", "worker"]).await);
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
