//! Contract tests of `TargetObjects`.

use crate::fixture::{AccountFixture, refusal};
use bifrost::cloud::{Encryption, ErrorKind, PutNew};
use bifrost::lifecycle::{Proof, TargetObjects};
use bifrost::release::{BucketName, Sha256, TargetKey};
use std::sync::Arc;

const LIMIT_BYTES: u64 = 64;

/// The objects of the target account, as the deployer's role, and its bucket.
async fn open(fixture: &AccountFixture) -> (Arc<dyn TargetObjects>, BucketName) {
    let role = fixture.role(&fixture.client.account.identity.assumed_role());
    let ports = fixture.client.targets.assume(&role).await.unwrap();
    (ports.objects(), format!("theirs-{}", fixture.target).parse().unwrap())
}

fn key() -> TargetKey {
    "site/index v2.html".parse().unwrap()
}

pub async fn target_object_is_written_and_read(fixture: AccountFixture) {
    let ((objects, bucket), proof) = (open(&fixture).await, Proof::unchecked_for_tests());
    assert_eq!(objects.get(&bucket, &key(), LIMIT_BYTES).await.unwrap(), None);
    assert_eq!(objects.sha256(&bucket, &key()).await.unwrap(), None);
    assert!(!objects.exists(&bucket, &key()).await.unwrap());
    for body in [&b"first"[..], b"", b"last"] {
        objects.put(&proof, &bucket, &key(), body.to_vec(), Encryption::Bucket).await.unwrap();
        assert_eq!(objects.get(&bucket, &key(), LIMIT_BYTES).await.unwrap().unwrap().body, body);
        assert_eq!(objects.sha256(&bucket, &key()).await.unwrap(), Some(Sha256::of(body)));
        assert!(objects.exists(&bucket, &key()).await.unwrap());
    }
    let error = objects.get(&bucket, &key(), 3).await.unwrap_err();
    assert!(error.is_too_large() && error.resource == format!("{bucket}/{}", key()), "{error}");
}

pub async fn new_target_object_replaces_no_other(fixture: AccountFixture) {
    let ((objects, bucket), proof) = (open(&fixture).await, Proof::unchecked_for_tests());
    for (body, expected) in [(b"first", PutNew::Written), (b"other", PutNew::Exists)] {
        assert_eq!(objects.put_new(&proof, &bucket, &key(), body.to_vec()).await.unwrap(), expected);
        assert_eq!(objects.get(&bucket, &key(), LIMIT_BYTES).await.unwrap().unwrap().body, b"first");
    }
}

pub async fn target_object_is_deleted_and_deleted_again(fixture: AccountFixture) {
    let ((objects, bucket), proof) = (open(&fixture).await, Proof::unchecked_for_tests());
    objects.put(&proof, &bucket, &key(), b"old".to_vec(), Encryption::Bucket).await.unwrap();
    for _ in 0..2 {
        objects.delete(&proof, &bucket, &key()).await.unwrap();
        assert!(!objects.exists(&bucket, &key()).await.unwrap());
    }
}

pub async fn bucket_outside_of_the_target_account_is_refused(fixture: AccountFixture) {
    let ((objects, _), proof) = (open(&fixture).await, Proof::unchecked_for_tests());
    let cases = [
        (fixture.bucket(), (ErrorKind::AccessDenied, "AccessDenied")),
        ("nobodys-bucket".parse().unwrap(), (ErrorKind::NotFound, "NoSuchBucket")),
    ];
    for (bucket, expected) in cases {
        let refusals = [
            refusal(objects.get(&bucket, &key(), LIMIT_BYTES).await),
            refusal(objects.put(&proof, &bucket, &key(), Vec::new(), Encryption::Bucket).await),
            refusal(objects.put_new(&proof, &bucket, &key(), Vec::new()).await),
            refusal(objects.delete(&proof, &bucket, &key()).await),
        ];
        for (kind, code, message) in refusals {
            assert_eq!((kind, code.as_str()), expected, "{message}");
            assert!(message.contains(bucket.as_str()), "{message}");
            assert!(kind != ErrorKind::AccessDenied || message.contains(&fixture.target), "{message}");
        }
    }
}
