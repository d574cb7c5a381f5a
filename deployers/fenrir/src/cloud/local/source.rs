//! Reads templates from the request or from S3, with CloudFormation's first checks.

use super::{FenrirAccount, validation_error};
use crate::cloud::TemplateSource;
use bifrost::json;
use bifrost::local::{RegionState, ServiceError};
use bifrost::release::Partition;
use serde_json::Value;

/// The largest template in a request, in bytes.
const MAX_IN_REQUEST: usize = 51_200;
/// The largest template in S3, in bytes.
const MAX_IN_S3: usize = 1_000_000;

/// Reads the template, which must be a JSON object with resources.
///
/// # Errors
/// `ValidationError` with CloudFormation's message.
pub(super) fn read(
    region_state: &RegionState<'_, FenrirAccount>,
    source: &TemplateSource,
) -> Result<Value, ServiceError> {
    let text = match source {
        TemplateSource::Body(text) if text.len() > MAX_IN_REQUEST => {
            return Err(validation_error(format!(
                "1 validation error detected: Value at 'templateBody' failed to satisfy constraint: Member must have length less than or equal to {MAX_IN_REQUEST}"
            )));
        }
        TemplateSource::Body(text) => text.as_bytes(),
        TemplateSource::Url(url) => by_url(region_state, url)?,
    };
    parse(text).map_err(|message| validation_error(format!("Template format error: {message}")))
}

fn by_url<'p>(region_state: &'p RegionState<'_, FenrirAccount>, url: &str) -> Result<&'p [u8], ServiceError> {
    let (bucket, key) = location(url).ok_or_else(|| validation_error("TemplateURL must be a supported URL."))?;
    let object = region_state.object(bucket, &decoded(key)).ok_or_else(|| {
        validation_error(
            "S3 error: The specified key does not exist.\nFor more information check http://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html",
        )
    })?;
    if object.len() > MAX_IN_S3 {
        return Err(validation_error(format!("Template may not exceed {MAX_IN_S3} bytes in size.")));
    }
    Ok(object)
}

/// Bucket and key of an S3 URL: `https://<bucket>.s3.<region>.<suffix>/<key>` with the suffix of any partition, or with the
/// bucket in the path.
fn location(url: &str) -> Option<(&str, &str)> {
    let (host, path) = url.strip_prefix("https://")?.split_once('/')?;
    let without = |partition: Partition| host.strip_suffix(partition.url_suffix())?.strip_suffix('.');
    let host = Partition::ALL.into_iter().find_map(without)?;
    if host == "s3" || host.starts_with("s3.") || host.starts_with("s3-") {
        return path.split_once('/');
    }
    let bucket = host.strip_suffix(".s3").or_else(|| host.rsplit_once(".s3.").map(|(bucket, _)| bucket))?;
    Some((bucket, path))
}

/// The key with its `%xx` decoded.
fn decoded(key: &str) -> String {
    let mut parts = key.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        match part.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                bytes.extend(part.bytes().skip(2));
            }
            None => bytes.extend([b"%", part.as_bytes()].concat()),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn parse(text: &[u8]) -> Result<Value, String> {
    let template: Value = json::from_slice(text)
        .map_err(|error| format!("JSON not well-formed. (line {}, column {})", error.line(), error.column()))?;
    let resources = template.get("Resources").and_then(Value::as_object);
    if resources.is_none_or(serde_json::Map::is_empty) {
        return Err("At least one Resources member must be defined.".into());
    }
    for section in ["Parameters", "Conditions", "Mappings", "Rules"] {
        if template.get(section).is_some() {
            return Err(format!("the local cloud does not support {section}"));
        }
    }
    Ok(template)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_of_s3_url_is_read() {
        for url in [
            "https://my.bucket.s3.eu-west-1.amazonaws.com/a/b%3Ac",
            "https://my.bucket.s3.amazonaws.com/a/b%3Ac",
            "https://s3.eu-west-1.amazonaws.com/my.bucket/a/b%3Ac",
            "https://s3.amazonaws.com/my.bucket/a/b%3Ac",
            "https://my.bucket.s3.us-gov-west-1.amazonaws.com/a/b%3Ac",
            "https://my.bucket.s3.cn-north-1.amazonaws.com.cn/a/b%3Ac",
        ] {
            let (bucket, key) = location(url).unwrap();
            assert_eq!((bucket, decoded(key).as_str()), ("my.bucket", "a/b:c"), "{url}");
        }
        for url in ["http://s3.amazonaws.com/b/k", "https://example.com/b/k", "s3://b/k", "https://"] {
            assert_eq!(location(url), None, "{url}");
        }
    }

    #[test]
    fn percent_sign_without_digits_is_kept() {
        assert_eq!(decoded("100%-%zz%2"), "100%-%zz%2");
    }
}
