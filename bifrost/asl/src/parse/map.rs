//! Parses a `Map` state.

use super::completion::completion;
use super::context::Context;
use super::fields::Fields;
use super::{MAX_SECONDS, flow};
use crate::model::{
    ItemBatcher, ItemProcessor, ItemReader, MachineType, Map, ProcessorMode, ResultWriter, ValueOrPath,
};
use crate::resource::Resource;
use crate::template::Template;

pub(super) fn map(fields: &Fields<'_>) -> Option<Map> {
    let completion = completion(fields);
    let processor = processor(fields);
    let count = |fields: &Fields<'_>, field| fields.integer(field, 0..=MAX_SECONDS);
    let percentage = |fields: &Fields<'_>, field| fields.number(field, 0.0..=100.0);
    Some(Map {
        items_path: fields.path("ItemsPath"),
        item_reader: fields.object("ItemReader").and_then(|fields| item_reader(&fields)),
        item_selector: item_selector(fields),
        item_batcher: fields.object("ItemBatcher").map(|fields| item_batcher(&fields)),
        result_writer: fields.object("ResultWriter").map(|fields| result_writer(&fields)),
        max_concurrency: fields.setting("MaxConcurrency", "MaxConcurrencyPath", count),
        tolerated_failure_count: fields.setting("ToleratedFailureCount", "ToleratedFailureCountPath", count),
        tolerated_failure_percentage: fields.setting(
            "ToleratedFailurePercentage",
            "ToleratedFailurePercentagePath",
            percentage,
        ),
        label: fields.text("Label").map(str::to_owned),
        item_processor: processor?,
        completion: completion?,
    })
}

fn item_selector(fields: &Fields<'_>) -> Option<Template> {
    if fields.has("ItemSelector") && fields.has("Parameters") {
        fields.report("Parameters", "conflicts with ItemSelector; write only ItemSelector");
    }
    let (selector, parameters) = (fields.template("ItemSelector"), fields.template("Parameters"));
    selector.or(parameters)
}

pub(super) fn processor(fields: &Fields<'_>) -> Option<ItemProcessor> {
    let is_iterator = fields.has("Iterator");
    if is_iterator && fields.has("ItemProcessor") {
        fields.report("Iterator", "conflicts with ItemProcessor; write only ItemProcessor");
    } else if !is_iterator {
        fields.required("ItemProcessor", "an object with StartAt and States");
    }
    let (processor, iterator) = (fields.object("ItemProcessor"), fields.object("Iterator"));
    let inner = processor.or(iterator)?;
    inner.comment();
    let mode = inner.object("ProcessorConfig").map(|config| mode(&config)).unwrap_or_default();
    let inner = match mode {
        ProcessorMode::Distributed(_) if fields.context().machine_type == MachineType::Express => {
            let message =
                "is not supported in an express state machine, which runs its items inline; remove ProcessorConfig";
            inner.report("ProcessorConfig", message);
            inner
        }
        // The items are executions of their own, of the type that the state sets.
        ProcessorMode::Distributed(machine_type) => inner.with(Context { machine_type, ..fields.context() }),
        ProcessorMode::Inline => inner,
    };
    let flow = flow(&inner);
    inner.finish(if is_iterator { "an Iterator" } else { "an ItemProcessor" });
    Some(ItemProcessor { mode, flow: flow?, is_iterator })
}

fn mode(fields: &Fields<'_>) -> ProcessorMode {
    let machine_type = match fields.text("ExecutionType") {
        None | Some("STANDARD") => MachineType::Standard,
        Some("EXPRESS") => MachineType::Express,
        Some(other) => {
            fields.report("ExecutionType", format!("is {other:?}; write \"STANDARD\" or \"EXPRESS\""));
            MachineType::Standard
        }
    };
    let mode = match fields.text("Mode") {
        None | Some("INLINE") => ProcessorMode::Inline,
        Some("DISTRIBUTED") => ProcessorMode::Distributed(machine_type),
        Some(other) => {
            fields.report("Mode", format!("is {other:?}; write \"INLINE\" or \"DISTRIBUTED\""));
            ProcessorMode::Inline
        }
    };
    fields.finish("a ProcessorConfig");
    mode
}

fn item_reader(fields: &Fields<'_>) -> Option<ItemReader> {
    let resource = fields.required_text("Resource").map(Resource::parse);
    let config = fields.object("ReaderConfig");
    // AWS accepts any number, and reads at most 100,000,000 items.
    let max_items = config.and_then(|config| {
        config.setting("MaxItems", "MaxItemsPath", |fields, field| fields.integer(field, 0..=u64::MAX))
    });
    let config = fields.any("ReaderConfig").cloned();
    let parameters = fields.template("Parameters");
    fields.finish("an ItemReader");
    Some(ItemReader { resource: resource?, config, max_items, parameters })
}

fn item_batcher(fields: &Fields<'_>) -> ItemBatcher {
    let count = |fields: &Fields<'_>, field| fields.integer(field, 1..=MAX_SECONDS);
    let max_items: Option<ValueOrPath<u64>> = fields.setting("MaxItemsPerBatch", "MaxItemsPerBatchPath", count);
    let max_bytes = fields.setting("MaxInputBytesPerBatch", "MaxInputBytesPerBatchPath", count);
    let batch_input = fields.template("BatchInput");
    fields.finish("an ItemBatcher");
    ItemBatcher { max_items, max_bytes, batch_input }
}

fn result_writer(fields: &Fields<'_>) -> ResultWriter {
    let resource = fields.text("Resource").map(Resource::parse);
    let parameters = fields.template("Parameters");
    let config = fields.any("WriterConfig").cloned();
    fields.finish("a ResultWriter");
    ResultWriter { resource, config, parameters }
}
