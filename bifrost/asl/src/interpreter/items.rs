//! Reads the items of a distributed `Map` (`ItemReader`), and groups them into batches (`ItemBatcher`).

use std::rc::Rc;
use std::sync::Arc;

use serde_json::{Map as Fields, Value};

use super::context::Item;
use super::failure::{StateError, Stop, names};
use super::frame::{Frame, Visit};
use super::run::Run;
use super::tasks::{TaskOutcome, TaskProgress, TaskRequest};
use crate::{ItemReader, Map, Template};

impl Run<'_> {
    /// Gets the object from the reader's resource, and parses its items. `Tasks` responds as S3 does: `{"Body": "…"}`
    /// for `s3:getObject`, `{"Contents": […]}` for `s3:listObjectsV2`.
    pub(super) async fn read_items(
        &self,
        visit: &Visit<'_>,
        frame: &mut Frame<'_>,
        reader: &ItemReader,
        input: &Arc<Value>,
    ) -> Result<Vec<Arc<Value>>, Stop> {
        let parameters = self.payload(visit, frame, reader.parameters.as_ref(), input)?;
        let max_items = visit.count(frame, "MaxItems", reader.max_items.as_ref(), input)?;
        let progress = TaskProgress::unrecorded(self, &reader.resource);
        let request = TaskRequest {
            state: &visit.state.name,
            resource: &reader.resource,
            parameters,
            credentials: None,
            timeout_seconds: None,
            heartbeat_seconds: None,
            task_token: None,
            retry_count: frame.context.retries(),
            entered_event: visit.entered_event,
            execution: self.execution,
            progress: &progress,
        };
        let read = match self.tasks.run(request).await {
            TaskOutcome::Succeeded(answer) => items_of(&answer, reader.config.as_ref()),
            TaskOutcome::Failed { cause, .. } => Err(cause.unwrap_or_default()),
        };
        let mut items = read.map_err(|cause| StateError::new(names::ITEM_READER_FAILED, cause))?;
        if let Some(max_items) = max_items.filter(|count| *count > 0) {
            items.truncate(usize::try_from(max_items).unwrap_or(usize::MAX));
        }
        Ok(items.into_iter().map(Arc::new).collect())
    }

    /// The result of the item selector for each item.
    pub(super) fn select_items(
        &self,
        visit: &Visit<'_>,
        frame: &mut Frame<'_>,
        selector: &Template,
        input: &Arc<Value>,
        items: Vec<Arc<Value>>,
    ) -> Result<Vec<Arc<Value>>, StateError> {
        let mut selected = Vec::with_capacity(items.len());
        for (index, value) in (0..).zip(items) {
            let context = frame.context.iteration(Item { index, value });
            let mut iteration = frame.branch(frame.previous, context, Rc::default());
            selected.push(self.payload(visit, &mut iteration, Some(selector), input)?);
        }
        Ok(selected)
    }

    /// Groups the inputs of the child executions into batches, if the state has an `ItemBatcher`.
    pub(super) fn batches(
        &self,
        visit: &Visit<'_>,
        frame: &mut Frame<'_>,
        map: &Map,
        input: &Arc<Value>,
        items: Vec<Arc<Value>>,
    ) -> Result<Vec<Arc<Value>>, StateError> {
        let Some(batcher) = &map.item_batcher else { return Ok(items) };
        let max_items = visit.batch_limit(frame, "MaxItemsPerBatch", batcher.max_items.as_ref(), input)?;
        let max_bytes = visit.batch_limit(frame, "MaxInputBytesPerBatch", batcher.max_bytes.as_ref(), input)?;
        let shared = match &batcher.batch_input {
            Some(template) => Some(self.payload(visit, frame, Some(template), input)?),
            None => None,
        };
        let mut groups: Vec<Vec<Value>> = Vec::new();
        let mut bytes = 0;
        for item in items {
            let item = Arc::unwrap_or_clone(item);
            let length = item.to_string().len() + 1;
            let has_room = |group: &&mut Vec<Value>| group.len() < max_items && bytes + length <= max_bytes;
            if let Some(group) = groups.last_mut().filter(has_room) {
                group.push(item);
                bytes += length;
            } else {
                groups.push(vec![item]);
                bytes = length;
            }
        }
        Ok(groups.into_iter().map(|items| Arc::new(batch(Value::Array(items), shared.as_deref()))).collect())
    }
}

