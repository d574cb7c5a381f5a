//! Host names of AWS that stand for a resource.

use bifrost::release::Partition;

/// Whether a host name is that of a bucket, an access point or a website in S3.
pub(super) fn is_bucket_domain(name: &str) -> bool {
    is_aws_domain(name) && has_s3_label(name)
}

fn is_aws_domain(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let is_in =
        |partition: Partition| name.strip_suffix(partition.url_suffix()).is_some_and(|host| host.ends_with('.'));
    name.strip_suffix(".aws").is_some() || Partition::ALL.into_iter().any(is_in)
}

/// Whether a domain has a label of S3.
fn has_s3_label(name: &str) -> bool {
    name.to_ascii_lowercase().split('.').any(|label| label == "s3" || label.starts_with("s3-"))
}
