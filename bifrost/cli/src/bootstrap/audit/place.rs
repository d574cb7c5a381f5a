//! Where the audit log of a deployer is, and what its functions may do there.

use super::super::names::{DeployerName, bucket_arn};
use super::super::policy::{Statement, allow, substituted};
use crate::audit_location::{
    AUDIT_ACCOUNT_VARIABLE, AUDIT_BUCKET_VARIABLE, AUDIT_KEY_VARIABLE, AUDIT_TABLE_VARIABLE, AUDIT_VARIABLE,
};
use bifrost_core::account::names;
use bifrost_core::audit::AuditMode;
use bifrost_core::release::AccountId;
use serde_json::Value;

/// The keys that the functions of deployers write, by the first part.
pub(super) const WRITTEN_KEYS: [&str; 3] = ["bundles/*", "log/*", "records/*"];

/// What adding an entry needs: a transaction has no permission of its own, only those of its items.
pub(super) const ORDERING: [&str; 3] = ["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem"];

/// What signing a checkpoint needs.
pub(super) const SIGNING: [&str; 2] = ["kms:GetPublicKey", "kms:Sign"];

/// The audit log of a deployer. Accounts are ids, or the pseudo parameter of the template's own account.
pub(in super::super) struct LogPlace<'n> {
    deployer: &'n DeployerName,
    deployer_account: String,
    log_account: String,
}

const OWN_ACCOUNT: &str = "${AWS::AccountId}";

impl<'n> LogPlace<'n> {
    /// As the template of the deployer names it. `log_account` is the account of the log, if it has one of its own.
    pub(in super::super) fn seen_by_deployer(deployer: &'n DeployerName, log_account: Option<&AccountId>) -> Self {
        let log_account = log_account.map_or_else(|| OWN_ACCOUNT.to_owned(), ToString::to_string);
        Self { deployer, deployer_account: OWN_ACCOUNT.to_owned(), log_account }
    }

    /// As the template of the log names it. `deployer_account` is the account of the deployers, if the log is in another one.
    pub(super) fn seen_by_log(deployer: &'n DeployerName, deployer_account: Option<&AccountId>) -> Self {
        let deployer_account = deployer_account.map_or_else(|| OWN_ACCOUNT.to_owned(), ToString::to_string);
        Self { deployer, deployer_account, log_account: OWN_ACCOUNT.to_owned() }
    }

    /// Whether the log has an account of its own. That account may have the logs of several deployer accounts.
    pub(super) fn is_apart(&self) -> bool {
        self.deployer_account != self.log_account
    }

    pub(in super::super) fn bucket(&self) -> String {
        names::audit_bucket(self.deployer.as_str(), &self.deployer_account, "${AWS::Region}")
    }

    pub(in super::super) fn bucket_arn(&self) -> String {
        bucket_arn(&self.bucket())
    }

    /// Objects of the bucket whose keys match the pattern.
    pub(in super::super) fn objects_arn(&self, keys: &str) -> String {
        format!("{}/{keys}", self.bucket_arn())
    }

    pub(super) fn written_arns(&self) -> [String; 3] {
        WRITTEN_KEYS.map(|keys| self.objects_arn(keys))
    }

    pub(super) fn checkpoint_arn(&self) -> String {
        self.objects_arn(bifrost_core::cloud::CHECKPOINT_KEY)
    }

    /// The name of the log, without account and region.
    pub(super) fn log(&self) -> String {
        names::audit_log(self.deployer.as_str())
    }

    pub(super) fn table(&self) -> String {
        if self.is_apart() { format!("{}-{}", self.log(), self.deployer_account) } else { self.log() }
    }

    pub(super) fn table_arn(&self) -> String {
        self.arn("dynamodb", &format!("table/{}", self.table()))
    }

    pub(super) fn alias(&self) -> String {
        format!("alias/{}", self.table())
    }

    /// The name of the policy for auditors. Policies have no region, and each region has a log.
    pub(super) fn read_policy(&self) -> String {
        format!("{}-read-{}-${{AWS::Region}}", self.log(), self.deployer_account)
    }

    /// The principal of the deployer account, which may give its permissions to its users and roles.
    pub(super) fn deployer_root(&self) -> String {
        format!("arn:${{AWS::Partition}}:iam::{}:root", self.deployer_account)
    }

    /// The roles of the functions of all deployers that share the log. A pattern, because the log is set up once, before most of its
    /// deployers, and a deployer that its policies did not name could deploy nothing (`required`). Anyone who may create a role of such a name
    /// in the deployer account could also change a deployer's own role; what a role may do is still what its own policies allow.
    pub(super) fn functions_arn(&self) -> String {
        let roles = names::execution_role(&format!("{}*", names::prefix(self.deployer.as_str())));
        format!("arn:${{AWS::Partition}}:iam::{}:role/{roles}", self.deployer_account)
    }

    fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:{}:{resource}", self.log_account)
    }

    /// The variables of the functions of a deployer.
    pub(in super::super) fn variables(&self, mode: AuditMode) -> Vec<(&'static str, Value)> {
        // Anyone who reads the names of the variables, but not their values, can tell that there is no log.
        if mode == AuditMode::Off {
            return Vec::new();
        }
        let mut variables = vec![(AUDIT_VARIABLE, mode.name().into())];
        let (table, key) = if self.is_apart() {
            (self.table_arn(), self.arn("kms", &self.alias()))
        } else {
            (self.table(), self.alias())
        };
        variables.push((AUDIT_BUCKET_VARIABLE, substituted(&self.bucket())));
        variables.push((AUDIT_TABLE_VARIABLE, substituted(&table)));
        variables.push((AUDIT_KEY_VARIABLE, substituted(&key)));
        if self.is_apart() {
            variables.push((AUDIT_ACCOUNT_VARIABLE, self.log_account.as_str().into()));
        }
        variables
    }

    /// Lets a function of the deployer write the log: records with these keys, and entries. It reads the records of `read`.
    pub(in super::super) fn write(&self, records: &[&str], read: &[&str]) -> Vec<Statement> {
        let log_and = |records: &[&str]| -> Vec<String> {
            let keys = records.iter().copied().chain(["bundles/*", "log/*"]);
            keys.map(|keys| self.objects_arn(keys)).collect()
        };
        vec![
            allow("WriteAuditLog", &["s3:PutObject"], &log_and(records)),
            // Every other object gets the retention of the bucket, which is far too long for what is replaced all the time.
            allow("RetainCheckpoint", &["s3:PutObjectRetention"], &[self.checkpoint_arn()]),
            allow("ReadAuditLog", &["s3:GetObject"], &log_and(read)),
            allow("ListAuditLog", &["s3:ListBucket"], &[self.bucket_arn()]),
            allow("OrderAuditLog", &ORDERING, &[self.table_arn()]),
            self.sign(),
        ]
    }

    /// The id of the key is not known here. In the deployer account only the key with the alias signs; in an account of its own the
    /// aliases are not visible, and the key's policy decides.
    fn sign(&self) -> Statement {
        let sign = allow("SignCheckpoints", &SIGNING, &[self.arn("kms", "key/*")]);
        if self.is_apart() {
            return sign;
        }
        sign.when("ForAnyValue:StringEquals", "kms:ResourceAliases", &[&self.alias()])
    }
}
