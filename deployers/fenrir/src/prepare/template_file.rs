//! Template files that were read, with their text for reports.

use super::local_files;
use crate::Fenrir;
use crate::resolve::resolve;
use crate::rules::{self, Answers, Facts, Header, HeaderParts};
use crate::template::{self, FindingCode, Findings, Node, OpenError, ReportStyle, Severity, Source, TemplateFinding};
use bifrost::client::{Address, Client};
use bifrost::cloud::CloudError;
use bifrost::error_code::{Coded, ErrorCode};
use bifrost::release::{AccountId, BucketName, ConfigName, InvalidName, ProjectName, Region};
use chrono::{NaiveDate, Utc};
use serde_json::{Map, Value};
use std::fmt;
use std::io::{Write, stderr};
use std::path::{Path, PathBuf};

/// A template file that was read.
pub struct Opened {
    file: PathBuf,
    text: Source,
    /// The template.
    pub node: Node,
}

/// Why a template file cannot be read.
#[derive(Debug, thiserror::Error, Coded)]
pub enum TemplateFileError {
    /// The file cannot be opened, or is not text.
    #[error(transparent)]
    #[code(source)]
    File(#[from] OpenError),
    /// The text is not a valid template.
    #[error(transparent)]
    #[code(source)]
    Refused(#[from] Box<RefusedTemplate>),
}

/// A template with findings that refuse it. The message is the report of all findings, with their lines.
#[derive(Debug, thiserror::Error)]
pub struct RefusedTemplate {
    /// The text, into which the findings point.
    pub text: Source,
    /// The findings.
    pub findings: Findings,
}

impl fmt::Display for RefusedTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let report = self.text.report(&self.findings, ReportStyle::of_stderr());
        write!(f, "the template is refused:\n\n{}", report.trim_end())
    }
}

/// The code of the first finding that is an error.
impl Coded for RefusedTemplate {
    const CODES: &'static [ErrorCode] = &[];

    fn code(&self) -> &'static str {
        self.findings.code()
    }
}

/// The day, for a template without a release.
#[must_use]
pub fn today() -> NaiveDate {
    Utc::now().date_naive()
}

impl Opened {
    /// Reads a template file.
    ///
    /// # Errors
    /// [`TemplateFileError`].
    pub fn open(file: &Path) -> Result<Self, TemplateFileError> {
        let text = Source::open(file)?;
        match template::read(&text) {
            Ok(node) => Ok(Self { file: file.to_owned(), text, node }),
            Err(findings) => Err(Box::new(RefusedTemplate { text, findings }).into()),
        }
    }

    /// The file.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The findings of all rules that need no look-up in AWS, those about the files that the template refers to, and the warnings
    /// about values, for a release of that day.
    #[must_use]
    pub fn check(&self, today: NaiveDate) -> Findings {
        let (parts, mut findings) = rules::header_parts(&self.node);
        match PlaceholderRelease::of(parts) {
            Ok(assumed) => {
                let applied = rules::apply(&self.node, &assumed.facts(today), &Answers::new());
                findings.extend(without_header(&applied.findings));
            }
            Err(invalid) => findings.extend(not_checked(&invalid)),
        }
        self.with_local_findings(findings)
    }

    /// The findings of [`check`](Self::check), if none of them is an error. Prints the warnings on standard error.
    ///
    /// # Errors
    /// All findings, if any is an error.
    pub fn check_and_warn(&self, today: NaiveDate) -> Result<(), TemplateFileError> {
        let findings = self.check(today);
        if findings.refuse() {
            return Err(self.refusal(findings));
        }
        // Warnings that nobody reads do not stop the command.
        let _ = stderr().write_all(self.text.report(&findings, ReportStyle::of_stderr()).as_bytes());
        Ok(())
    }

    /// Adds the findings about files, and the warnings about values, where there is no other finding.
    fn with_local_findings(&self, mut findings: Findings) -> Findings {
        let known: Vec<_> = findings.all().iter().map(|finding| finding.span).collect();
        let mut others = local_files::check(&self.file, &self.node);
        others.extend(template::warnings(&self.text, &self.node));
        for other in others.all() {
            if !known.contains(&other.span) {
                findings.push(other.clone());
            }
        }
        findings
    }

    /// The text, into which findings point.
    #[must_use]
    pub fn text(&self) -> &Source {
        &self.text
    }

