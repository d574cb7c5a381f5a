//! What EC2's operations share: filters and tags.

use crate::cloud::{Filter, Tags};
use aws_sdk_ec2::types;
use bifrost::aws::{FILTER_VALUES_LIMIT, literal};

/// What one request asks for.
pub(super) struct Part {
    /// The ids or names.
    pub(super) resource: String,
    pub(super) filter: types::Filter,
}

/// What has to be asked for, in as many requests as it takes; none for nothing.
pub(super) fn parts(filter: &Filter, id_filter: &str) -> Vec<Part> {
    let (name, values) = match filter {
        Filter::Ids(ids) => (id_filter, ids),
        Filter::Names(names) => ("tag:Name", names),
    };
    let part = |values: &[String]| Part {
        resource: values.join(","),
        filter: one_of(name, values.iter().map(String::as_str)),
    };
    values.chunks(FILTER_VALUES_LIMIT).map(part).collect()
}

/// The filter of that name for exactly these values.
pub(super) fn one_of<'v>(name: &str, values: impl IntoIterator<Item = &'v str>) -> types::Filter {
    types::Filter::builder().name(name).set_values(Some(values.into_iter().map(literal).collect())).build()
}

/// The filters for what carries all these tags.
pub(super) fn carrying(tags: &[(&str, &str)]) -> Vec<types::Filter> {
    tags.iter().map(|(key, value)| one_of(&format!("tag:{key}"), [*value])).collect()
}

/// The tags of a resource that is being made.
pub(super) fn tag_specification(
    resource_type: types::ResourceType,
    tags: &Tags,
) -> Option<Vec<types::TagSpecification>> {
    let tag = |(key, value)| types::Tag::builder().key(key).value(value).build();
    let specification = types::TagSpecification::builder().resource_type(resource_type);
    let specification = specification.set_tags(Some(tags.iter().map(tag).collect())).build();
    // EC2 refuses a specification without tags.
    (!tags.is_empty()).then(|| vec![specification])
}

/// Keys and values of tags, as EC2 answers them.
pub(super) fn pairs(tags: Option<Vec<types::Tag>>) -> impl Iterator<Item = (Option<String>, Option<String>)> {
    tags.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_names_than_a_filter_holds_are_asked_for_in_parts() {
        let names: Vec<String> = (0..450).map(|n| format!("web-{n}")).collect();
        let parts = parts(&Filter::Names(names), "image-id");
        assert_eq!(parts.iter().map(|part| part.filter.values().len()).collect::<Vec<_>>(), [200, 200, 50]);
        assert_eq!(parts[2].filter.name(), Some("tag:Name"));
        assert!(parts[2].resource.starts_with("web-400,web-401,"));
        assert!(super::parts(&Filter::Ids(Vec::new()), "image-id").is_empty());
    }

    #[test]
    fn a_name_is_no_pattern() {
        let parts = parts(&Filter::Ids(vec!["ami-*".into()]), "image-id");
        assert_eq!((parts[0].filter.values(), parts[0].resource.as_str()), (&[r"ami-\*".to_owned()][..], "ami-*"));
    }

    #[test]
    fn nothing_is_tagged_without_tags() {
        assert_eq!(tag_specification(types::ResourceType::LaunchTemplate, &Tags::new()), None);
    }
}
