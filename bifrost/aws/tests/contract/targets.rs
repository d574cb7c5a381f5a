//! What the way into target accounts promises.

use crate::place::{Place, STRANGER, refusal};
use bifrost::cloud::ErrorKind;

pub async fn a_role_opens_ports_in_its_account(place: Place) {
    let role = place.role(&place.client.account.identity.assumed_role());
    for _ in 0..2 {
        assert_eq!(place.client.targets.assume(&role).await.unwrap().account().await, place.target);
    }
}

pub async fn a_role_that_is_not_there_is_named(place: Place) {
    is_named(&place, "nobody").await;
}

pub async fn a_role_that_does_not_trust_the_deployer_is_named(place: Place) {
    is_named(&place, STRANGER).await;
}

/// A refusal that says which role it is, and whom it has to trust.
async fn is_named(place: &Place, name: &str) {
    let role = place.role(name);
    let (kind, code, told) = refusal(place.client.targets.assume(&role).await.map(drop));
    assert_eq!((kind, code.as_str()), (ErrorKind::AccessDenied, "AccessDenied"), "{told}");
    assert!(told.contains(&role.arn()) && told.contains(place.client.account.identity.account.as_str()), "{told}");
}
