//! The report. How it looks is checked by eye: `REPORT=FILE cargo test … sample_report` writes one.

use super::fixture::{Fixture, act, at, attempt, identity, review, start, target};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bifrost_audit::reader::{Filter, Report, VerificationResult};
use bifrost_core::audit::{Claims, Event};
use bifrost_core::release::Sha256;
use serde_json::Value;

const EVIL: &str = "</script><script>alert(1)</script><!--\"'&\u{202e}\x1b[31m";

async fn log() -> Fixture {
    let log = Fixture::new();
    for day in 0..12 {
        let mut one = target(&format!("20261{:03}T1{day:02}5-{:06x}", 100 + day, day * 7919));
        one.subject.project_name =
            Some(["acme/web", "acme/api", "payments/ledger"][usize::try_from(day % 3).unwrap()].into());
        one.subject.config_name = Some(if day % 4 == 0 { "production".into() } else { "development".into() });
        one.claims.started_by =
            Some(["ada@example.com", "grace@example.com"][usize::try_from(day % 2).unwrap()].into());
        match day {
            3 | 8 => log.refused(&one, day * 86_400).await,
            5 => log.dirty(&one, day * 86_400).await,
            _ => log.success(&one, day * 86_400).await,
        }
    }
    let mut hostile = target("hostile");
    hostile.subject.project_name = Some(EVIL.into());
    hostile.subject.release_id = Some(EVIL.into());
    hostile.claims = Claims { started_by: Some(EVIL.into()), ..Claims::default() };
    log.records(&hostile, vec![vec![(12 * 86_400, start(&hostile)), (12 * 86_400, attempt(EVIL, Some((EVIL, EVIL))))]])
        .await;
    let ids = ["a", "b"].map(|digit| format!("20261201T090000Z-{}", digit.repeat(16)));
    log.person(&ids[0], 86_400, act("unlock", "ada", true)).await;
    log.person(&ids[1], 86_500, act("unlock", "grace", true)).await;
    log.person(&format!("{}-result", ids[0]), 86_401, Event::ActResult { act: ids[0].clone(), done: true, code: None })
        .await;
    log.person("20261202T090000Z-0000000000000000", 2 * 86_400, review(&ids[0], "grace", true)).await;
    log
}

async fn html(log: &Fixture, verification: Option<&VerificationResult>) -> String {
    let index = log.index().await;
    let deploys = index.deploys(&Filter::default()).unwrap();
    let mut stories = Vec::new();
    for deploy in &deploys {
        stories.push(log.story(&deploy.records).await);
    }
    let report = Report {
        origin: index.origin(),
        size: index.size(),
        root: &index.root(),
        since: Some(at(-43_200)),
        until: Some(at(19 * 86_400)),
        filters: &["account 111111111111".into()],
        made: at(20 * 86_400),
        verification,
        deploys: &deploys,
        has_timelines: true,
        acts: &index.acts(&Filter::default()).unwrap(),
        open_acts: &index.open_acts().unwrap(),
        notices: &index.notices().unwrap(),
    };
    report.html(&stories)
}

fn intact() -> VerificationResult {
    VerificationResult {
        is_intact: true,
        findings: Vec::new(),
        warnings: Vec::new(),
        limits: Vec::new(),
        holds: vec![
            "signature of the checkpoint".into(),
            "root of 30 entries".into(),
            "chains of 13 executions".into(),
        ],
    }
}

#[tokio::test]
async fn sample_report() {
    let html = html(&log().await, Some(&intact())).await;
    if let Some(file) = std::env::var_os("REPORT") {
        std::fs::write(file, &html).unwrap();
    }
    assert!(html.contains("Verified.") && html.contains("payments/ledger"));
}

/// What is between two marks.
fn between<'h>(html: &'h str, open: &str, close: &str) -> &'h str {
    html.split_once(open).unwrap().1.split_once(close).unwrap().0
}

#[tokio::test]
async fn data_is_never_markup() {
    let html = html(&log().await, Some(&VerificationResult { findings: vec![EVIL.into()], ..intact() })).await;
    assert_eq!(html.matches("<script").count(), 2);
    assert_eq!(html.matches("</script").count(), 2);
    assert!(!html.contains("<!--") && !html.contains("alert(1)</"));
    assert!(!html.chars().any(|c| c != '\n' && bifrost_core::strip_control::is_control(c)));
    let data: Value = serde_json::from_str(between(&html, "id=\"data\">", "</script>")).unwrap();
    assert_eq!(data[0]["project_name"].as_str(), Some(&*bifrost_core::audit::safe_text(EVIL)));
}

#[tokio::test]
async fn nothing_is_loaded_and_only_our_script_runs() {
    let html = html(&log().await, None).await;
    for part in ["http:", "https:", "src=", "url(", "@import", "<link", "<img", "<iframe", "onclick"] {
        assert!(!html.contains(part), "{part}");
    }
    let policy = between(&html, "Content-Security-Policy\" content=\"", "\"");
    assert!(policy.starts_with("default-src &#39;none&#39;"), "{policy}");
    for content in [between(&html, "<style>", "</style>"), between(&html, "</script>\n<script>", "</script>")] {
        let hash = BASE64_STANDARD.encode(Sha256::of(content.as_bytes()).as_bytes());
        assert!(policy.contains(&hash), "{policy}");
    }
}

#[tokio::test]
async fn every_deploy_has_a_row_and_a_time_line() {
    let html = html(&log().await, None).await;
    let rows = between(&html, "<tbody>", "</tbody>");
    let links: Vec<&str> = rows.split("href=\"#").skip(1).map(|rest| rest.split_once('"').unwrap().0).collect();
    assert_eq!(links.len(), 13);
    for link in links {
        assert_eq!(html.matches(&format!("id=\"{link}\"")).count(), 1, "{link}");
    }
    assert!(html.contains("Not verified.") && html.contains(&identity("grace")));
}

#[tokio::test]
async fn warnings_and_limits_are_beside_the_verdict() {
    let noted =
        VerificationResult { warnings: vec!["entry 7 is late".into()], limits: vec!["no versions".into()], ..intact() };
    let html = html(&log().await, Some(&noted)).await;
    assert!(html.contains("Verified: no error, 1 warning.") && !html.contains("Nothing in the log is altered"));
    assert!(html.contains("<li>entry 7 is late</li>") && html.contains("What was not checked:"));
}

#[tokio::test]
async fn uncommitted_records_are_named_in_the_time_line() {
    let log = Fixture::new();
    log.uncommitted_success(&target("1"), 0).await;
    let html = html(&log, None).await;
    assert!(html.contains("they prove nothing yet") && html.contains("[not committed] Execution ended: Success"));
}

#[tokio::test]
async fn failed_verification_is_first() {
    let failed =
        VerificationResult { is_intact: false, findings: vec!["entry 7 was altered".into()], ..Default::default() };
    let html = html(&log().await, Some(&failed)).await;
    let place = |text: &str| html.find(text).unwrap_or_else(|| panic!("{text}"));
    assert!(place("Verification failed.") < place("entry 7 was altered"));
    assert!(place("entry 7 was altered") < place("<table"));
}

#[tokio::test]
async fn empty_log_has_a_report() {
    let html = html(&Fixture::new(), None).await;
    assert!(html.contains("Empty log") && html.contains("no deploys in this range") && html.ends_with("</html>\n"));
}
