//! A template file that was read, and can be pointed into.

use crate::Fenrir;
use crate::resolve::resolve;
use crate::rules::{self, Answers, Facts, Header};
use crate::template::{self, Findings, Node, OpenError, ReportStyle, Severity, Source, TemplateFinding};
use bifrost::client::{Address, Client};
use bifrost::cloud::CloudError;
use bifrost::release::{AccountId, BucketName, ConfigName, InvalidName, ProjectName, Region};
use serde_json::{Map, Value};
use std::error::Error;
use std::path::{Path, PathBuf};

/// A template file that was read.
pub struct Opened {
    file: PathBuf,
    text: Source,
    /// The template.
    pub node: Node,
}

/// Why a template file was not read.
#[derive(Debug, thiserror::Error)]
pub enum TemplateFileError {
    /// It cannot be opened, or is no text.
    #[error("{}", whole(.0))]
    File(#[from] OpenError),
    /// Its text is no template.
    #[error("{}", refusal(.text, .findings))]
    NoTemplate {
        /// What it says.
        text: Source,
        /// All that is wrong with it.
        findings: Findings,
    },
}

impl Opened {
    /// Reads a template file.
    ///
    /// # Errors
    /// All that is wrong with the text, with its lines.
    pub fn open(file: &Path) -> Result<Self, TemplateFileError> {
        let text = Source::open(file)?;
        match template::read(&text) {
            Ok(node) => Ok(Self { file: file.to_owned(), text, node }),
            Err(findings) => Err(TemplateFileError::NoTemplate { text, findings }),
        }
    }

    /// The file.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// What is wrong with it, as far as that can be told without AWS.
    #[must_use]
    pub fn check(&self) -> Findings {
        match PlaceholderRelease::of(rules::header(&self.node).ok()) {
            Ok(assumed) => rules::apply(&self.node, &assumed.facts(), &Answers::new()).findings,
            Err(invalid) => not_checked(&invalid),
        }
    }

    /// Its text, which findings point into.
    #[must_use]
    pub fn text(&self) -> &Source {
        &self.text
    }

    /// The error of a template with these findings.
    #[must_use]
    pub fn refusal(&self, findings: &Findings) -> String {
        refusal(&self.text, findings)
    }

    /// What is wrong with it, in the light of the target account that it goes to, too.
    ///
    /// # Errors
    /// If the target account cannot be looked into.
    pub async fn look_up(&self, client: &Client<Fenrir>) -> Result<Findings, CloudError> {
        // A template that does not say whose it is is not looked up for anybody.
        let Ok(header) = rules::header(&self.node) else { return Ok(self.check()) };
        let address = address(header, client);
        let Address { account, region, bucket, project, config } = &address;
        let facts = Facts { project, config, account, region, bucket, files: None };
        let ports = client.target(&address).await?;
        Ok(resolve(ports.lookups.as_ref(), &self.node, &facts).await?.findings)
    }

    /// What it is deployed to.
    ///
    /// # Errors
    /// All that is wrong with its header.
    pub fn address(&self, client: &Client<Fenrir>) -> Result<Address, String> {
        let header = rules::header(&self.node).map_err(|findings| self.refusal(&findings))?;
        Ok(address(header, client))
    }

    /// The release that it says, before the client fills in the rest.
    ///
    /// # Errors
    /// All that is wrong with it, with its lines.
    pub fn release(&self) -> Result<Map<String, Value>, String> {
        let header = rules::header(&self.node).map_err(|findings| self.refusal(&findings))?;
        let mut release = Map::new();
        release.insert("project_name".into(), header.project.as_str().into());
        release.insert("config_name".into(), header.config.as_str().into());
        release.extend(header.account.map(|account| ("aws_account_id".into(), account.as_str().into())));
        release.extend(header.region.map(|region| ("aws_region".into(), region.as_str().into())));
        release.insert("template".into(), Value::from(&self.node));
        Ok(release)
    }
}

/// Reads a template, and gives the release that it says. Whether it keeps the rules is asked when its files are attached:
/// a deploy can be halted whose template does not.
///
/// # Errors
/// What keeps it from being read, with its lines.
pub fn read(file: &Path) -> Result<Map<String, Value>, String> {
    Opened::open(file).map_err(|unread| unread.to_string())?.release()
}

/// A template that was not checked is not valid.
fn not_checked(invalid: &InvalidName) -> Findings {
    let (path, message) = (String::new(), format!("it cannot be checked: {invalid}"));
    let mut findings = Findings::default();
    findings.push(TemplateFinding { severity: Severity::Error, path, span: None, message, help: None });
    findings
}

/// What a header leaves out, the deployer says.
fn address(header: Header, client: &Client<Fenrir>) -> Address {
    Address {
        account: header.account.unwrap_or_else(|| client.account.defaults.account.clone()),
        region: header.region.unwrap_or_else(|| client.account.defaults.region.clone()),
        bucket: client.account.defaults.bucket.clone(),
        project: header.project,
        config: header.config,
    }
}

/// What a release will say, as far as the rules that need no AWS care: any account will do.
struct PlaceholderRelease {
    project: ProjectName,
    config: ConfigName,
    account: AccountId,
    region: Region,
    bucket: BucketName,
}

impl PlaceholderRelease {
    fn of(header: Option<Header>) -> Result<Self, InvalidName> {
        let (project, config, account, region) = match header {
            Some(Header { project, config, account, region }) => (project, config, account, region),
            None => ("project".parse()?, "config".parse()?, None, None),
        };
        let account = account.map_or_else(|| "000000000000".parse(), Ok)?;
        let bucket = format!("files-of-{account}").parse()?;
        Ok(Self { project, config, account, region: region.map_or_else(|| "us-east-1".parse(), Ok)?, bucket })
    }

    fn facts(&self) -> Facts<'_> {
        let Self { project, config, account, region, bucket } = self;
        Facts { project, config, account, region, bucket, files: None }
    }
}

/// All that is wrong with a template, each finding below the last with its line.
fn refusal(text: &Source, findings: &Findings) -> String {
    format!("the template is refused:\n\n{}", text.report(findings, ReportStyle::of_stderr()).trim_end())
}

/// An error with all that it is because of, on one line.
fn whole(error: &OpenError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
