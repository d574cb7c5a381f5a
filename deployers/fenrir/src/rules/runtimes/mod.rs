//! The runtimes of functions: which ones Lambda has, and until when it creates and updates functions with them.
//!
//! The table is in `table.rs`, which a test compares with the pinned version of cfn-lint and can write again. A template is checked
//! for the day of its release, so that the deployer finds what the client found.

mod table;

use super::evaluate;
use super::rule_context::RuleContext;
use super::table::Shape::Text;
use crate::template::{FindingCode, Node, Span, nearest};
use serde_json::Value;
use table::RUNTIMES;

/// What AWS has announced for a runtime. Dates are written like `2026-12-31`, so that they compare as strings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Lifecycle {
    name: &'static str,
    /// From when AWS does not support it any more.
    deprecated: &'static str,
    /// From when Lambda creates no functions with it.
    no_creation: &'static str,
    /// From when Lambda updates no functions with it.
    no_update: &'static str,
    /// The runtime that AWS recommends. None for the newest one of its language.
    successor: Option<&'static str>,
}

/// A row of the table: the dates are those of the deprecation, the end of creation and the end of updates.
const fn row(name: &'static str, dates: [&'static str; 3], successor: Option<&'static str>) -> Lifecycle {
    let [deprecated, no_creation, no_update] = dates;
    Lifecycle { name, deprecated, no_creation, no_update, successor }
}

/// Versions of .NET that AWS offers only as base images of containers.
const ONLY_IN_IMAGES: [&str; 3] = ["dotnet5.0", "dotnet7", "dotnet9"];

/// The rule of `Runtime`: refuses an unknown runtime, and warns of a deprecated one.
pub(super) fn runtime(context: &mut RuleContext<'_, '_>, node: &Node) -> Value {
    let today = today(context);
    if let Some(written) = evaluate::text(context.facts(), node) {
        match RUNTIMES.iter().find(|runtime| runtime.name == written) {
            Some(runtime) if *runtime.deprecated <= *today => warn(context, node.span, runtime, &today),
            Some(_) => {}
            None => refuse(context, node.span, &written, &today),
        }
    }
    Text.walk(context, node)
}

/// The rule of a runtime with which a layer is compatible. It may be deprecated: functions that exist may use the layer.
pub(super) fn compatible(context: &mut RuleContext<'_, '_>, node: &Node) -> Value {
    if let Some(written) = evaluate::text(context.facts(), node) {
        let is_known = RUNTIMES.iter().map(|runtime| runtime.name).chain(ONLY_IN_IMAGES).any(|name| name == written);
        if !is_known {
            let today = today(context);
            refuse(context, node.span, &written, &today);
        }
    }
    Text.walk(context, node)
}

fn today(context: &RuleContext<'_, '_>) -> String {
    context.facts().today.to_string()
}

fn warn(context: &mut RuleContext<'_, '_>, span: Option<Span>, runtime: &Lifecycle, today: &str) {
    let Lifecycle { name, deprecated, no_creation, no_update, successor } = *runtime;
    let effect = if no_update <= today {
        format!(
            "Lambda has created no functions with it since {no_creation} and updated none since {no_update}, \
             so a deploy fails if it creates this function or changes its code or settings"
        )
    } else if no_creation <= today {
        format!(
            "Lambda has created no functions with it since {no_creation}, so a deploy fails if it creates this function; \
             Lambda updates existing ones until {no_update}"
        )
    } else {
        format!("Lambda creates functions with it until {no_creation}, and updates them until {no_update}")
    };
    let help = match successor {
        Some(newer @ "provided.al2023") => format!("use `{newer}`, and name the executable `bootstrap`"),
        Some(newer) => format!("use `{newer}`, or another runtime that AWS supports"),
        None => "use a runtime that AWS has added since, and a version of Fenrir that knows it".to_owned(),
    };
    context.warn(FindingCode::Deprecated, span, format!("AWS deprecated `{name}` on {deprecated}: {effect}"), help);
}

fn refuse(context: &mut RuleContext<'_, '_>, span: Option<Span>, written: &str, today: &str) {
    if ONLY_IN_IMAGES.contains(&written) {
        let message = format!("Lambda offers `{written}` only for container images, and Fenrir deploys zip files");
        return context.refuse(FindingCode::UnknownRuntime, span, message, use_supported(today));
    }
    let found = if written.is_empty() { "an empty string".to_owned() } else { format!("`{written}`") };
    let message = format!("{found} is not a runtime of Lambda that this version of Fenrir knows");
    let help = match nearest(written, supported(today)) {
        Some(name) => format!("did you mean `{name}`? If AWS has added the runtime since, update Fenrir"),
        None => use_supported(today),
    };
    context.refuse(FindingCode::UnknownRuntime, span, message, help);
}

fn use_supported(today: &str) -> String {
    format!("use one of the supported runtimes: {}", supported(today).join(", "))
}

/// The runtimes that AWS supports on a day.
fn supported(today: &str) -> Vec<&'static str> {
    RUNTIMES.iter().filter(|runtime| runtime.deprecated > today).map(|runtime| runtime.name).collect()
}

#[cfg(test)]
mod tests;
