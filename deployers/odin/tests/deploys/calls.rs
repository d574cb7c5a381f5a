//! How many AWS calls a deploy makes, and how many of them wait for one another.

#[path = "../../examples/calls/measure.rs"]
mod measure;

use measure::calls_of;

/// What the original Odin makes of one service, one after the other.
const ORIGINAL: usize = 64;

#[tokio::test]
async fn the_calls_of_one_service_are_pinned_and_their_chain_is_a_third_of_the_originals() {
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
    assert!(calls.chain() * 3 <= ORIGINAL, "a chain of {}", calls.chain());
}

#[tokio::test]
async fn another_service_makes_more_calls_and_no_longer_chain() {
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
