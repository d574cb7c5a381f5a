//! Filters and tags of EC2 operations.

use crate::cloud::{Filter, Tags};
use aws_sdk_ec2::types;
use bifrost::aws::{FILTER_VALUES_LIMIT, literal};

/// The filter of one request.
pub(super) struct FilterPart {
    /// The ids or names, joined with commas.
    pub(super) resource: String,
    pub(super) filter: types::Filter,
}

/// Splits a filter into as many requests as EC2's limit needs; an empty filter needs none.
pub(super) fn filter_parts(filter: &Filter, id_filter: &str) -> Vec<FilterPart> {
    let (name, values) = match filter {
        Filter::Ids(ids) => (id_filter, ids),
        Filter::Names(names) => ("tag:Name", names),
    };
    let part = |values: &[String]| FilterPart {
        resource: values.join(","),
        filter: exact_filter(name, values.iter().map(String::as_str)),
    };
    values.chunks(FILTER_VALUES_LIMIT).map(part).collect()
}

/// The filter of that name that matches exactly these values, without wildcards.
pub(super) fn exact_filter<'v>(name: &str, values: impl IntoIterator<Item = &'v str>) -> types::Filter {
    types::Filter::builder().name(name).set_values(Some(values.into_iter().map(literal).collect())).build()
}

/// The filters for resources that have all these tags.
pub(super) fn tag_filters(tags: &[(&str, &str)]) -> Vec<types::Filter> {
    tags.iter().map(|(key, value)| exact_filter(&format!("tag:{key}"), [*value])).collect()
}

/// The tags of a new resource.
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

/// Keys and values of tags in EC2's responses.
pub(super) fn tag_pairs(tags: Option<Vec<types::Tag>>) -> impl Iterator<Item = (Option<String>, Option<String>)> {
    tags.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_filters_are_split() {
        let names: Vec<String> = (0..450).map(|n| format!("web-{n}")).collect();
        let parts = filter_parts(&Filter::Names(names), "image-id");
        assert_eq!(parts.iter().map(|part| part.filter.values().len()).collect::<Vec<_>>(), [200, 200, 50]);
        assert_eq!(parts[2].filter.name(), Some("tag:Name"));
        assert!(parts[2].resource.starts_with("web-400,web-401,"));
        assert!(filter_parts(&Filter::Ids(Vec::new()), "image-id").is_empty());
    }

    #[test]
    fn wildcards_in_names_are_escaped() {
        let parts = filter_parts(&Filter::Ids(vec!["ami-*".into()]), "image-id");
        assert_eq!((parts[0].filter.values(), parts[0].resource.as_str()), (&[r"ami-\*".to_owned()][..], "ami-*"));
    }

    #[test]
    fn no_tag_specification_without_tags() {
        assert_eq!(tag_specification(types::ResourceType::LaunchTemplate, &Tags::new()), None);
    }
}
