//! What templates refer to, looked up with the AWS SDK.

use super::lookup_request::{LookupRequest, requests};
use crate::cloud::Lookups;
use crate::rules::{Answer, Answers, Key, Lookup, Role, SecurityGroup, Subnet, Tags};
use async_trait::async_trait;
use aws_sdk_ec2::types::Filter;
use bifrost::aws::{AwsSession, Request, each, literal, pages};
use bifrost::cloud::{CloudError, found};
use std::collections::{BTreeMap, BTreeSet};

/// How many tags of a key a page may have.
const KEY_TAGS_LIMIT: i32 = 50;

/// Lookups with their answers.
type LookupAnswers = Vec<(Lookup, Answer)>;

/// Lookups in a session's account and region.
pub(super) struct LookupsOnAws {
    session: AwsSession,
    dynamodb: aws_sdk_dynamodb::Client,
    ec2: aws_sdk_ec2::Client,
    iam: aws_sdk_iam::Client,
    kms: aws_sdk_kms::Client,
}

impl LookupsOnAws {
    pub(super) fn new(session: &AwsSession) -> Self {
        Self {
            session: session.clone(),
            dynamodb: aws_sdk_dynamodb::Client::new(session.config()),
            ec2: aws_sdk_ec2::Client::new(session.config()),
            iam: aws_sdk_iam::Client::new(session.config()),
            kms: aws_sdk_kms::Client::new(session.config()),
        }
    }
}

#[async_trait]
impl Lookups for LookupsOnAws {
    async fn look_up(&self, lookups: &BTreeSet<Lookup>) -> Result<Answers, CloudError> {
        let answered = each(requests(lookups), |request| self.answer(request)).await?;
        Ok(answered.into_iter().flatten().collect())
    }
}

impl LookupsOnAws {
    async fn answer(&self, request: LookupRequest) -> Result<LookupAnswers, CloudError> {
        match request {
            LookupRequest::Role(name) => {
                let role = self.role(&name).await?;
                Ok(vec![(Lookup::Role(name), Answer::Role(role))])
            }
            LookupRequest::Key(name) => {
                let key = self.key(&name).await?;
                Ok(vec![(Lookup::Key(name), Answer::Key(key))])
            }
            LookupRequest::TableStream(table) => {
                let stream = self.stream(&table).await?;
                Ok(vec![(Lookup::TableStream(table), Answer::TableStream(stream))])
            }
            LookupRequest::SecurityGroups(names) => {
                let found = self.security_groups(&names).await?;
                let of = |name: &str| found.iter().filter(|group| is_named(&group.tags, name)).cloned().collect();
                Ok(answered(names, Lookup::SecurityGroups, |name| Answer::SecurityGroups(of(name))))
            }
            LookupRequest::SubnetsNamed(names) => {
                let found = self.subnets("tag:Name", &names).await?;
                let of = |name: &str| found.iter().filter(|subnet| is_named(&subnet.tags, name)).cloned().collect();
                Ok(answered(names, Lookup::Subnets, |name| Answer::Subnets(of(name))))
            }
            LookupRequest::SubnetsOf(ids) => {
                let found = self.subnets("subnet-id", &ids).await?;
                let of = |id: &str| found.iter().filter(|subnet| subnet.id == id).cloned().collect();
                Ok(answered(ids, Lookup::Subnets, |id| Answer::Subnets(of(id))))
            }
            LookupRequest::Tags(region, arns) => {
                let tags = self.tags(region, &arns).await?;
                Ok(answered(arns, Lookup::Tags, |arn| Answer::Tags(tags.get(arn).cloned())))
            }
        }
    }

    async fn role(&self, name: &str) -> Result<Option<Role>, CloudError> {
        let request = Request::new("iam:GetRole", name);
        let get = self.iam.get_role().role_name(name);
        let Some(answer) = found(request.make(&self.session, get.send()).await)? else { return Ok(None) };
        let role = request.field("Role", answer.role)?;
        let tags = role.tags.unwrap_or_default().into_iter().map(|tag| (Some(tag.key), Some(tag.value)));
        Ok(Some(Role { arn: request.text("Arn", role.arn)?, tags: request.tags(tags)? }))
    }

    async fn security_groups(&self, names: &[String]) -> Result<Vec<SecurityGroup>, CloudError> {
        let resource = names.join(",");
        let request = Request::new("ec2:DescribeSecurityGroups", &resource);
        let filter = one_of("tag:Name", names);
        let found = pages(async |token| {
            let describe = self.ec2.describe_security_groups().filters(filter.clone()).set_next_token(token);
            let page = request.make(&self.session, describe.send()).await?;
            Ok((page.security_groups.unwrap_or_default(), page.next_token))
        });
        let group = |group: aws_sdk_ec2::types::SecurityGroup| {
            let id = request.field("GroupId", group.group_id)?;
            let tags = request.about(&id).tags(pairs(group.tags))?;
            Ok(SecurityGroup { id, tags })
        };
        found.await?.into_iter().map(group).collect()
    }

