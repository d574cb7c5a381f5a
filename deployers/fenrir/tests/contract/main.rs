//! Contract tests of Fenrir's ports: the same tests on the local cloud and on AWS as moto emulates it.
//!
//! They run on moto with the feature `lambda`. On a machine that cannot run moto they are skipped with a message.

#![allow(unreachable_pub, reason = "a test binary exports nothing")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests fail by panicking, too"
)]

mod change_sets;
mod fixture;
mod local;
mod lookups;
#[cfg(feature = "lambda")]
mod moto;
mod stacks;

bifrost::port_contract! {
    fenrir::Fenrir, local: crate::local::seed, #[cfg(feature = "lambda")] moto: crate::moto::seed;
    lookups:
        named_resources_have_their_tags,
        missing_resource_is_an_answer,
        key_is_found_by_alias_id_and_arn,
        table_has_its_latest_stream;
    change_sets:
        change_set_of_a_new_stack_adds_all,
        missing_stack_is_none,
        creating_a_change_set_is_idempotent,
        change_set_name_is_unique,
        change_set_shows_its_expanded_template,
        existing_stack_cannot_be_created,
        missing_stack_cannot_be_updated,
        changes_list_properties,
        change_set_without_changes_fails,
        template_is_read_from_s3,
        invalid_template_is_refused,
        deleted_change_set_is_none;
    stacks:
        created_stack_is_described,
        events_are_oldest_first_since_a_time,
        update_applies_the_template,
        finished_update_cannot_be_cancelled,
        missing_change_set_cannot_be_executed,
        unchanged_stack_has_no_drift,
        deleted_stack_is_found_only_by_arn;
}
