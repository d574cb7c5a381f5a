#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use super::*;
use crate::client::presign;
use crate::{CallScope, deployer_account, sdk_config};
use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use bifrost_audit::key::LocalKey;
use bifrost_audit::log::TiledLog;
use bifrost_audit::memory::MemoryStore;
use bifrost_core::account::{Env, Identity};
use bifrost_core::audit::{
    Audit, AuditMode, AuditPorts, DeployerVersion, Draft, Event, Record, SCHEMA, Subject, read_act,
};
use bifrost_core::cloud::{AuditStore as _, Principal};
use bifrost_core::people::{Act, ActProof, ActRequest};
use bifrost_core::release::Sha256;
use bifrost_moto::Moto;
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use std::sync::Mutex;
use uuid::Uuid;

const BOB: &str = "arn:aws:sts::000000000000:assumed-role/Operate/bob@example.com";
const SECRET: &str = "wJalrXUtnFEMI";
const ACT: &str = "20260301T120000Z-0123456789abcdef";

fn now() -> DateTime<Utc> {
    "2026-03-01T12:30:00Z".parse().unwrap()
}

struct Fixed;

impl Env for Fixed {
    fn now(&self) -> DateTime<Utc> {
        now()
    }

    fn new_uuid(&self) -> Uuid {
        Uuid::from_u128(7)
    }
}

/// STS, as far as it checks the signature of a presigned request. It remembers the hosts that it was asked at.
#[derive(Debug, Clone)]
struct FakeSts {
    arn: &'static str,
    asked: Arc<Mutex<Vec<String>>>,
}

