//! What the way into target accounts promises.

use crate::fixture::{AccountFixture, STRANGER, refusal};
use bifrost::cloud::ErrorKind;

pub async fn a_role_opens_ports_in_its_account(fixture: AccountFixture) {
    let role = fixture.role(&fixture.client.account.identity.assumed_role());
    for _ in 0..2 {
        assert_eq!(fixture.client.targets.assume(&role).await.unwrap().account().await, fixture.target);
    }
}

pub async fn a_role_that_is_not_there_is_named(fixture: AccountFixture) {
    is_named(&fixture, "nobody").await;
}

pub async fn a_role_that_does_not_trust_the_deployer_is_named(fixture: AccountFixture) {
    is_named(&fixture, STRANGER).await;
}

/// A refusal that says which role it is, and whom it has to trust.
async fn is_named(fixture: &AccountFixture, name: &str) {
    let role = fixture.role(name);
    let (kind, code, told) = refusal(fixture.client.targets.assume(&role).await.map(drop));
    assert_eq!((kind, code.as_str()), (ErrorKind::AccessDenied, "AccessDenied"), "{told}");
    assert!(told.contains(&role.arn()) && told.contains(fixture.client.account.identity.account.as_str()), "{told}");
}
