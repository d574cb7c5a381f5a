//! Contract tests of `Objects`.

use crate::fixture::{AccountFixture, refusal, release_dir, root_dir};
use bifrost::cloud::{Encryption, ErrorKind, PutNew};
use bifrost::error_code::Coded;
use bifrost::release::BucketName;
use chrono::TimeDelta;
use futures_util::future::join_all;

const LIMIT_BYTES: u64 = 64;

pub async fn object_above_the_limit_is_refused(fixture: AccountFixture) {
    let (objects, bucket, key) = (&fixture.client.account.objects, fixture.bucket(), release_dir().release());
    for (size, limit, fits) in [(0, 0, true), (5, 5, true), (6, 5, false), (1, 0, false), (3_000_000, 1024, false)] {
        objects.put(&bucket, &key, vec![b'x'; size], Encryption::Bucket).await.unwrap();
        match objects.get(&bucket, &key, limit).await {
            Ok(object) => assert!(fits && object.unwrap().body.len() == size, "{size}"),
            Err(error) => {
                assert!(!fits && error.is_too_large(), "{error}");
                assert_eq!((error.kind, error.code()), (ErrorKind::Invalid, "aws/object-too-large"));
                assert!(
                    error.message.contains(&size.to_string()) && error.message.contains(&limit.to_string()),
                    "{error}"
                );
            }
        }
    }
}

pub async fn object_is_read_as_written(fixture: AccountFixture) {
    let (objects, bucket, key) = (&fixture.client.account.objects, fixture.bucket(), release_dir().release());
    assert_eq!(objects.get(&bucket, &key, LIMIT_BYTES).await.unwrap(), None);
    assert!(!objects.exists(&bucket, &key).await.unwrap());
    for body in [&b"first"[..], b"", &[0, 159, 146, 150]] {
        objects.put(&bucket, &key, body.to_vec(), Encryption::Bucket).await.unwrap();
        let object = objects.get(&bucket, &key, LIMIT_BYTES).await.unwrap().unwrap();
        assert_eq!(object.body, body);
        let age = fixture.client.account.env.now() - object.last_modified;
        assert!(age.abs() < TimeDelta::minutes(1), "{}", object.last_modified);
        assert!(objects.exists(&bucket, &key).await.unwrap());
    }
}

pub async fn one_of_ten_new_objects_is_written(fixture: AccountFixture) {
    let (objects, bucket, key) = (&fixture.client.account.objects, fixture.bucket(), release_dir().lock());
    let puts = (0..10).map(|n| objects.put_new(&bucket, &key, vec![n]));
    let answers: Vec<PutNew> = join_all(puts).await.into_iter().map(Result::unwrap).collect();
    let wrote = answers.iter().position(|answer| *answer == PutNew::Written).unwrap();
    assert_eq!(answers.iter().filter(|answer| **answer == PutNew::Exists).count(), 9);
    let object = objects.get(&bucket, &key, LIMIT_BYTES).await.unwrap().unwrap();
    assert_eq!(object.body.iter().map(|n| usize::from(*n)).collect::<Vec<_>>(), [wrote]);
}

pub async fn object_is_deleted_and_deleted_again(fixture: AccountFixture) {
    let (objects, bucket, key) = (&fixture.client.account.objects, fixture.bucket(), root_dir("development").halt());
    objects.put(&bucket, &key, b"stop".to_vec(), Encryption::Bucket).await.unwrap();
    for _ in 0..2 {
        objects.delete(&bucket, &key).await.unwrap();
        assert_eq!(objects.get(&bucket, &key, LIMIT_BYTES).await.unwrap(), None);
    }
    assert_eq!(objects.put_new(&bucket, &key, b"new".to_vec()).await.unwrap(), PutNew::Written);
}

pub async fn object_is_encrypted_with_a_key(fixture: AccountFixture) {
    let (objects, bucket, key) = (&fixture.client.account.objects, fixture.bucket(), release_dir().file("userdata"));
    let encryption = Encryption::Kms("alias/aws/s3".into());
    objects.put(&bucket, &key, b"#!/bin/sh".to_vec(), encryption).await.unwrap();
    assert_eq!(objects.get(&bucket, &key, LIMIT_BYTES).await.unwrap().unwrap().body, b"#!/bin/sh");
}

pub async fn missing_bucket_is_named(fixture: AccountFixture) {
    for (kind, code, message) in refused(&fixture, "nobodys-bucket").await {
        assert_eq!((kind, code.as_str()), (ErrorKind::NotFound, "NoSuchBucket"), "{message}");
        assert!(message.contains("nobodys-bucket"), "{message}");
    }
}

pub async fn bucket_of_another_account_is_refused(fixture: AccountFixture) {
    let theirs = format!("theirs-{}", fixture.target);
    for (kind, code, message) in refused(&fixture, &theirs).await {
        assert_eq!((kind, code.as_str()), (ErrorKind::AccessDenied, "AccessDenied"), "{message}");
        assert!(
            message.contains(&theirs) && message.contains(fixture.client.account.identity.account.as_str()),
            "{message}"
        );
    }
}

/// The error of each call.
async fn refused(fixture: &AccountFixture, bucket: &str) -> [(ErrorKind, String, String); 4] {
    let (objects, key) = (&fixture.client.account.objects, release_dir().release());
    let bucket: BucketName = bucket.parse().unwrap();
    [
        refusal(objects.get(&bucket, &key, LIMIT_BYTES).await),
        refusal(objects.put(&bucket, &key, Vec::new(), Encryption::Bucket).await),
        refusal(objects.put_new(&bucket, &key, Vec::new()).await),
        refusal(objects.delete(&bucket, &key).await),
    ]
}