    async fn subnets(&self, filter: &str, values: &[String]) -> Result<Vec<Subnet>, CloudError> {
        let resource = values.join(",");
        let request = Request::new("ec2:DescribeSubnets", &resource);
        let filter = one_of(filter, values);
        let found = pages(async |token| {
            let describe = self.ec2.describe_subnets().filters(filter.clone()).set_next_token(token);
            let page = request.make(&self.session, describe.send()).await?;
            Ok((page.subnets.unwrap_or_default(), page.next_token))
        });
        let subnet = |subnet: aws_sdk_ec2::types::Subnet| {
            let id = request.field("SubnetId", subnet.subnet_id)?;
            let tags = request.about(&id).tags(pairs(subnet.tags))?;
            Ok(Subnet { id, tags })
        };
        found.await?.into_iter().map(subnet).collect()
    }

    /// KMS describes a key by its alias, but lists tags only by the key's own ARN.
    async fn key(&self, name: &str) -> Result<Option<Key>, CloudError> {
        let request = Request::new("kms:DescribeKey", name);
        let describe = self.kms.describe_key().key_id(name);
        let Some(answer) = found(request.make(&self.session, describe.send()).await)? else { return Ok(None) };
        let metadata = request.field("KeyMetadata", answer.key_metadata)?;
        let id = request.text("KeyId", metadata.key_id)?;
        let arn = request.field("Arn", metadata.arn)?;
        let request = Request::new("kms:ListResourceTags", &arn);
        let tags = pages(async |marker| {
            let list = self.kms.list_resource_tags().key_id(&arn).limit(KEY_TAGS_LIMIT).set_marker(marker);
            let page = request.make(&self.session, list.send()).await?;
            Ok((page.tags.unwrap_or_default(), page.next_marker))
        });
        let tags = tags.await?.into_iter().map(|tag| (Some(tag.tag_key), Some(tag.tag_value)));
        Ok(Some(Key { id, tags: request.tags(tags)? }))
    }

    /// A disabled stream stays the table's latest stream for a day. Only an enabled one is of use.
    async fn stream(&self, table: &str) -> Result<Option<String>, CloudError> {
        let request = Request::new("dynamodb:DescribeTable", table);
        let describe = self.dynamodb.describe_table().table_name(table);
        let Some(answer) = found(request.make(&self.session, describe.send()).await)? else { return Ok(None) };
        let table = request.field("Table", answer.table)?;
        let is_on = table.stream_specification.is_some_and(|stream| stream.stream_enabled);
        Ok(table.latest_stream_arn.filter(|_| is_on))
    }

    /// The answer leaves out resources that do not exist, are in another region or account, or never had a tag. New tags may
    /// appear in it with a delay. `None` is the region of the session.
    async fn tags(&self, region: Option<String>, arns: &[String]) -> Result<BTreeMap<String, Tags>, CloudError> {
        let resource = arns.join(",");
        let request = Request::new("tag:GetResources", &resource);
        let mut config = aws_sdk_resourcegroupstagging::config::Builder::from(self.session.config());
        if let Some(region) = region {
            config = config.region(aws_sdk_resourcegroupstagging::config::Region::new(region));
        }
        let tagging = aws_sdk_resourcegroupstagging::Client::from_conf(config.build());
        let get = tagging.get_resources().set_resource_arn_list(Some(arns.to_vec()));
        let answer = request.make(&self.session, get.send()).await?;
        let tagged = |found: aws_sdk_resourcegroupstagging::types::ResourceTagMapping| {
            let arn = request.field("ResourceARN", found.resource_arn)?;
            let tags = found.tags.unwrap_or_default().into_iter().map(|tag| (Some(tag.key), Some(tag.value)));
            let tags = request.about(&arn).tags(tags)?;
            Ok((arn, tags))
        };
        answer.resource_tag_mapping_list.unwrap_or_default().into_iter().map(tagged).collect()
    }
}

fn one_of(name: &str, values: &[String]) -> Filter {
    Filter::builder().name(name).set_values(Some(values.iter().map(|value| literal(value)).collect())).build()
}

fn answered(names: Vec<String>, lookup: fn(String) -> Lookup, answer: impl Fn(&str) -> Answer) -> LookupAnswers {
    let pair = |name: String| {
        let answer = answer(&name);
        (lookup(name), answer)
    };
    names.into_iter().map(pair).collect()
}

fn is_named(tags: &Tags, name: &str) -> bool {
    tags.get("Name").is_some_and(|tag| tag == name)
}

/// Keys and values of EC2's tags.
fn pairs(tags: Option<Vec<aws_sdk_ec2::types::Tag>>) -> impl Iterator<Item = (Option<String>, Option<String>)> {
    tags.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value))
}
