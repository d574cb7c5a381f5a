//! What Odin's ports promise, told once, and true in both worlds: the embedded one, and AWS as moto emulates it. What the
//! stories cover is listed in the README of this crate.
//!
//! With feature `lambda`, each story is also told on moto; on a machine that cannot run it, those are skipped with a message.

#![allow(unreachable_pub, reason = "nothing of a test binary can be reached from outside")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what stands between the tests is of the tests, too: a panic is how they fail"
)]

mod balancing;
mod fixture;
mod groups;
mod launching;
mod local;
mod lookups;
#[cfg(feature = "lambda")]
mod moto;
mod scaling;

/// A test of each story in each world.
macro_rules! contract_tests {
    ($($chapter:ident: $($story:ident),+;)+) => {
        mod in_the_embedded_world {
            $($(
                #[tokio::test]
                async fn $story() {
                    super::$chapter::$story(super::local::fixture()).await;
                }
            )+)+
        }

        #[cfg(feature = "lambda")]
        mod on_moto {
            $($(
                #[tokio::test]
                async fn $story() {
                    let Some(fixture) = super::moto::fixture() else { return };
                    super::$chapter::$story(fixture).await;
                    super::moto::check_gaps();
                }
            )+)+
        }
    };
}

contract_tests! {
    lookups:
        what_is_named_is_found_by_id_and_by_its_name_tag,
        what_is_not_there_is_not_found_and_is_no_error,
        a_call_for_what_is_not_there_says_so,
        profiles_roles_and_topics_have_their_arns,
        balancers_and_target_groups_tell_their_tags_and_slow_start;
    launching:
        a_launch_template_is_described_as_it_was_made,
        launch_templates_are_found_by_all_of_the_tags_in_the_order_of_their_names,
        the_name_of_a_launch_template_is_taken_once,
        a_launch_template_made_again_with_its_token_is_the_same_one,
        a_deleted_launch_template_is_gone,
        a_placement_group_is_described_as_it_was_made,
        a_placement_group_is_made_once_and_deleted_once;
    groups:
        a_group_is_described_as_it_was_made,
        groups_are_found_by_all_of_the_tags_in_the_order_of_their_names,
        the_name_of_a_group_is_taken_once,
        sizes_that_contradict_each_other_are_refused,
        a_group_comes_to_the_capacity_that_is_set,
        a_deleted_group_goes_with_its_instances,
        a_launch_configuration_is_deleted_after_its_group;
    balancing:
        instances_of_a_group_come_to_be_healthy_in_its_balancers,
        what_is_detached_is_no_longer_the_groups_and_drains,
        what_is_not_attached_cannot_be_detached;
    scaling:
        a_scaling_policy_made_again_is_the_same,
        alarms_are_found_by_the_beginning_of_their_names,
        more_alarms_than_a_request_or_page_holds_are_found_and_deleted,
        an_alarm_that_is_not_there_is_deleted_already;
}