    /// The error of a template with these findings.
    #[must_use]
    pub fn refusal(&self, findings: Findings) -> TemplateFileError {
        Box::new(RefusedTemplate { text: self.text.clone(), findings }).into()
    }

    /// The findings of all rules, with look-ups in the target account.
    ///
    /// # Errors
    /// A look-up failed.
    pub async fn look_up(&self, client: &Client<Fenrir>) -> Result<Findings, CloudError> {
        let today = client.account.now().date_naive();
        // Without a valid header there is no target account.
        let Ok(header) = rules::header(&self.node) else { return Ok(self.check(today)) };
        let address = address(header, client);
        let Address { account, region, bucket, project, config } = &address;
        let facts = Facts { project, config, account, region, bucket, files: None, today };
        let ports = client.context(&address).await?.ports;
        Ok(self.with_local_findings(resolve(ports.lookups.as_ref(), &self.node, &facts).await?.findings))
    }

    /// The project, config, account and region that the template is deployed to.
    ///
    /// # Errors
    /// The findings about the header.
    pub fn address(&self, client: &Client<Fenrir>) -> Result<Address, TemplateFileError> {
        let header = rules::header(&self.node).map_err(|findings| self.refusal(findings))?;
        Ok(address(header, client))
    }

    /// The fields of the release that the template determines. The client adds the others.
    ///
    /// # Errors
    /// All findings, if any is about the header: the release cannot be deployed, halted or planned.
    pub fn release(&self) -> Result<Map<String, Value>, TemplateFileError> {
        let header = rules::header(&self.node).map_err(|_| self.refusal(self.check(today())))?;
        let mut release = Map::new();
        release.insert("project_name".into(), header.project.as_str().into());
        release.insert("config_name".into(), header.config.as_str().into());
        release.extend(header.account.map(|account| ("aws_account_id".into(), account.as_str().into())));
        release.extend(header.region.map(|region| ("aws_region".into(), region.as_str().into())));
        release.insert("template".into(), Value::from(&self.node));
        Ok(release)
    }
}

/// Reads a template file into a release. Does not apply the rules, so that a deploy can be halted whose template breaks them;
/// [`attach`](super::attach) applies them.
///
/// # Errors
/// [`TemplateFileError`].
pub fn read(file: &Path) -> Result<Map<String, Value>, TemplateFileError> {
    Opened::open(file)?.release()
}

/// Findings without those that compare the header with the release: that is made from the header, and placeholders stand for
/// the keys that are not valid.
fn without_header(findings: &Findings) -> Findings {
    let mut others = Findings::default();
    for finding in findings.all().iter().filter(|finding| finding.code != FindingCode::OtherRelease) {
        others.push(finding.clone());
    }
    others
}

/// The finding for a template that cannot be checked, which must not count as valid.
fn not_checked(invalid: &InvalidName) -> Findings {
    let mut findings = Findings::default();
    findings.push(TemplateFinding {
        severity: Severity::Error,
        code: FindingCode::InvalidName,
        path: String::new(),
        span: None,
        message: format!("cannot check the template: {invalid}"),
        help: Some("fix the name in the header of the template".to_owned()),
    });
    findings
}

/// The address of a header, with the defaults of the deployer.
fn address(header: Header, client: &Client<Fenrir>) -> Address {
    Address {
        account: header.account.unwrap_or_else(|| client.account.defaults.account.clone()),
        region: header.region.unwrap_or_else(|| client.account.defaults.region.clone()),
        bucket: client.account.defaults.bucket.clone(),
        project: header.project,
        config: header.config,
    }
}

/// Placeholders for the facts about a release that the rules need but that do not affect findings without look-ups.
struct PlaceholderRelease {
    project: ProjectName,
    config: ConfigName,
    account: AccountId,
    region: Region,
    bucket: BucketName,
}

impl PlaceholderRelease {
    fn of(HeaderParts { project, config, account, region }: HeaderParts) -> Result<Self, InvalidName> {
        let account = account.map_or_else(|| "000000000000".parse(), Ok)?;
        Ok(Self {
            project: project.map_or_else(|| "project".parse(), Ok)?,
            config: config.map_or_else(|| "config".parse(), Ok)?,
            bucket: format!("files-of-{account}").parse()?,
            account,
            region: region.map_or_else(|| "us-east-1".parse(), Ok)?,
        })
    }

    fn facts(&self, today: NaiveDate) -> Facts<'_> {
        let Self { project, config, account, region, bucket } = self;
        Facts { project, config, account, region, bucket, files: None, today }
    }
}
