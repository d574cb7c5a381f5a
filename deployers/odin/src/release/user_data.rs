//! User data: what an instance runs when it boots. In a text, placeholders are replaced by names of the release.

use super::{OdinRelease, ServiceName};
use crate::cloud::UserData;
use std::str;

/// The largest user data that EC2 accepts, in bytes, before it is encoded as base64.
pub(crate) const USER_DATA_LIMIT_BYTES: usize = 16 * 1024;

/// Replaces the nine placeholders `{{…}}` by names of the release and of the service. Everything else is kept, and so are all bytes of
/// what is not UTF-8, such as a gzip archive.
///
/// Replaced text is not scanned again, so a name cannot contain a placeholder.
#[must_use]
pub fn render_user_data(template: &[u8], release: &OdinRelease, service: &ServiceName) -> UserData {
    match str::from_utf8(template) {
        Ok(text) => render_text(text, release, service).into_bytes().into(),
        Err(_) => template.to_vec().into(),
    }
}

fn render_text(template: &str, release: &OdinRelease, service: &ServiceName) -> String {
    let envelope = &release.envelope;
    let values = [
        ("{{RELEASE_ID}}", envelope.release_id.to_string()),
        ("{{PROJECT_NAME}}", envelope.project_name.to_string()),
        ("{{CONFIG_NAME}}", envelope.config_name.to_string()),
        ("{{SERVICE_NAME}}", service.to_string()),
        ("{{RELEASE_BUCKET}}", envelope.bucket.to_string()),
        ("{{AWS_ACCOUNT_ID}}", envelope.aws_account_id.to_string()),
        ("{{AWS_REGION}}", envelope.aws_region.to_string()),
        ("{{SHARED_PROJECT_DIR}}", envelope.project_dir().shared().to_string()),
        ("{{RELEASE_DIR}}", envelope.release_dir().to_string()),
    ];
    let mut rendered = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(brace) = rest.find('{') {
        let (before, from_brace) = rest.split_at(brace);
        rendered.push_str(before);
        let found = values.iter().find_map(|(name, value)| Some((value.as_str(), from_brace.strip_prefix(name)?)));
        let (value, after) = found.unwrap_or_else(|| from_brace.split_at(1));
        rendered.push_str(value);
        rest = after;
    }
    rendered.push_str(rest);
    rendered
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::sample;

    fn render(template: &str) -> String {
        let service = "web".parse().unwrap();
        let rendered = render_user_data(template.as_bytes(), &sample::release(), &service);
        rendered.as_text().unwrap().to_owned()
    }

    #[test]
    fn what_is_not_utf8_is_kept() {
        let gzip = b"\x1f\x8b\x08\x00{{RELEASE_ID}}\xff";
        let rendered = render_user_data(gzip, &sample::release(), &"web".parse().unwrap());
        assert_eq!(rendered.as_bytes(), gzip);
    }

    #[test]
    fn nine_placeholders_are_replaced() {
        insta::assert_snapshot!(render(
            "{{RELEASE_ID}}\n{{PROJECT_NAME}}\n{{CONFIG_NAME}}\n{{SERVICE_NAME}}\n{{RELEASE_BUCKET}}\n{{AWS_ACCOUNT_ID}}\n\
             {{AWS_REGION}}\n{{SHARED_PROJECT_DIR}}\n{{RELEASE_DIR}}\n"
        ), @r"
        release-2026-11-21T10-00-00Z-abcdefgh
        coinbase/deploy-test
        development
        web
        coinbase-odin-000000000000
        000000000000
        us-east-1
        000000000000/coinbase/deploy-test/_shared
        000000000000/coinbase/deploy-test/development/release-2026-11-21T10-00-00Z-abcdefgh
        ");
    }

    #[test]
    fn other_braces_are_kept() {
        assert_eq!(render("{{SECRET}} {{{SERVICE_NAME}}} {{SERVICE_NAME {{"), "{{SECRET}} {web} {{SERVICE_NAME {{");
    }
}