fn batch(items: Value, shared: Option<&Value>) -> Value {
    match shared {
        Some(shared) => Value::from_iter([("BatchInput", shared.clone()), ("Items", items)]),
        None => Value::from_iter([("Items", items)]),
    }
}

fn items_of(answer: &Value, config: Option<&Value>) -> Result<Vec<Value>, String> {
    if let Some(Value::Array(contents)) = answer.get("Contents") {
        return Ok(contents.clone());
    }
    let Some(body) = answer.get("Body").and_then(Value::as_str) else {
        return Err("The item reader's resource did not answer with a body.".to_owned());
    };
    let setting = |name: &str| config.and_then(|config| config.get(name));
    match setting("InputType").and_then(Value::as_str) {
        Some("CSV") => csv_items(body, config),
        Some("JSONL") => body.lines().filter(|line| !line.trim().is_empty()).map(json_text).collect(),
        _ => match json_text(body)? {
            Value::Array(items) => Ok(items),
            _ => Err("Attempting to map over non-iterable node.".to_owned()),
        },
    }
}

fn json_text(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| format!("The item reader's object is not valid JSON: {error}"))
}

fn csv_items(body: &str, config: Option<&Value>) -> Result<Vec<Value>, String> {
    let setting = |name: &str| config.and_then(|config| config.get(name));
    let delimiter = match setting("CSVDelimiter").and_then(Value::as_str) {
        Some("PIPE") => '|',
        Some("SEMICOLON") => ';',
        Some("SPACE") => ' ',
        Some("TAB") => '\t',
        _ => ',',
    };
    let mut rows = csv_rows(body, delimiter).into_iter();
    let given = setting("CSVHeaders").and_then(Value::as_array);
    let headers: Vec<String> = match given {
        Some(given) => given.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        None => rows.next().unwrap_or_default(),
    };
    let mut seen = std::collections::HashSet::new();
    if !headers.iter().all(|header| seen.insert(header)) {
        return Err("CSV headers cannot contain duplicates.".to_owned());
    }
    let item = |row: Vec<String>| {
        let values = row.into_iter().chain(std::iter::repeat(String::new())).map(Value::String);
        Value::Object(headers.iter().cloned().zip(values).collect::<Fields<_, _>>())
    };
    Ok(rows.map(item).collect())
}

/// The rows of a CSV text (RFC 4180): a field in quotes may hold delimiters, line ends and doubled quotes.
fn csv_rows(text: &str, delimiter: char) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut field) = (Vec::new(), Vec::new(), String::new());
    let mut is_quoted = false;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' if is_quoted && characters.next_if_eq(&'"').is_some() => field.push('"'),
            '"' if is_quoted || field.is_empty() => is_quoted = !is_quoted,
            other if is_quoted => field.push(other),
            '\r' if characters.peek() == Some(&'\n') => {}
            '\n' => {
                row.push(std::mem::take(&mut field));
                rows.push(std::mem::take(&mut row));
            }
            other if other == delimiter => row.push(std::mem::take(&mut field)),
            other => field.push(other),
        }
    }
    if !field.is_empty() || !row.is_empty() {
        row.push(field);
        rows.push(row);
    }
    rows
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn csv_fields_may_be_quoted_or_missing() {
        let config = json!({"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"});
        let body = "a,b\r\n\"x, \"\"y\"\"\",2\n1\n1,2,3\n";
        let items = items_of(&json!({"Body": body}), Some(&config)).unwrap();
        let expected = json!([{"a": "x, \"y\"", "b": "2"}, {"a": "1", "b": ""}, {"a": "1", "b": "2"}]);
        assert_eq!(Value::Array(items), expected);
    }

    #[test]
    fn json_arrays_and_lines_are_read() {
        let array = items_of(&json!({"Body": "[1, {\"a\": 2}]"}), None).unwrap();
        assert_eq!(Value::Array(array), json!([1, {"a": 2}]));
        let lines = items_of(&json!({"Body": "1\n{\"a\":2}\n"}), Some(&json!({"InputType": "JSONL"}))).unwrap();
        assert_eq!(Value::Array(lines), json!([1, {"a": 2}]));
    }

    #[test]
    fn object_without_items_is_refused() {
        assert!(items_of(&json!({"Body": "{"}), None).is_err());
        let refused = "Attempting to map over non-iterable node.";
        assert_eq!(items_of(&json!({"Body": "{\"k\": [1]}"}), None), Err(refused.to_owned()));
        assert!(items_of(&json!({}), None).is_err());
    }
}
