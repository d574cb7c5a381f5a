//! Contract tests of `Targets`.

use crate::fixture::{AccountFixture, FOREIGN_ROLE, refusal};
use bifrost::cloud::ErrorKind;

pub async fn role_opens_ports_in_its_account(fixture: AccountFixture) {
    let role = fixture.role(&fixture.client.account.identity.assumed_role());
    for _ in 0..2 {
        assert_eq!(fixture.client.targets.assume(&role).await.unwrap().account().await, fixture.target);
    }
}

pub async fn missing_role_is_named(fixture: AccountFixture) {
    is_named(&fixture, "nobody").await;
}

pub async fn role_without_trust_is_named(fixture: AccountFixture) {
    is_named(&fixture, FOREIGN_ROLE).await;
}

/// The error names the role and the account that it has to trust.
async fn is_named(fixture: &AccountFixture, name: &str) {
    let role = fixture.role(name);
    let (kind, code, message) = refusal(fixture.client.targets.assume(&role).await.map(drop));
    assert_eq!((kind, code.as_str()), (ErrorKind::AccessDenied, "AccessDenied"), "{message}");
    assert!(
        message.contains(&role.arn()) && message.contains(fixture.client.account.identity.account.as_str()),
        "{message}"
    );
}
