//! The state of a deploy, as one task passes it to the next. Another version of the deployer may have run the earlier task: the
//! function can be replaced while a deploy runs.

use super::{Defaults, Envelope, Fields, Release};
use crate::json::{ReadError, ReadErrorKind, TakenOut, Unused};
use crate::shape::Shape;
use serde_json::Value;
use std::borrow::Cow;
use uuid::Uuid;

/// What the state of a deploy has beside what this version of the deployer can read.
#[derive(Debug)]
pub(crate) struct ForeignState<'s> {
    /// The state without the rest.
    known: Cow<'s, Value>,
    rest: TakenOut,
}

impl<F: Fields> Release<F> {
    /// Reads the state of a deploy, which another version of the deployer may have written: as [`read`](Self::read), but fields
    /// that this version does not know are ignored, at every depth.
    ///
    /// # Errors
    /// The first field that is missing, empty, `null`, or has a wrong type or value.
    pub fn read_state(state: &Value, defaults: &Defaults) -> Result<Self, ReadError> {
        Self::read_known(state, defaults, |_| None).map(|(release, _)| release)
    }

    /// The paths of the fields in the state of a deploy that this version of the deployer does not know.
    ///
    /// # Errors
    /// As [`read_state`](Self::read_state).
    pub fn unknown_fields(state: &Value, defaults: &Defaults) -> Result<Vec<String>, ReadError> {
        Self::read_known(state, defaults, |_| None).map(|(_, foreign)| foreign.rest.unknown())
    }

    /// Reads the state of a deploy for a task after `Validate`, which has filled in the fields that decide where something is
    /// changed, and whose lock that needs. With `cleans_up`, values of fields that the clean-up does not use need not be readable.
    pub(crate) fn read_foreign<'s>(
        state: &'s Value,
        defaults: &Defaults,
        cleans_up: bool,
    ) -> Result<(Self, ForeignState<'s>), ReadError> {
        let unused: Unused = if cleans_up { <F as Shape>::unused_by_clean_up } else { |_| None };
        let read = Self::read_known(state, defaults, unused)?;
        check_filled_in(state)?;
        Ok(read)
    }

    fn read_known<'s>(
        state: &'s Value,
        defaults: &Defaults,
        unused: Unused,
    ) -> Result<(Self, ForeignState<'s>), ReadError> {
        let (mut known, mut rest) = (Cow::Borrowed(state), TakenOut::default());
        let fields = rest.read_members(&mut known, |name| !Envelope::FIELDS.contains(&name), unused)?;
        let envelope = rest.read_members(&mut known, |name| Envelope::FIELDS.contains(&name), |_| None)?;
        Ok((Self::of(envelope, defaults, fields), ForeignState { known, rest }))
    }
}

/// The fields of the envelope that a client may leave out, and `Validate` fills in.
const FILLED_IN: [&str; 4] = ["aws_account_id", "aws_region", "bucket", "uuid"];

fn check_filled_in(state: &Value) -> Result<(), ReadError> {
    // What `Validate` refused goes to the next state as the client sent it.
    if state.get("started_at").is_none() {
        return Ok(());
    }
    let fault = |name: &str, kind, message: &str| Err(ReadError { path: name.into(), kind, message: message.into() });
    if let Some(name) = FILLED_IN.into_iter().find(|name| state.get(name).is_none()) {
        return fault(name, ReadErrorKind::Missing, "required, but absent");
    }
    // A client may send any text, but `Validate` writes a UUID. Without one, a deploy that fails would leave its lock.
    match state.get("uuid").and_then(Value::as_str).map(str::parse::<Uuid>) {
        Some(Ok(_)) => Ok(()),
        _ => fault("uuid", ReadErrorKind::Value, "expected the UUID that owns the locks of the deploy"),
    }
}

impl ForeignState<'_> {
    /// Logs the fields that this version does not know, and those that it cannot read.
    pub(crate) fn log(&self) {
        let (unknown, unreadable) = (self.rest.unknown(), self.rest.unreadable());
        if !unknown.is_empty() {
            let fields = unknown.join(", ");
            tracing::warn!(
                fields,
                "another version of the deployer wrote fields that this one does not know, and passes on"
            );
        }
        if !unreadable.is_empty() {
            let fields = unreadable.join(", ");
            tracing::warn!(
                fields,
                "another version of the deployer wrote fields that this one cannot read; the clean-up does without"
            );
        }
    }

    /// Adds what this version cannot read to the output of the task, so that the next version that can still has it.
    pub(crate) fn pass_on(self, output: &mut Value) {
        let lost = self.rest.put_back(&self.known, output);
        if !lost.is_empty() {
            let fields = lost.join(", ");
            tracing::warn!(
                fields,
                "the fields of another version are lost, as the task removed the objects that had them"
            );
        }
    }
}
