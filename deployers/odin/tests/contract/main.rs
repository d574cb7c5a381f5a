//! Contract tests of Odin's ports. The same tests run on the local cloud and on AWS as moto emulates it. The README of
//! this crate lists what they cover.
//!
//! The tests on moto need feature `lambda`. On a machine that cannot run moto, they are skipped with a message.

#![allow(unreachable_pub, reason = "a test binary has no public interface")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers outside of test functions fail by panicking, too"
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

bifrost::port_contract! {
    odin::Odin, local: crate::local::seed, #[cfg(feature = "lambda")] moto: crate::moto::seed;
    lookups:
        resources_are_found_by_id_and_name_tag,
        instance_types_have_architectures_and_zones,
        missing_resources_are_not_errors,
        calls_for_missing_resources_are_not_found,
        profiles_roles_and_topics_have_arns,
        balancers_have_tags_and_slow_start;
    launching:
        launch_template_is_described_as_created,
        launch_templates_match_all_tags_sorted,
        launch_template_name_is_unique,
        create_launch_template_is_idempotent_by_token,
        deleted_launch_template_is_not_found,
        placement_group_is_described_as_created,
        placement_group_is_created_and_deleted_once;
    groups:
        group_is_described_as_created,
        groups_match_all_tags_sorted_by_name,
        group_name_is_unique,
        contradictory_sizes_are_refused,
        group_reaches_its_capacity,
        grace_period_is_changed_with_the_sizes,
        deleted_group_disappears_with_instances,
        launch_configuration_in_use_is_not_deleted;
    balancing:
        instances_become_healthy_in_balancers,
        detached_balancers_drain,
        detaching_what_is_not_attached_is_refused;
    scaling:
        put_scaling_policy_keeps_the_arn,
        put_alarm_replaces_the_one_of_its_name,
        alarms_have_states,
        zones_are_rebalanced_unless_suspended,
        termination_hooks_are_found,
        tag_of_a_group_is_replaced;
}
