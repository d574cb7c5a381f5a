//! Runtimes of Lambda that AWS has deprecated.

use super::rule_context::RuleContext;
use super::table::Shape::Text;
use crate::template::{FindingCode, Node};
use serde_json::Value;

/// Deprecated runtimes with the date of deprecation, as cfn-lint copies it from AWS's page `lambda-runtimes`, as of 2026-11-26.
/// Some time after that date Lambda refuses to create functions with the runtime, and later to update them.
pub(super) const RETIRED: [(&str, &str); 31] = [
    ("nodejs", "2016-08-30"),
    ("dotnetcore2.0", "2019-05-30"),
    ("dotnetcore1.0", "2019-06-27"),
    ("nodejs6.10", "2019-08-12"),
    ("nodejs4.3", "2020-03-05"),
    ("nodejs4.3-edge", "2020-03-05"),
    ("nodejs8.10", "2020-03-06"),
    ("python2.7", "2021-07-15"),
    ("nodejs10.x", "2021-07-30"),
    ("ruby2.5", "2021-07-30"),
    ("dotnetcore2.1", "2022-01-05"),
    ("python3.6", "2022-07-18"),
    ("nodejs12.x", "2023-03-31"),
    ("dotnetcore3.1", "2023-04-03"),
    ("nodejs14.x", "2023-12-04"),
    ("python3.7", "2023-12-04"),
    ("ruby2.7", "2023-12-07"),
    ("go1.x", "2024-01-08"),
    ("java8", "2024-01-08"),
    ("provided", "2024-01-08"),
    ("nodejs16.x", "2024-06-12"),
    ("python3.8", "2024-10-14"),
    ("dotnet6", "2024-12-20"),
    ("nodejs18.x", "2025-09-01"),
    ("python3.9", "2025-12-15"),
    ("ruby3.2", "2026-03-31"),
    ("nodejs20.x", "2026-04-30"),
    ("provided.al2", "2026-07-31"),
    ("python3.10", "2026-10-31"),
    ("dotnet8", "2026-11-10"),
    ("dotnet9", "2026-11-10"),
];

/// The rule of `Runtime`: accepts any runtime, and warns of a deprecated one.
pub(super) fn runtime(context: &mut RuleContext<'_, '_>, node: &Node) -> Value {
    let written = node.as_str().unwrap_or_default();
    if let Some((runtime, since)) = RETIRED.iter().find(|(runtime, _)| *runtime == written) {
        let help = match *runtime {
            "go1.x" | "provided" | "provided.al2" => "use `provided.al2023`, and name the executable `bootstrap`",
            _ => "use a supported runtime: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html",
        };
        let message = format!("AWS deprecated `{runtime}` on {since}; it may refuse to create or update the function");
        context.warn(FindingCode::Deprecated, node.span, message, help);
    }
    Text.walk(context, node)
}

#[cfg(test)]
mod tests {
    use crate::rules::fixture::{RulesFixture, function};
    use crate::template::FindingCode;
    use serde_json::json;

    #[test]
    fn deprecated_runtime_is_a_warning() {
        let with = |runtime: &str| json!({"hello": function(json!({"Runtime": runtime}))});
        RulesFixture::default().warns(with("go1.x"), "hello.Properties.Runtime", FindingCode::Deprecated);
        for runtime in ["provided.al2023", "nodejs24.x", "python3.14", "ruby9.9"] {
            RulesFixture::default().accepts(with(runtime));
        }
    }
}
