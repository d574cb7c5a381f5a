//! Turns a panic in a handler into a `PanicError`. Without it Lambda would report a crashed process, which only a `Catch` of
//! every error matches, and the message would not name the cause.

use crate::error_code::Coded;
use crate::task::FunctionError;
use futures_util::FutureExt;
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::pin::pin;
use std::sync::Once;

thread_local! {
    /// The number of guarded polls on this thread's stack.
    static DEPTH: Cell<u32> = const { Cell::new(0) };
    /// The location of the last guarded panic of this thread.
    static LOCATION: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Runs `handler`. A panic becomes an error with its message and location. This needs panics that unwind, so the profile
/// must not set `panic = "abort"`.
///
/// # Errors
/// The handler's own failure, or `PanicError`, code `task/panic`.
pub(super) async fn guarded<T>(
    task: &str,
    handler: impl Future<Output = Result<T, FunctionError>>,
) -> Result<T, FunctionError> {
    install_hook();
    let mut handler = pin!(handler);
    let polled = poll_fn(|cx| {
        let _guard = Guard::enter();
        handler.as_mut().poll(cx)
    });
    // After a panic nothing that the handler held is used: the future is dropped, and the error is plain text.
    let caught = AssertUnwindSafe(polled).catch_unwind().await;
    caught.unwrap_or_else(|payload| Err(failure(task, payload.as_ref())))
}

/// While it exists, panics of this thread are recorded instead of printed.
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

/// Installs a panic hook that records the location of guarded panics and passes every other panic to the previous hook.
fn install_hook() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
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
    let message = message.unwrap_or("the panic has no message").to_owned();
    let location = LOCATION.take().unwrap_or_else(|| "an unknown location".to_owned());
    FunctionError::coded("PanicError", &PanicError { task: task.to_owned(), location, message })
}

/// The handler of a task panicked.
#[derive(Debug, thiserror::Error, Coded)]
#[error("{task} panicked at {location}: {message}")]
#[code("task/panic", "report the message to the authors of the deployer: it is a bug")]
pub(crate) struct PanicError {
    task: String,
    location: String,
    message: String,
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
    async fn panic_after_an_await_has_message_and_location() {
        let line = line!() + 3;
        let failure = guarded("Lock", async {
            later().await;
            panic!("no {}", "way");
            #[allow(unreachable_code, reason = "it gives the block its type")]
            Ok(())
        });
        let failure: FunctionError = failure.await.unwrap_err();
        assert_eq!(failure.error, "PanicError");
        let at = format!("{}:{line}", file!());
        assert!(failure.message.starts_with("[task/panic] ") && failure.message.contains(&at), "{failure}");
        assert!(failure.message.contains("no way"), "{failure}");
    }

    #[tokio::test]
    async fn panic_without_a_message_is_an_error() {
        let failure = guarded::<()>("Lock", async { panic_any(7) }).await.unwrap_err();
        assert_eq!(failure.error, "PanicError");
    }

    #[tokio::test]
    async fn task_beside_a_panic_completes() {
        let panics = guarded::<()>("Lock", async {
            later().await;
            panic!("here")
        });
        let completes = guarded("Deploy", async {
            later().await;
            later().await;
            Ok("deployed")
        });
        let (failure, output) = join(panics, completes).await;
        assert_eq!(failure.unwrap_err().error, "PanicError");
        assert_eq!(output, Ok("deployed"));
    }

    #[tokio::test]
    async fn panic_caught_by_the_handler_is_no_error() {
        let caught = guarded("Lock", async { Ok(catch_unwind(AssertUnwindSafe(|| panic!("inside"))).is_err()) });
        assert_eq!(caught.await, Ok(true));
    }
}