impl HttpConnector for FakeSts {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        self.asked.lock().unwrap().push(request.uri().to_owned());
        let (status, body) = if is_signed(&request) {
            let result = format!("<GetCallerIdentityResult><Arn>{}</Arn></GetCallerIdentityResult>", self.arn);
            (
                200,
                format!(
                    "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">{result}</GetCallerIdentityResponse>"
                ),
            )
        } else {
            let error = "<Error><Type>Sender</Type><Code>SignatureDoesNotMatch</Code><Message>no</Message></Error>";
            (403, format!("<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">{error}</ErrorResponse>"))
        };
        HttpConnectorFuture::ready(Ok(HttpResponse::new(status.try_into().unwrap(), body.into())))
    }
}

/// Signs the request again, with all that it has besides the signature.
fn is_signed(request: &HttpRequest) -> bool {
    let (endpoint, query) = request.uri().split_once("/?").unwrap();
    let (mut own, mut signature, mut date, mut expires, mut token) = (Vec::new(), None, None, None, None);
    for parameter in query.split('&') {
        let (name, value) = parameter.split_once('=').unwrap();
        match name {
            "X-Amz-Signature" => signature = Some(value),
            "X-Amz-Date" => date = Some(value),
            "X-Amz-Expires" => expires = Some(value),
            "X-Amz-Security-Token" => token = Some(value.replace("%2F", "/").replace("%2B", "+").replace("%3D", "=")),
            name if name.starts_with("X-Amz-") => {}
            _ => own.push(parameter),
        }
    }
    let date = NaiveDateTime::parse_from_str(date.unwrap(), "%Y%m%dT%H%M%SZ").unwrap().and_utc();
    let mut settings = SigningSettings::default();
    settings.signature_location = SignatureLocation::QueryParams;
    settings.expires_in = Some(Duration::from_secs(expires.unwrap().parse().unwrap()));
    let identity = Credentials::new("AKIAEXAMPLE", SECRET, token, None, "test").into();
    let parameters = SigningParams::builder()
        .identity(&identity)
        .region("us-east-1")
        .name("sts")
        .time(date.into())
        .settings(settings)
        .build()
        .unwrap()
        .into();
    let uri = format!("{endpoint}/?{}", own.join("&"));
    let headers = request.headers().iter().filter(|(name, _)| name.starts_with("x-bifrost"));
    let signable = SignableRequest::new(request.method(), uri, headers, SignableBody::Bytes(&[])).unwrap();
    let (_, expected) = sign(signable, &parameters).unwrap().into_parts();
    signature == Some(expected.as_str())
}

/// The function, its log, which has a break-glass act of Ada, and where STS was asked.
struct Fixture {
    function: AuditFunction,
    store: Arc<MemoryStore>,
    asked: Arc<Mutex<Vec<String>>>,
}

async fn fixture(arn: &'static str) -> Fixture {
    let identity = Arc::new(identity("coinbase-odin"));
    let asked = Arc::<Mutex<Vec<String>>>::default();
    let sts = FakeSts { arn, asked: Arc::clone(&asked) };
    let client = http_client_fn(move |_, _| SharedHttpConnector::new(sts.clone()));
    let config = sdk_config(credentials(Some("own")), &identity.region, None);
    let config = config.to_builder().http_client(client).build();
    let scope = Arc::new(CallScope::default());
    let session =
        AwsSession::new(&config, scope, Principal::Deployer, identity.account.clone(), identity.region.clone());
    let store = Arc::new(MemoryStore::default());
    let key = LocalKey::generate(&identity.audit_origin(), [1; 32]);
    let log = TiledLog::new(Arc::clone(&store) as _, Arc::new(key), identity.audit_origin());
    let deployer = DeployerVersion { name: identity.name.clone(), ..DeployerVersion::default() };
    let ports = AuditPorts { store: Arc::clone(&store) as _, log: Arc::new(log) };
    let audit = Audit { mode: AuditMode::Required, ports: Some(ports), ..Audit::off(deployer.clone()) };
    let event = Event::Act {
        action: "forced-unlock".into(),
        identity: BOB.replace("bob", "ada"),
        confirmed: true,
        reason: None,
        ticket: None,
        break_glass: true,
        request_id: None,
    };
    let draft = Draft { time: now(), deployer, subject: Subject::default(), event };
    let record = Record { schema: SCHEMA, number: 1, previous: None, draft };
    store.put_new(&format!("records/_people/{ACT}"), serde_json::to_vec(&record).unwrap()).await.unwrap();
    let defaults = identity.defaults(600).unwrap();
    let mut account = deployer_account(&session, Arc::clone(&identity), defaults, audit);
    account.env = Arc::new(Fixed);
    let function = AuditFunction {
        executions: Arc::new(crate::executions::SfnExecutions::new(session.clone(), identity)),
        account,
        states: FailStates { clean: "FailureClean".into(), dirty: "FailureDirty".into() },
        task_limit: TimeDelta::seconds(310),
        session,
        request_id: "invocation-1".into(),
        deadline: Instant::now() + Duration::from_mins(5),
    };
    Fixture { function, store, asked }
}

fn identity(name: &str) -> Identity {
    Identity { name: name.into(), account: "000000000000".parse().unwrap(), region: "us-east-1".parse().unwrap() }
}

fn credentials(token: Option<&str>) -> Credentials {
    Credentials::new("AKIAEXAMPLE", SECRET, token.map(ToOwned::to_owned), None, "test")
}

const ENDPOINT: &str = "https://sts.us-east-1.amazonaws.com";

fn review() -> String {
    let act = Act::Review { act: ACT.into(), note: "the deploy hung".into() };
    serde_json::to_string(&ActRequest { act, reason: None, ticket: None, nonce: Uuid::from_u128(1) }).unwrap()
}

fn signed_for(endpoint: &str, deployer: &str, at: DateTime<Utc>) -> SignedAct {
    let request = review();
    let token = Some("a+token/with=signs");
    let proof = presign(credentials(token), (endpoint, &identity(deployer)), &request, at).unwrap();
    SignedAct { request, proof }
}

fn signed(at: DateTime<Utc>) -> SignedAct {
    signed_for(ENDPOINT, "coinbase-odin", at)
}

/// The code with which the function refuses an act. Nothing was recorded.
async fn refused(fixture: &Fixture, act: SignedAct) -> String {
    let before = fixture.store.state();
    let answer = fixture.function.handle(AuditEvent::Act(act)).await.unwrap();
    assert_eq!(fixture.store.state(), before);
    answer["refused"]["code"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

#[tokio::test]
async fn signer_is_recorded_as_sts_says() {
    let fixture = fixture(BOB).await;
    let act = signed(now() - TimeDelta::minutes(1));
    let answer = fixture.function.handle(AuditEvent::Act(act.clone())).await.unwrap();
    let id = answer["done"]["id"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
    assert!(id.starts_with("20260301T122900Z-"), "{id}");
    let record = read_act(fixture.store.as_ref(), &format!("records/_people/{id}")).await.unwrap().unwrap();
    let Event::Review { act: reviewed, identity, confirmed, request_id, .. } = record.draft.event else { panic!() };
    assert_eq!((reviewed.as_str(), identity.as_str(), confirmed), (ACT, BOB, true));
    assert_eq!(request_id.as_deref(), Some("invocation-1"));
    let asked = fixture.asked.lock().unwrap().clone();
    assert!(
        matches!(asked.as_slice(), [uri] if uri.starts_with("https://sts.us-east-1.amazonaws.com/?Action=GetCallerIdentity&"))
    );
    // Once more, as somebody could who saw it.
    let again = AuditFunction { request_id: "invocation-2".into(), ..fixture.function };
    let answer = again.handle(AuditEvent::Act(act)).await.unwrap();
    assert!(["act/reviewed", "act/repeated"].contains(&answer["refused"]["code"].as_str().unwrap()), "{answer}");
}

#[tokio::test]
async fn changed_request_is_refused() {
    let fixture = fixture(BOB).await;
    let edited = SignedAct { request: review().replace("hung", "was fine"), ..signed(now()) };
    assert_eq!(refused(&fixture, edited).await, "act/identity");
    for deployer in ["coinbase-fenrir", "acme-odin"] {
        assert_eq!(refused(&fixture, signed_for(ENDPOINT, deployer, now())).await, "act/identity", "{deployer}");
    }
    // Signed for a host that somebody else answers at. The function asks STS all the same.
    assert_eq!(refused(&fixture, signed_for("https://evil.example", "coinbase-odin", now())).await, "act/identity");
    assert!(fixture.asked.lock().unwrap().iter().all(|uri| uri.starts_with(ENDPOINT)));
}

#[tokio::test]
async fn proof_of_another_form_or_time_is_refused_without_asking() {
    let fixture = fixture(BOB).await;
    let with = |change: fn(&mut ActProof)| {
        let mut act = signed(now());
        change(&mut act.proof);
        act
    };
    let acts = [
        signed(now() - TimeDelta::seconds(301)),
        signed(now() + TimeDelta::seconds(121)),
        with(|proof| proof.signature = proof.signature.to_uppercase()),
        with(|proof| proof.signature.push('0')),
        with(|proof| proof.access_key = "AKIA&Action=AssumeRole".into()),
        with(|proof| proof.access_key = String::new()),
        with(|proof| proof.date = "2026-03-01T12:30:00Z".into()),
        with(|proof| proof.session_token = Some("a b".into())),
    ];
    for act in acts {
        assert_eq!(refused(&fixture, act.clone()).await, "act/identity", "{act:?}");
    }
    assert!(fixture.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn signature_of_something_else_is_refused() {
    let fixture = fixture(BOB).await;
    let changes: [fn(&mut ActProof); 4] = [
        |proof| proof.date = "20260301T122959Z".into(),
        |proof| proof.session_token = None,
        |proof| proof.session_token = Some("another".into()),
        |proof| proof.signature = "0".repeat(64),
    ];
    for change in changes {
        let mut act = signed(now());
        change(&mut act.proof);
        assert_eq!(refused(&fixture, act.clone()).await, "act/identity", "{act:?}");
    }
    assert_eq!(fixture.asked.lock().unwrap().len(), 4);
}

#[tokio::test]
async fn identity_of_another_account_or_form_is_refused() {
    for arn in [
        "arn:aws:sts::111111111111:assumed-role/Operate/bob@example.com",
        "arn:aws:iam::000000000000:role/Operate",
        "bob",
    ] {
        assert_eq!(refused(&fixture(arn).await, signed(now())).await, "act/identity", "{arn}");
    }
}

#[tokio::test]
async fn malformed_act_of_a_proved_person_is_refused() {
    let fixture = fixture(BOB).await;
    for request in ["", "{}", "{\"act\": {\"freeze\": {}}}", "[1]"] {
        let proof = presign(credentials(None), (ENDPOINT, &identity("coinbase-odin")), request, now()).unwrap();
        assert_eq!(refused(&fixture, SignedAct { request: request.into(), proof }).await, "act/malformed", "{request}");
    }
}

#[test]
fn same_request_has_the_same_hash() {
    let (region, act) = ("us-east-1".parse().unwrap(), signed(now()));
    let binding = binding(&identity("coinbase-odin"), &act.request);
    let hash = |proof: &ActProof, at| check(proof, (ENDPOINT, &region), &binding, at).unwrap().sha256;
    let first: Sha256 = hash(&act.proof, now());
    assert_eq!(hash(&act.proof, now() + TimeDelta::minutes(5)), first);
    assert_ne!(hash(&signed(now() - TimeDelta::seconds(1)).proof, now()), first);
}

/// `botocore.auth.SigV4QueryAuth` made this URL, with the same credentials and time.
#[test]
fn presigned_request_equals_that_of_botocore() {
    let (identity, request) = (identity("coinbase-odin"), "{\"act\": 1}");
    let proof = presign(credentials(Some("a+token/with=signs")), (ENDPOINT, &identity), request, now()).unwrap();
    let binding = binding(&identity, request);
    let checked = check(&proof, (ENDPOINT, &identity.region), &binding, now()).unwrap();
    assert_eq!(
        checked.uri,
        "https://sts.us-east-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256\
         &X-Amz-Credential=AKIAEXAMPLE%2F20260301%2Fus-east-1%2Fsts%2Faws4_request&X-Amz-Date=20260301T123000Z\
         &X-Amz-Expires=300&X-Amz-SignedHeaders=host%3Bx-bifrost-act&X-Amz-Security-Token=a%2Btoken%2Fwith%3Dsigns\
         &X-Amz-Signature=d273ae9fc63960c68b1034ca3afafd1d40724d18166e2eaba675256cd6d8c8f8"
    );
}

/// moto does not check signatures, so this shows only that the request has the form that STS reads.
#[tokio::test]
async fn emulated_sts_reads_the_request() {
    let Some(moto) = Moto::start() else { return };
    let environment = moto.environment("000000000000");
    let variable = |name: &str| environment.iter().find(|(found, _)| found == name).unwrap().1.clone();
    let (endpoint, key, secret) =
        (variable("AWS_ENDPOINT_URL"), variable("AWS_ACCESS_KEY_ID"), variable("AWS_SECRET_ACCESS_KEY"));
    let mut fixture = fixture(BOB).await;
    let identity = identity("coinbase-odin");
    let config = sdk_config(credentials(None), &identity.region, Some(endpoint.clone()));
    let scope = Arc::new(CallScope::default());
    let (account, region) = (identity.account.clone(), identity.region.clone());
    fixture.function.session = AwsSession::new(&config, scope, Principal::Deployer, account, region);
    let request = review();
    let proof = presign(Credentials::new(key, secret, None, None, "test"), (&endpoint, &identity), &request, now());
    let caller = fixture.function.caller(&SignedAct { request, proof: proof.unwrap() }).await.unwrap();
    assert!(caller.identity.starts_with("arn:aws:iam::000000000000:user/"), "{}", caller.identity);
    let calls = moto.calls();
    assert!(calls.iter().any(|call| call.action == "GetCallerIdentity" && call.service == "sts"), "{calls:#?}");
}
