//! The kinds of findings: the one table of their codes, causes and remedies.

use bifrost::error_code::Coded;
use std::error::Error;
use std::fmt;

/// The kind of a finding. Its code never changes, so that scripts and searches can rely on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Coded)]
pub enum FindingCode {
    /// The file is neither valid YAML nor valid JSON, or holds more than one document.
    #[code("template/syntax", "fix the syntax at the line and column of the finding")]
    Syntax,
    /// The template has no content.
    #[code("template/empty", "write a template with `ProjectName`, `ConfigName`, `Transform` and `Resources`")]
    Empty,
    /// Values are nested deeper than the deployer reads.
    #[code("template/too-deep", "flatten the value")]
    TooDeep,
    /// A mapping has the same key twice.
    #[code("template/duplicate-key", "remove or rename one of the two keys")]
    DuplicateKey,
    /// The key of a mapping is missing, or is not a string.
    #[code("template/invalid-key", "write a string as the key")]
    InvalidKey,
    /// The template uses an anchor, an alias or a merge key, which CloudFormation does not support.
    #[code("template/anchor", "write the value out in each place")]
    Anchor,
    /// CloudFormation has no such YAML tag.
    #[code("template/unknown-tag", "use a short form that CloudFormation documents, such as `!Ref`")]
    UnknownTag,

    /// The value is of another type than the property takes.
    #[code("template/wrong-type", "write a value of the type that the finding names")]
    WrongType,
    /// The property takes only certain values.
    #[code("template/invalid-value", "write a value that the finding allows")]
    InvalidValue,
    /// The name does not follow the rules for names of its kind.
    #[code("template/invalid-name", "write a name that follows the rule in the finding")]
    InvalidName,
    /// A value is null.
    #[code("template/null", "write a value, or remove the key")]
    Null,
    /// A required property or attribute is missing.
    #[code("template/missing-property", "add the property")]
    MissingProperty,
    /// AWS does not know the property.
    #[code("template/unknown-property", "fix the spelling, or remove the property")]
    UnknownProperty,
    /// CloudFormation does not know the resource attribute. Fenrir ignores it.
    #[code("template/unknown-attribute", "fix the spelling, or remove the attribute")]
    UnknownAttribute,
    /// A required section of the template is missing.
    #[code("template/missing-section", "add the section at the top level of the template")]
    MissingSection,
    /// Templates have no section of that name.
    #[code("template/unknown-section", "fix the spelling, or remove the section")]
    UnknownSection,
    /// AWS knows it, but Fenrir does not allow it in a template.
    #[code("template/not-allowed", "do what the finding proposes; RULES.md has the reasons")]
    NotAllowed,
    /// Two properties exclude each other.
    #[code("template/conflict", "remove one of the two properties")]
    Conflict,
    /// SAM does not take the property in `Globals`.
    #[code("template/not-global", "set the property in each resource")]
    NotGlobal,
    /// The template has more resources or outputs than CloudFormation allows.
    #[code("template/too-many", "split the project")]
    TooMany,

    /// Fenrir does not support the resource type.
    #[code("template/unknown-type", "use a supported type; RULES.md lists them")]
    UnknownType,
    /// Fenrir does not support the event type.
    #[code("template/unknown-event", "use a supported event type; the finding lists them")]
    UnknownEvent,
    /// Fenrir does not support the SAM policy template.
    #[code("template/unknown-policy", "use a supported policy template, or set `Role` instead of `Policies`")]
    UnknownPolicy,
    /// CloudFormation has no such intrinsic function.
    #[code("template/unknown-function", "fix the spelling of the function")]
    UnknownFunction,
    /// Lambda has no such runtime for zip files, or has added it after this version of Fenrir.
    #[code("template/unknown-runtime", "fix the spelling, use a supported runtime, or update Fenrir")]
    UnknownRuntime,
    /// The argument of an intrinsic function has the wrong form.
    #[code("template/invalid-argument", "write the argument in the form that the finding names")]
    InvalidArgument,
    /// Fenrir checks the value before the stack exists, so that an intrinsic function cannot compute it.
    #[code("template/not-a-literal", "write the value itself")]
    NotALiteral,
    /// The template has no resource of that logical id.
    #[code("template/unknown-resource", "fix the spelling of the logical id, or add the resource")]
    UnknownResource,
    /// The value refers to a parameter, and Fenrir allows no parameters.
    #[code("template/parameter", "write the value, in one template for each config")]
    Parameter,
    /// The type of the resource has no such attribute for `Fn::GetAtt`.
    #[code("template/unsupported-attribute", "use an attribute that the finding lists, or `!Ref`")]
    UnsupportedAttribute,
    /// Resources depend on each other in a circle, so that CloudFormation cannot create any of them first.
    #[code("template/circular-dependency", "remove one of the references that the finding names")]
    CircularDependency,
    /// The value has to be a `!Ref` or `!GetAtt` of a resource of this template.
    #[code("template/not-a-reference", "refer to a resource of this template in the form that the finding names")]
    NotAReference,
    /// The value refers to a resource of another type than the property takes.
    #[code("template/wrong-resource-type", "refer to a resource of the type that the finding names")]
    WrongResourceType,

