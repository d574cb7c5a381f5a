//! What a release says, and the names that follow from it.

use bifrost::findings::Findings;
use bifrost::release::{Envelope, Release};

/// The fields of a release, beside those that every release has, such as `project_name` and
/// `timeout`.
#[bifrost::fields(check = check)]
pub(crate) struct Settings {
    /// The attribute that is the table's key, a string.
    pub(crate) key: String,
    /// Whether the table is ready. Handlers pass what they learn to later states in such fields;
    /// a client cannot set them.
    #[set_by_deployer]
    pub(crate) ready: bool,
}

// The codes of the rules, each with its remedy.
bifrost::rules! {
    /// The name of an attribute is empty or too long.
    KEY = "cache/key", "set `key` to the name of an attribute, which has 1 to 255 bytes";
    /// Project, config and release id make a table name that DynamoDB does not accept.
    TABLE_NAME = "cache/table-name", "use letters, digits, `-` and `_` for project and config";
}

/// A release that AWS would refuse halfway is refused here: first on the laptop from which it is
/// deployed, then in `Validate`.
fn check(Release { envelope, fields }: &Release<Settings>) -> Result<(), Findings> {
    let mut findings = Findings::default();
    let bytes = fields.key.len();
    findings.require((1..=255).contains(&bytes), KEY, "key", || {
        format!("the name has {bytes} bytes; DynamoDB accepts 1 to 255")
    });
    let names = format!(
        "{}/{}/{}",
        envelope.project_name, envelope.config_name, envelope.release_id
    );
    let are_plain = names
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-_/".contains(&byte));
    findings.require(
        are_plain && names.len() <= 255,
        TABLE_NAME,
        "project_name",
        || {
            let table = table_name(envelope);
            format!(
                "DynamoDB refuses the name {table}: use 255 letters, digits, `-` and `_` at most"
            )
        },
    );
    findings.into_result()
}

/// The table of a release: `acme.shop.development.release-2026-…`. It names project, config and
/// release, so that two deploys never use the same table, and a release finds its own again.
pub(crate) fn table_name(envelope: &Envelope) -> String {
    format!("{}{}", table_prefix(envelope), envelope.release_id)
}

/// Whether a table is that of an earlier release of the same project and config.
pub(crate) fn is_earlier(envelope: &Envelope, table: &str) -> bool {
    let release_id = table.strip_prefix(&table_prefix(envelope));
    // A config cannot begin with `release-` and a digit, so this is not a config of the project
    // `acme/shop/development`.
    release_id.is_some_and(|id| id.starts_with("release-") && id != envelope.release_id.as_str())
}

fn table_prefix(envelope: &Envelope) -> String {
    // `check` refuses dots in names, so the dots stand for nothing else.
    format!(
        "{}.{}.",
        envelope.project_name.as_str().replace('/', "."),
        envelope.config_name
    )
}
