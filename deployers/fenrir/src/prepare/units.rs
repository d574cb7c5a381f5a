//! What of a template has to be packaged.

use crate::package::{Architecture, Kind, Unit};
use crate::rules::{CodeReference, code_references};
use crate::template::Node;

/// Everything that a template refers to by a path.
#[must_use]
pub fn units(template: &Node) -> Vec<Unit> {
    code_references(template).into_iter().map(unit).collect()
}

fn unit(reference: CodeReference) -> Unit {
    Unit {
        kind: match reference.property {
            "ContentUri" => Kind::Layer,
            "DefinitionUri" => Kind::Definition,
            _ => Kind::Function,
        },
        architecture: match reference.architecture.as_deref() {
            Some("arm64") => Architecture::Arm64,
            _ => Architecture::X86_64,
        },
        logical_id: reference.logical_id,
        property: reference.property.into(),
        source: Some(reference.path),
        runtime: reference.runtime,
        build_method: reference.build_method,
        binary: reference.binary,
        build_inputs: reference.build_inputs,
    }
}
