//! What Fenrir's ports promise, told once, and true in both worlds: the embedded one, and AWS as moto emulates it.
//!
//! With feature `lambda`, each story is also told on moto; on a machine that cannot run it, those are skipped with a message.

#![allow(unreachable_pub, reason = "nothing of a test binary can be reached from outside")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what stands between the tests is of the tests, too: a panic is how they fail"
)]

mod change_sets;
mod fixture;
mod local;
mod lookups;
#[cfg(feature = "lambda")]
mod moto;
mod stacks;

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
        what_is_named_is_found_with_its_tags,
        what_is_not_there_is_an_answer_and_no_error,
        a_key_is_found_by_its_alias_id_and_arn,
        a_table_tells_its_latest_stream;
    change_sets:
        a_change_set_of_a_new_stack_adds_all_that_the_template_has,
        a_stack_that_is_not_there_is_none_and_no_error,
        a_change_set_asked_for_again_is_the_same_one,
        the_name_of_a_change_set_is_taken_once,
        a_new_stack_cannot_be_made_of_one_that_is_there,
        a_stack_that_is_not_there_cannot_be_updated,
        what_changes_is_told_by_property,
        a_change_set_without_changes_fails_and_says_so,
        a_template_is_read_from_s3,
        a_template_that_is_none_is_refused,
        a_deleted_change_set_is_gone;
    stacks:
        a_stack_comes_up_and_tells_what_it_is,
        its_events_are_told_oldest_first_and_from_any_time_on,
        an_update_changes_what_the_template_changes,
        an_update_that_is_not_in_progress_cannot_be_cancelled,
        a_change_set_that_is_not_there_cannot_be_executed,
        a_stack_that_nobody_touched_has_not_drifted,
        a_deleted_stack_is_found_by_its_arn_alone;
}
