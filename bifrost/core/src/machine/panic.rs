//! A panic in a handler becomes a `PanicError`: Lambda would report the process dead, and the execution's own clean-up
//! would match no `Catch` but `_`, without a word of why.

use crate::task::FunctionError;
use futures_util::FutureExt;
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::pin::pin;
use std::sync::Once;

thread_local! {
    /// How many guarded polls this thread is in.
    static DEPTH: Cell<u32> = const { Cell::new(0) };
    /// Where the last guarded panic of this thread happened.
    static LOCATION: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Runs `handler`, and gives its panic as an error that says what and where. It works where panics unwind, as they do
/// unless a profile says `panic = "abort"`.
///
/// # Errors
/// The handler's own failure, or `PanicError`.
pub(super) async fn guarded<T>(
    task: &str,
    handler: impl Future<Output = Result<T, FunctionError>>,
) -> Result<T, FunctionError> {
    hook_once();
    let mut handler = pin!(handler);
    let polled = poll_fn(|cx| {
        let _guard = Guard::enter();
        handler.as_mut().poll(cx)
    });
    // Nothing that the handler held is looked at after its panic: the future is dropped, and its error is plain text.
    let caught = AssertUnwindSafe(polled).catch_unwind().await;
    caught.unwrap_or_else(|payload| Err(failure(task, payload.as_ref())))
}

/// While it lives, panics of this thread are recorded instead of printed.
struct Guard;

impl Guard {
    fn enter() -> Self {
        DEPTH.set(DEPTH.get() + 1);
        Self
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get().saturating_sub(1));
    }
}

/// The process's panic hook learns where a guarded panic happened, and leaves every other to the hook before it.
fn hook_once() {
    static HOOKED: Once = Once::new();
    HOOKED.call_once(|| {
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if DEPTH.get() == 0 {
                previous(info);
            } else {
                record(info);
            }
        }));
    });
}

fn record(info: &PanicHookInfo<'_>) {
    let location = info.location().map(|at| format!("{}:{}", at.file(), at.line()));
    LOCATION.set(location);
}

fn failure(task: &str, payload: &(dyn Any + Send)) -> FunctionError {
    let message = payload.downcast_ref::<&str>().copied();
    let message = message.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let message = message.unwrap_or("a panic without a message");
    let location = LOCATION.take().unwrap_or_else(|| "an unknown place".to_owned());
    FunctionError::new("PanicError", format!("{task} panicked at {location}: {message}"))
}

#[cfg(test)]
mod tests {
    use super::guarded;
    use crate::task::FunctionError;
    use futures_util::future::join;
    use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};

    async fn later() {
        tokio::task::yield_now().await;
    }

    #[tokio::test]
    async fn a_panic_says_its_message_and_place_even_late() {
        let line = line!() + 3;
        let failure = guarded("Lock", async {
            later().await;
            panic!("no {}", "way");
            #[allow(unreachable_code, reason = "it gives the block its type")]
            Ok(())
        });
        let expected = format!("Lock panicked at {}:{line}: no way", file!());
        assert_eq!(failure.await, Err(FunctionError::new("PanicError", expected)));
    }

    #[tokio::test]
    async fn a_panic_without_a_message_is_an_error_all_the_same() {
        let failure = guarded::<()>("Lock", async { panic_any(7) }).await.unwrap_err();
        assert!(failure.message.ends_with("a panic without a message"), "{failure}");
    }

    #[tokio::test]
    async fn what_runs_beside_a_panic_is_not_touched() {
        let panics = guarded::<()>("Lock", async {
            later().await;
            panic!("here")
        });
        let goes_on = guarded("Deploy", async {
            later().await;
            later().await;
            Ok("deployed")
        });
        let (panicked, went_on) = join(panics, goes_on).await;
        assert_eq!(panicked.unwrap_err().error, "PanicError");
        assert_eq!(went_on, Ok("deployed"));
    }

    #[tokio::test]
    async fn a_panic_that_the_handler_catches_is_its_own() {
        let caught = guarded("Lock", async { Ok(catch_unwind(AssertUnwindSafe(|| panic!("inside"))).is_err()) });
        assert_eq!(caught.await, Ok(true));
    }
}
