//! Checks a state in JSONata. It has no model, as the local interpreter does not execute it.

use serde_json::Value;

use super::completion::{self, retrier};
use super::error_equals::error_equals;
use super::fields::Fields;
use super::jsonata::{Reads, assign, each, object, payload, setting, typed};
use super::resource::{check_credentials, resource};
use super::state::{branches, check_heartbeat, report_kind, transition};
use super::{MAX_SECONDS, map};

pub(super) fn check(fields: &Fields<'_>, kind: &str) {
    match kind {
        "Task" => task(fields),
        "Pass" => pass(fields),
        "Choice" => choice(fields),
        "Wait" => wait(fields),
        "Succeed" => drop(payload(fields, "Output", Reads::Input)),
        "Fail" => fail(fields),
        "Parallel" => parallel(fields),
        "Map" => map(fields),
        other => return report_kind(fields, other),
    }
    fields.finish(&format!("a {kind} state"));
}

fn task(fields: &Fields<'_>) {
    resource(fields);
    payload(fields, "Arguments", Reads::Input);
    if let Some(credentials) = object(fields, "Credentials", Reads::Input) {
        check_credentials(fields, credentials.keys().map(String::as_str));
    }
    let seconds = |field| setting(fields, field, |fields, field| fields.integer(field, 1..=MAX_SECONDS));
    if let (Some(timeout), Some(heartbeat)) = (seconds("TimeoutSeconds"), seconds("HeartbeatSeconds")) {
        check_heartbeat(fields, timeout, heartbeat);
    }
    completion(fields);
}

fn pass(fields: &Fields<'_>) {
    payload(fields, "Output", Reads::Input);
    assign(fields, Reads::Input);
    transition(fields);
}

fn choice(fields: &Fields<'_>) {
    fields.required("Choices", "an array of rules");
    if fields.any("Choices").and_then(Value::as_array).is_some_and(Vec::is_empty) {
        fields.report("Choices", "is empty; write at least one rule");
    }
    each(fields, "Choices", rule);
    fields.text("Default");
    payload(fields, "Output", Reads::Input);
    assign(fields, Reads::Input);
}

fn rule(fields: &Fields<'_>) {
    fields.comment();
    fields.required("Condition", "true, false or an expression `{% … %}`");
    typed(fields, "Condition", "true, false", Value::is_boolean);
    fields.required_text("Next");
    payload(fields, "Output", Reads::Input);
    assign(fields, Reads::Input);
    fields.finish("a choice rule");
}

fn wait(fields: &Fields<'_>) {
    setting(fields, "Seconds", |fields, field| fields.integer(field, 0..=MAX_SECONDS));
    setting(fields, "Timestamp", Fields::timestamp);
    match (fields.has("Seconds"), fields.has("Timestamp")) {
        (false, false) => fields.report("", "Seconds is missing; write Seconds or Timestamp"),
        (true, true) => fields.report("", "waits for two things; write one of Seconds and Timestamp"),
        _ => {}
    }
    pass(fields);
}

fn fail(fields: &Fields<'_>) {
    for field in ["Error", "Cause"] {
        setting(fields, field, Fields::text);
    }
}

fn parallel(fields: &Fields<'_>) {
    payload(fields, "Arguments", Reads::Input);
    branches(fields);
    completion(fields);
}

fn map(fields: &Fields<'_>) {
    typed(fields, "Items", "an array, an object", |items| items.is_array() || items.is_object());
    payload(fields, "ItemSelector", Reads::Input);
    if let Some(reader) = fields.object("ItemReader") {
        item_reader(&reader);
    }
    if let Some(batcher) = fields.object("ItemBatcher") {
        item_batcher(&batcher);
    }
    if let Some(writer) = fields.object("ResultWriter") {
        result_writer(&writer);
    }
    for field in ["MaxConcurrency", "ToleratedFailureCount"] {
        setting(fields, field, |fields, field| fields.integer(field, 0..=MAX_SECONDS));
    }
    setting(fields, "ToleratedFailurePercentage", |fields, field| fields.number(field, 0.0..=100.0));
    fields.text("Label");
    map::processor(fields);
    completion(fields);
}

fn item_reader(fields: &Fields<'_>) {
    fields.required_text("Resource");
    typed(fields, "Arguments", "an object", Value::is_object);
    if let Some(config) = fields.object("ReaderConfig") {
        setting(&config, "MaxItems", |fields, field| fields.integer(field, 0..=u64::MAX));
        if config.has("MaxItemsPath") {
            config.report("MaxItemsPath", "is a field of JSONPath; in JSONata, write MaxItems with an expression");
        }
    }
    fields.finish("an ItemReader");
}

fn item_batcher(fields: &Fields<'_>) {
    for field in ["MaxItemsPerBatch", "MaxInputBytesPerBatch"] {
        setting(fields, field, |fields, field| fields.integer(field, 1..=MAX_SECONDS));
    }
    payload(fields, "BatchInput", Reads::Input);
    fields.finish("an ItemBatcher");
}

fn result_writer(fields: &Fields<'_>) {
    fields.text("Resource");
    typed(fields, "Arguments", "an object", Value::is_object);
    fields.any("WriterConfig");
    fields.finish("a ResultWriter");
}

/// What applies when the work of a `Task`, `Parallel` or `Map` ends.
fn completion(fields: &Fields<'_>) {
    payload(fields, "Output", Reads::Result);
    assign(fields, Reads::Result);
    completion::each(fields, "Retry", retrier);
    completion::each(fields, "Catch", catcher);
    transition(fields);
}

fn catcher(fields: &Fields<'_>, is_last: bool) -> Option<()> {
    let error_equals = error_equals(fields, is_last);
    fields.comment();
    fields.required_text("Next");
    payload(fields, "Output", Reads::ErrorOutput);
    assign(fields, Reads::ErrorOutput);
    fields.finish("a catcher");
    error_equals.map(drop)
}
