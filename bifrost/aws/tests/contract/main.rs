//! Contract tests of the framework's ports. The same tests run on the local cloud and on AWS as moto emulates it. The
//! README of this crate lists what they cover.
//!
//! On a machine that cannot run moto, the tests on it are skipped with a message.

#![allow(unreachable_pub, reason = "a test binary has no public interface")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers outside of test functions fail by panicking, too"
)]

mod audit;
mod audit_log;
mod executions;
mod fixture;
mod idler;
mod local;
mod locks;
mod moto;
mod objects;
mod target_objects;
mod targets;
mod wire;

/// Generates each test for each cloud.
macro_rules! contract_tests {
    ($($module:ident: $($test:ident),+;)+) => {
        mod on_local_cloud {
            $($(
                #[tokio::test]
                async fn $test() {
                    super::$module::$test(super::local::fixture()).await;
                }
            )+)+
        }

        mod on_moto {
            $($(
                #[tokio::test]
                async fn $test() {
                    super::moto::run_test(concat!("on_moto::", stringify!($test)), super::$module::$test).await;
                }
            )+)+
        }
    };
}

contract_tests! {
    audit:
        object_is_written_once,
        one_of_ten_writers_writes_an_object,
        all_pages_of_keys_are_listed,
        versions_are_listed_the_oldest_first,
        missing_version_is_refused,
        checkpoint_is_replaced_by_its_reader,
        entry_gets_the_next_index,
        one_of_ten_writers_moves_the_head,
        hundreds_of_entries_are_read_in_order,
        missing_entry_is_damage,
        writers_at_once_lose_no_entry;
    objects:
        object_is_read_as_written,
        object_above_the_limit_is_refused,
        one_of_ten_new_objects_is_written,
        object_is_deleted_and_deleted_again,
        object_is_encrypted_with_a_key,
        missing_bucket_is_named,
        bucket_of_another_account_is_refused;
    target_objects:
        target_object_is_written_and_read,
        new_target_object_replaces_no_other,
        target_object_is_deleted_and_deleted_again,
        bucket_outside_of_the_target_account_is_refused;
    locks:
        free_lock_is_taken,
        lock_is_taken_again_by_its_owner,
        lock_of_another_is_returned_unchanged,
        ended_execution_takes_no_lock,
        much_older_release_takes_no_lock,
        first_of_several_refusals_is_returned,
        lock_is_given_back_once,
        lock_of_another_is_not_given_back,
        only_the_holder_writes_what_is_deployed,
        first_end_is_kept,
        lock_of_an_ended_execution_is_unlocked,
        deployed_releases_are_listed_by_key,
        lock_of_a_go_deployer_is_read,
        one_of_ten_calls_takes_the_lock,
        missing_table_is_named;
    executions:
        execution_runs_and_ends,
        running_execution_is_started_again,
        used_name_is_refused,
        running_execution_is_stopped,
        ended_execution_is_not_stopped,
        missing_execution_is_not_stopped,
        newest_executions_are_listed_first,
        history_starts_after_an_event;
    targets:
        role_opens_ports_in_its_account,
        missing_role_is_named,
        role_without_trust_is_named;
}
