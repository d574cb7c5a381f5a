//! Bundles of records: objects that have the records of many executions, so that a reader need not fetch millions of small objects.
//!
//! A bundle, `bundles/<day>/<6 digits>`, has a line of JSON for each object with records: its key, and its exact bytes. It has the
//! executions that ended on that day. Nobody has to trust it: the entries of the log prove the records, wherever they are read.

mod make;

pub use make::{BundleMakeError, BundlesMade, make_bundles};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bifrost_core::json;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// What the keys of bundles begin with.
pub const BUNDLES: &str = "bundles/";

/// The size of a bundle at which the next one begins, in bytes.
pub const BUNDLE_BYTES: usize = 8 * 1024 * 1024;

/// An object with records, in a bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BundledObject {
    /// The key of the object.
    pub key: String,
    /// Its exact bytes.
    pub body: Vec<u8>,
}

/// A line of a bundle is not an object.
#[derive(Debug, thiserror::Error)]
#[error("line {line} is not an object with `key` and `body` or `base64`: {problem}")]
pub struct BundleLineError {
    /// The number of the line, from 1.
    pub line: usize,
    /// What is wrong.
    pub problem: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BundleLine<'l> {
    #[serde(borrow)]
    key: Cow<'l, str>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    body: Option<Cow<'l, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    base64: Option<Cow<'l, str>>,
}

/// The line of an object, with its line end.
pub(crate) fn write_line(key: &str, body: &[u8]) -> Result<Vec<u8>, serde_json::Error> {
    let text = std::str::from_utf8(body).ok();
    let base64 = if text.is_none() { Some(BASE64_STANDARD.encode(body).into()) } else { None };
    let mut line = serde_json::to_vec(&BundleLine { key: key.into(), body: text.map(Into::into), base64 })?;
    line.push(b'\n');
    Ok(line)
}

fn read_line(line: &[u8]) -> Result<BundledObject, String> {
    let BundleLine { key, body, base64 } = json::from_slice(line).map_err(|error| error.to_string())?;
    let body = match (body, base64) {
        (Some(body), None) => body.into_owned().into_bytes(),
        (None, Some(base64)) => BASE64_STANDARD.decode(&*base64).map_err(|error| error.to_string())?,
        (None, None) => return Err("it has neither of them".into()),
        (Some(_), Some(_)) => return Err("it has both of them".into()),
    };
    Ok(BundledObject { key: key.into_owned(), body })
}

/// Reads a bundle line by line.
///
/// # Errors
/// [`BundleLineError`] for a line that is not an object; the lines after it are read nevertheless.
pub fn read_bundle(bundle: &[u8]) -> impl Iterator<Item = Result<BundledObject, BundleLineError>> {
    let (whole, is_cut) = match bundle.strip_suffix(b"\n") {
        Some(whole) => (whole, false),
        None => (bundle, true),
    };
    let count = whole.split(|byte| *byte == b'\n').count();
    whole.split(|byte| *byte == b'\n').enumerate().map(move |(index, line)| {
        let line_number = index + 1;
        let read = if is_cut && line_number == count { Err("it has no line end".to_owned()) } else { read_line(line) };
        read.map_err(|problem| BundleLineError { line: line_number, problem })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn bundle_has_its_objects(objects: Vec<(String, Vec<u8>)>) {
            let bundle: Vec<u8> = objects.iter().flat_map(|(key, body)| write_line(key, body).unwrap()).collect();
            prop_assume!(!bundle.is_empty());
            let read: Vec<_> = read_bundle(&bundle).map(|object| object.map(|object| (object.key, object.body)).unwrap()).collect();
            prop_assert_eq!(read, objects);
        }

        #[test]
        fn cut_bundle_has_one_error(objects in prop::collection::vec((".*", any::<Vec<u8>>()), 1..5), cut: prop::sample::Index) {
            let bundle: Vec<u8> = objects.iter().flat_map(|(key, body)| write_line(key, body).unwrap()).collect();
            let cut = cut.index(bundle.len());
            let is_whole = cut > 0 && bundle[cut - 1] == b'\n';
            let errors: Vec<_> = read_bundle(&bundle[..cut]).filter_map(Result::err).collect();
            prop_assert_eq!(errors.len(), usize::from(!is_whole));
        }

        #[test]
        fn garbage_is_refused_or_read(bytes: Vec<u8>, text in "(\\{\"key\":\"a\",\"(body|base64)\":\"[a=?]{0,4}\"\\}\n?)*") {
            read_bundle(&bytes).for_each(drop);
            read_bundle(text.as_bytes()).for_each(drop);
        }
    }
}
