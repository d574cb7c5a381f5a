//! Reads `QueryLanguage`.

use super::context::{Purpose, QueryLanguage};
use super::fields::Fields;
use crate::problem::JSONATA_REFUSED;

/// The query language of a machine; `None` if it cannot be read further.
pub(super) fn of_machine(fields: &Fields<'_>) -> Option<QueryLanguage> {
    if fields.has("QueryLanguage") { read(fields) } else { Some(QueryLanguage::JsonPath) }
}

/// The query language of a state; `None` if it cannot be read further.
pub(super) fn of_state(fields: &Fields<'_>) -> Option<QueryLanguage> {
    let of_machine = fields.context().machine_language;
    if !fields.has("QueryLanguage") {
        return Some(of_machine);
    }
    let language = read(fields)?;
    if language == QueryLanguage::JsonPath && of_machine == QueryLanguage::Jsonata {
        let message = "is \"JSONPath\", but the state machine is in JSONata; remove it, and write the state in JSONata";
        fields.report("QueryLanguage", message);
        return None;
    }
    Some(language)
}

fn read(fields: &Fields<'_>) -> Option<QueryLanguage> {
    match fields.text("QueryLanguage")? {
        "JSONPath" => Some(QueryLanguage::JsonPath),
        "JSONata" if fields.context().purpose == Purpose::Check => Some(QueryLanguage::Jsonata),
        "JSONata" => {
            fields.report("QueryLanguage", format!("{JSONATA_REFUSED}; write the definition in JSONPath"));
            None
        }
        other => {
            fields.report("QueryLanguage", format!("is {other:?}; write \"JSONPath\" or \"JSONata\""));
            None
        }
    }
}