    /// The tags of a resource outside of the template do not let this project use it.
    #[code("template/other-project", "if this project may use the resource, add the tag that the finding names")]
    OtherProject,
    /// The target account has no such resource, or the resource has no tags.
    #[code(
        "template/not-found",
        "check the name, the account and the region; if it does not exist, create it with tags"
    )]
    NotFound,
    /// Several resources of the target account have the name.
    #[code("template/ambiguous", "use a resource whose `Name` tag is unique in the target account and region")]
    Ambiguous,
    /// AWS gave no answer about a resource that the template refers to.
    #[code("template/no-answer", "run the command again; if it fails again, report a bug of Fenrir")]
    NoAnswer,
    /// The header of the template names another project, config, account or region than the release.
    #[code("template/other-release", "create the release from this template")]
    OtherRelease,

    /// The value is not a path inside of the template's folder.
    #[code("template/invalid-path", "write a path relative to the template's folder, without `..`")]
    InvalidPath,
    /// The file or folder of the code does not exist, or is a folder instead of a file or the other way round.
    #[code("template/missing-code", "fix the path, which starts at the template's folder; or build the file first")]
    MissingCode,
    /// Fenrir does not have the `BuildMethod`, or it does not fit the runtime.
    #[code("template/build-method", "set the build method that the finding names")]
    BuildMethod,
    /// The code cannot be packaged: a file that the build needs is missing, or a link leads nowhere.
    #[code("template/not-packaged", "do what the finding proposes")]
    NotPackaged,
    /// The zip would contain a list of packages, but not the packages.
    #[code("template/not-installed", "set the `BuildMethod` that the finding names, which installs the packages")]
    NotInstalled,
    /// A list of packages leaves a version open, so that it depends on the time which one is installed.
    #[code("template/not-pinned", "write the versions of all packages, best with their hashes")]
    NotPinned,
    /// The zip would contain a file with secrets.
    #[code("template/secret-file", "move the file out of the folder of the code")]
    SecretFile,
    /// The template refers to code that the release does not list with its hash.
    #[code("template/not-uploaded", "deploy with `fenrir deploy`, which uploads the code and lists its hash")]
    NotUploaded,
    /// The code is in the S3 folder of another project.
    #[code("template/foreign-code", "deploy with `fenrir deploy`, which uploads the code to the folder of the project")]
    ForeignCode,
    /// A route of an HTTP API has no authorizer, so that it would be public.
    #[code("template/no-authorizer", "set `Auth.DefaultAuthorizer` of the API or `Auth.Authorizer` of the event")]
    NoAuthorizer,

    /// Fenrir overwrites the value that the template sets.
    #[code("template/overwritten", "remove the value")]
    Overwritten,
    /// YAML 1.1, which CloudFormation reads, changes the value: `010` is 8.
    #[code("template/changed-value", "quote the value")]
    ChangedValue,
    /// The string has a `${…}` that CloudFormation replaces only in `Fn::Sub`.
    #[code("template/not-substituted", "write `!Sub` in front of the string")]
    NotSubstituted,
    /// AWS has deprecated the runtime.
    #[code("template/deprecated", "use a runtime that AWS supports")]
    Deprecated,
    /// The template contains a name that Fenrir generates for one of its resources.
    #[code("template/hard-coded-name", "use `!Ref` or `!GetAtt`, so that CloudFormation knows the dependency")]
    HardCodedName,
    /// SAM takes S3 events only from a bucket of the same template, and Fenrir supports no buckets.
    #[code("template/bucket-event", "let the bucket send to a queue or topic, and use an event of that")]
    BucketEvent,
}

impl fmt::Display for FindingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Error for FindingCode {}
