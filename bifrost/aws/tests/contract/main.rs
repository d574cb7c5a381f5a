//! What the framework's ports promise, told once, and true in both worlds: the embedded one, and AWS as moto emulates it.
//! What the stories cover is listed in the README of this crate.
//!
//! On a machine that cannot run moto, the stories on it are skipped with a message.

#![allow(unreachable_pub, reason = "nothing of a test binary can be reached from outside")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what stands between the tests is of the tests, too: a panic is how they fail"
)]

mod executions;
mod fixture;
mod idler;
mod local;
mod locks;
mod moto;
mod objects;
mod targets;
mod wire;

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

        mod on_moto {
            $($(
                #[tokio::test]
                async fn $story() {
                    super::moto::tell(concat!("on_moto::", stringify!($story)), super::$chapter::$story).await;
                }
            )+)+
        }
    };
}

contract_tests! {
    objects:
        an_object_is_read_as_it_was_put_last,
        of_all_who_put_a_new_object_one_writes_it,
        a_deleted_object_is_gone_and_may_be_deleted_again,
        an_object_may_be_encrypted_with_a_key,
        a_bucket_that_is_not_there_is_named,
        a_bucket_of_another_account_is_refused;
    locks:
        a_free_lock_is_taken_and_told_as_it_was_written,
        a_lock_is_taken_again_by_its_owner,
        a_lock_that_another_holds_stays_and_its_holder_is_told,
        a_lock_is_deleted_by_its_owner_alone,
        a_lock_is_told_as_an_original_wrote_it,
        of_ten_who_take_a_lock_at_once_one_has_it,
        a_table_that_is_not_there_is_named;
    executions:
        an_execution_runs_and_ends,
        an_execution_that_runs_may_be_started_again_with_the_same_input,
        a_name_that_was_used_is_taken,
        the_latest_are_listed_first_and_no_more_than_asked_for,
        a_history_is_told_from_the_event_that_was_seen;
    targets:
        a_role_opens_ports_in_its_account,
        a_role_that_is_not_there_is_named,
        a_role_that_does_not_trust_the_deployer_is_named;
}
